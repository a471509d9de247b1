//! Events as lines of JSON: the format that `export` writes and `import` reads.
//!
//! A line is the document as Zoom sent it, with one more entry, `lookout`: its key, when it was received,
//! its request id. A quarantined delivery has only `lookout`, with its bytes in `raw`. Pure.

mod read;
mod write;

pub use read::{Rejected, read};
pub use write::{event, quarantined};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::journal::{Content, Entry, Quarantined, Record};
    use crate::zoom::delivery::Document;
    use crate::zoom::{Key, Redaction};

    /// Puts a body into a line and takes it out again, as `export | import` does.
    fn through(body: &[u8]) -> (Record, Record) {
        let (record, line) = line_of(body);
        (record, read(&line, 0, &Redaction::default()).expect("our own line"))
    }

    /// What is stored of a body, and the line of it.
    fn line_of(body: &[u8]) -> (Record, String) {
        let key = Key::of(body);
        let (received_ms, request_id) = (1_785_369_686_564, Some("r \"1\"".to_owned()));
        let (content, line) = match Document::read(body) {
            Ok(document) => {
                let content = Content::event(document, received_ms, &Redaction::default());
                let Content::Event { document, .. } = content.clone() else { unreachable!() };
                let request_id = request_id.clone();
                let entry = Entry { id: 1, key, received_ms, request_id, document };
                (content, event(&entry))
            }
            Err(_) => {
                let body = body.to_vec();
                let request_id = request_id.clone();
                let delivery = Quarantined { key, received_ms, request_id, body: body.clone() };
                (Content::Quarantined(body), quarantined(&delivery))
            }
        };
        let record = Record { key, received_ms, request_id, content };
        (record, line)
    }

    #[test]
    fn what_is_exported_can_be_imported_as_it_was() {
        #[rustfmt::skip]
        let cases: [(&str, &[u8]); 9] = [
            // what is special          body
            ("an event",                br#"{"event":"meeting.started","event_ts":1785369686564}"#),
            ("digits and order",        br#"{"z":1.50,"event":"x","a":{"n":12345678901234567890123}}"#),
            ("a `lookout` of its own",  br#"{"event":"x","lookout":{"key":"no"},"b":1}"#),
            ("an `_id` of its own",     br#"{"event":"x","_id":{"$oid":"zz"}}"#),
            ("sender's own `$oid`",     br#"{"event":"x","payload":{"$oid":"zz","$date":1}}"#),
            ("event_ts with `$`",       br#"{"event":"x","event_ts":{"$numberLong":"7"}}"#),
            ("half a character",        br#"{"event":"x","a":"\ud83e"}"#),
            ("and a `lookout`",         br#"{"event":"x","lookout":"\ud83e"}"#),
            ("not readable",            b"{\"event\":\"\xff\""),
        ];
        for (what, body) in cases {
            let (record, imported) = through(body);
            assert_eq!(imported, record, "{what}");
        }
    }

    #[test]
    fn a_line_shows_half_a_character_as_others_can_read_it() {
        let (_, line) = line_of(br#"{"event":"x","a":"b\ud83e"}"#);
        let line: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(line["a"], "b\u{fffd}");
        assert_eq!(line["lookout"]["raw"], "eyJldmVudCI6IngiLCJhIjoiYlx1ZDgzZSJ9");
    }

    proptest! {
        #[test]
        fn any_bytes_survive_export_and_import(body in proptest::collection::vec(any::<u8>(), 0..64)) {
            let (record, imported) = through(&body);
            prop_assert_eq!(imported, record);
        }

        #[test]
        fn no_line_panics(line in ".{0,200}") {
            drop(read(&line, 0, &Redaction::default()));
        }
    }
}
