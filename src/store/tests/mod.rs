//! The store against the roster, and its file.

mod answers;
mod file;

use tempfile::TempDir;

use super::{CommitOutcome, LastVisitUpdate, Position, Store};
use crate::roster::tests::story::*;
use crate::time::moment::Moment;
use crate::zoom::Event;

/// A moment at which every event has come.
const LATE: &str = "999 00:00";

/// Commits what `store` took in.
#[track_caller]
fn commit(store: &mut Store, last_visits: LastVisitUpdate) {
    let position = Position { last_id: store.position().last_id + 1, ..Position::default() };
    assert_eq!(store.commit(&position, last_visits).expect("it is written"), CommitOutcome::Done);
}

#[track_caller]
fn take_in(store: &mut Store, event: &Event, now: Moment) {
    store.take_in(1, &event.clone().into(), now).expect("it is read");
}

/// A store in a directory of its own.
fn on_disk() -> (TempDir, Store) {
    let directory = TempDir::new().expect("a directory");
    let store = Store::open(&directory.path().join("store")).expect("it opens");
    (directory, store)
}
