//! The archive: whether it can be used, and what it contains.

use tokio::runtime::Builder;

use super::{Context, Finding};
use crate::archive::{Archive, Status, status};
use crate::time::moment::Moment;

/// How far apart the clocks may be. With more, late documents are found only by counting.
const SKEW_S: i64 = 5;

/// Checks the archive, if there is one.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let Some(settings) = &context.settings.archive else { return Vec::new() };
    let runtime = match Builder::new_multi_thread().worker_threads(1).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return vec![Finding::problem("archive", format!("cannot be examined: {error}"))];
        }
    };
    let archive = Archive::new(settings, runtime.handle().clone());
    match runtime.block_on(status(&archive)) {
        Ok(status) => {
            let place = format!("{}.{}", settings.database, settings.collection);
            lines(&status, archive.address(), &place, context.now)
        }
        Err(error) => {
            let mut text = format!("{error:#}");
            // An error that names this key already says what to do.
            if !text.contains("`archive.url`") {
                text += "; start MongoDB, or correct `archive.url`";
            }
            vec![Finding::problem("archive", text)]
        }
    }
}

fn lines(status: &Status, address: &str, place: &str, now: Moment) -> Vec<Finding> {
    let set = match &status.replica_set {
        Some((name, members)) => format!("replica set {name} of {members}"),
        None => "one server, so its disk has the only copy".to_owned(),
    };
    let reached = format!("{address}, MongoDB {}, {set}", status.version);
    let mut lines = vec![Finding::ok("archive", reached)];
    if !status.forbidden.is_empty() {
        let actions = status.forbidden.join("`, `");
        let text = format!("the user may not `{actions}`; grant it the role `readWrite`");
        lines.push(Finding::problem("archive", text));
    }
    if status.forbidden.is_empty() && !status.missing_indexes.is_empty() {
        let names = status.missing_indexes.join("`, `");
        let text = format!("`serve` will create the indexes `{names}` in the background");
        lines.push(Finding::ok("archive", text));
    }
    let skew_s = status.server_time.since(now);
    if skew_s.abs() > SKEW_S {
        let text = format!("its clock is {skew_s} s from ours; synchronise both with NTP");
        lines.push(Finding::problem("archive", text));
    }
    if !status.forbidden.contains(&"find") {
        lines.push(Finding::ok("archive", contents(status, place)));
    }
    lines
}

fn contents(status: &Status, place: &str) -> String {
    let documents = status.documents;
    match (status.old.count, status.old.span) {
        (0, _) => format!("{documents} documents in {place}"),
        (old, None) => format!("{documents} documents in {place}, {old} of an older set-up"),
        (old, Some((first, last))) => format!(
            "{documents} documents in {place}, {old} of an older set-up, from {first} to {last}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::OldDocuments;

    #[test]
    fn the_survey_is_reported() {
        let now = Moment::parse_rfc3339("2027-01-05T20:00:00Z").expect("a moment");
        let fine = Status {
            version: "6.0.5".to_owned(),
            replica_set: Some(("rs0".to_owned(), 3)),
            server_time: now,
            forbidden: Vec::new(),
            missing_indexes: Vec::new(),
            documents: 7,
            old: OldDocuments::default(),
        };
        let said = |status: &Status| {
            let lines = lines(status, "db.example", "zoomEvents.events", now);
            lines.iter().map(Finding::to_string).collect::<Vec<_>>().join("\n")
        };
        insta::assert_snapshot!(said(&fine), @"
        ✓ archive   db.example, MongoDB 6.0.5, replica set rs0 of 3
        ✓ archive   7 documents in zoomEvents.events
        ");
        let not_so_fine = Status {
            replica_set: None,
            server_time: now.plus(-60),
            forbidden: vec!["insert", "createIndex"],
            missing_indexes: vec!["lookout.key_1"],
            old: OldDocuments { count: 5, span: Some((now.plus(-86_400), now)) },
            ..fine
        };
        insta::assert_snapshot!(said(&not_so_fine), @"
        ✓ archive   db.example, MongoDB 6.0.5, one server, so its disk has the only copy
        ✗ archive   the user may not `insert`, `createIndex`; grant it the role `readWrite`
        ✗ archive   its clock is -60 s from ours; synchronise both with NTP
        ✓ archive   7 documents in zoomEvents.events, 5 of an older set-up, from 2027-01-04T20:00:00Z to 2027-01-05T20:00:00Z
        ");
    }
}
