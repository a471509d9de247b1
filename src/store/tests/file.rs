//! What is on disk: other processes, pieces, versions, damage, copies.

use super::*;
use crate::roster::Rules;
use crate::store::{OtherVersion, is_unusable};
use crate::zoom::Kind;

#[test]
fn who_finds_the_store_written_by_another_begins_anew_with_what_is_there() {
    let (directory, mut ours) = on_disk();
    let mut theirs = Store::open(&directory.path().join("store")).expect("it opens");
    take_in(&mut ours, &join("10:00"), clock(LATE));
    take_in(&mut theirs, &join("10:00"), clock(LATE));
    commit(&mut theirs, LastVisitUpdate::Now);
    let position = Position::default();
    let outcome = ours.commit(&position, LastVisitUpdate::Now).expect("it is read");
    assert_eq!(outcome, CommitOutcome::Conflict, "what was taken in may be there by now");
    assert_eq!(ours.position(), theirs.position());
    take_in(&mut ours, &leave("10:30"), clock(LATE));
    commit(&mut ours, LastVisitUpdate::Now);
    assert!(theirs.refresh().expect("it is read"), "it is noticed");
    for store in [&mut ours, &mut theirs] {
        let presence = store.presence(&rules(), clock("11:00")).expect("it is read");
        let expected = "Ada out, joined 10:00, left 10:30: 10:00-10:30";
        assert_eq!(summary(&presence.people), expected);
    }
}

#[test]
fn a_large_meeting_is_written_in_pieces() {
    let (directory, mut store) = on_disk();
    let person = |event: Event, n: u32| {
        event.leg(&n.to_string()).connection(&format!("c{n}")).name(&format!("Person {n}"))
    };
    let mut events = Vec::new();
    for n in 0..2_000 {
        events.push(person(join("10:00"), n));
        if n % 3 == 0 {
            events.push(person(leave("10:30"), n));
        }
    }
    for (n, event) in events.iter().enumerate() {
        take_in(&mut store, event, clock(LATE));
        if n % 700 == 0 {
            commit(&mut store, LastVisitUpdate::Now);
        }
    }
    commit(&mut store, LastVisitUpdate::Now);
    let chunks = |table: &str| -> i64 {
        let query = format!("SELECT count(*) FROM {table}");
        store.db.query_row(&query, [], |row| row.get(0)).expect("it is read")
    };
    assert!(chunks("facts") > 5 && chunks("sessions") > 5, "it takes several");
    drop(store);
    let mut store = Store::open(&directory.path().join("store")).expect("it opens");
    let expected = roster(&events).presence(&rules(), clock("11:00"));
    assert_eq!(store.presence(&rules(), clock("11:00")).expect("it is read"), expected);
    let last = person(leave("10:59"), 1_999);
    take_in(&mut store, &last, clock(LATE));
    commit(&mut store, LastVisitUpdate::Now);
    let expected = roster(events.iter().chain([&last])).presence(&rules(), clock("11:00"));
    assert_eq!(store.presence(&rules(), clock("11:00")).expect("it is read"), expected);
}

#[test]
fn a_store_of_an_earlier_version_gets_room_for_waits_and_reads_all_again() {
    let (directory, mut store) = on_disk();
    take_in(&mut store, &join("10:00"), clock(LATE));
    commit(&mut store, LastVisitUpdate::Now);
    let earlier = "DROP TABLE waiting; UPDATE store SET understood = 1; PRAGMA user_version = 1";
    store.db.execute_batch(earlier).expect("written");
    drop(store);
    let mut store = Store::open(&directory.path().join("store")).expect("it opens");
    assert_eq!(store.position().reread, Some(0));
    take_in(&mut store, &about_ada(Kind::WaitStarted, "10:30"), clock(LATE));
    commit(&mut store, LastVisitUpdate::Now);
    store.reload().expect("it is read");
    let presence = store.presence(&rules(), clock("11:00")).expect("it is read");
    assert_eq!(presence.waiting.count(), 1);
    drop(store);
    Store::open(&directory.path().join("store")).expect("it opens again");
}

#[test]
fn a_store_of_a_later_version_is_not_used() {
    let (directory, store) = on_disk();
    store.db.execute_batch("PRAGMA user_version = 3").expect("written");
    drop(store);
    let error = Store::open(&directory.path().join("store")).expect_err("it is of another version");
    assert!(is_unusable(&error) && error.is::<OtherVersion>(), "{error:#}");
}

#[test]
fn a_wait_of_somebody_whom_the_store_does_not_name_is_damage() {
    let (_other, mut two) = on_disk();
    take_in(&mut two, &join("09:00").name("Bob"), clock(LATE));
    take_in(
        &mut two,
        &about_ada(Kind::WaitStarted, "09:30").leg("8").connection("c8"),
        clock(LATE),
    );
    commit(&mut two, LastVisitUpdate::Now);
    let row: Vec<u8> =
        two.db.query_row("SELECT of FROM waiting", [], |row| row.get(0)).expect("she waits");
    let (directory, mut one) = on_disk();
    take_in(&mut one, &join("10:00"), clock(LATE));
    commit(&mut one, LastVisitUpdate::Now);
    let insert = "INSERT INTO waiting (meeting, of) VALUES (1, ?1)";
    one.db.execute(insert, [&row]).expect("written");
    drop(one);
    let error = Store::open(&directory.path().join("store")).expect_err("it is damaged");
    assert!(is_unusable(&error), "{error:#}");
}

#[test]
fn damage_is_never_believed() {
    let (directory, mut store) = on_disk();
    take_in(&mut store, &join("10:00"), clock(LATE));
    commit(&mut store, LastVisitUpdate::Now);
    for table in [
        "facts SET events = substr(events, 1, 8) || x'00' || substr(events, 10)",
        "sessions SET of = substr(of, 1, 4) || x'00' || substr(of, 6)",
    ] {
        store.db.execute(&format!("UPDATE {table}"), []).expect("written");
    }
    drop(store);
    let mut store = Store::open(&directory.path().join("store")).expect("it opens");
    assert!(store.presence(&Rules::default(), clock("11:00")).is_err());
    assert!(store.take_in(1, &leave("10:30").into(), clock(LATE)).is_err());
}

#[test]
fn what_does_not_follow_from_the_facts_is_found() {
    let (_directory, mut store) = on_disk();
    take_in(&mut store, &join("10:00"), clock(LATE));
    commit(&mut store, LastVisitUpdate::Now);
    assert_eq!(store.verify().expect("it is read"), None);
    let sessions: Vec<u8> =
        store.db.query_row("SELECT of FROM sessions", [], |row| row.get(0)).expect("it is there");
    take_in(&mut store, &leave("10:30"), clock(LATE));
    commit(&mut store, LastVisitUpdate::Now);
    assert_eq!(store.verify().expect("it is read"), None);
    store.db.execute("UPDATE sessions SET of = ?1", [sessions]).expect("written");
    let fault = store.verify().expect("it is read").expect("it is noticed");
    assert_eq!(fault, "the sessions of the meeting `m1` do not follow from its events");

    let (_directory, mut store) = on_disk();
    take_in(&mut store, &about_ada(Kind::WaitStarted, "10:00"), clock(LATE));
    commit(&mut store, LastVisitUpdate::Now);
    assert_eq!(store.verify().expect("it is read"), None);
    store.db.execute("DELETE FROM waiting", []).expect("written");
    let fault = store.verify().expect("it is read").expect("it is noticed");
    assert_eq!(fault, "the sessions of the meeting `m1` do not follow from its events");
}

#[test]
fn a_copy_is_the_store_of_another_journal() {
    let (directory, mut store) = on_disk();
    take_in(&mut store, &join("10:00"), clock(LATE));
    commit(&mut store, LastVisitUpdate::Now);
    let place = directory.path().join("copy");
    store.back_up_to(&place, "another").expect("it is written");
    let files: Vec<_> = std::fs::read_dir(directory.path()).expect("readable").collect();
    let mut copy = Store::open(&place).expect("it opens");
    assert_eq!(copy.position().journal, "another");
    let now = clock("11:00");
    let found = copy.presence(&rules(), now).expect("it is read");
    assert_eq!(found, store.presence(&rules(), now).expect("it is read"));
    let copies = files
        .iter()
        .flatten()
        .filter(|file| file.file_name().to_string_lossy().starts_with("copy"));
    assert_eq!(copies.count(), 1, "it is one file");
}
