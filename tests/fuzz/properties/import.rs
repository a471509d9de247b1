//! Lines that somebody imports.

use lookout::journal::{Content, Entry, Quarantined, Record};
use lookout::jsonl;
use lookout::zoom::Redaction;

/// The time of receipt where a line tells none, in milliseconds.
const NOW_MS: i64 = 1_767_636_000_123;

/// A line is taken or refused; what is taken comes back as the same from its own export.
pub fn is_taken_or_refused(line: &str) {
    let redaction = Redaction::default();
    let Ok(record) = jsonl::read(line, NOW_MS, &redaction) else { return };
    let Record { key, received_ms, request_id, content } = record.clone();
    let exported = match content {
        Content::Event { document, .. } => {
            jsonl::event(&Entry { id: 1, key, received_ms, request_id, document })
        }
        Content::Quarantined(body) => {
            jsonl::quarantined(&Quarantined { key, received_ms, request_id, body })
        }
    };
    assert!(!exported.contains('\n'), "an export has a line for each: {exported}");
    match jsonl::read(&exported, 0, &redaction) {
        Ok(again) => assert_eq!(again, record, "exported: {exported}"),
        Err(untaken) => panic!("its own export is refused, {untaken}: {exported}"),
    }
}
