//! Parses a verified body into the document that is stored.
//!
//! No genuine body is refused. A body that can't be parsed is quarantined, unchanged except for
//! dropped fields, and parsed again after an upgrade.

use crate::zoom::json::{Json, Unreadable};
use crate::zoom::redaction::Redaction;
use crate::zoom::surrogate;

/// The `event` of our own documents: see [`observation`](crate::zoom::observation).
pub const OBSERVATION: &str = "lookout.observed";

/// Who says what one of our own documents states, if it is not Zoom's API.
pub const OPERATOR: &str = "operator";

/// The result of parsing a body.
#[derive(Debug, PartialEq, Eq)]
pub enum Reading {
    /// An event, or a challenge.
    Document(Document),
    /// A genuine body that can't be parsed.
    Quarantined(Odd),
}

/// A JSON object with a text `event`.
#[derive(Debug, PartialEq, Eq)]
pub struct Document {
    json: Json,
}

/// Why a genuine body is quarantined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Odd {
    /// Invalid UTF-8, other than lone surrogates.
    #[error("not UTF-8")]
    NotUtf8,
    /// Not JSON, or not JSON that Lookout accepts.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// JSON, but not an object with a text `event`.
    #[error("not an object with a text `event`")]
    NoEvent,
    /// It names itself as one of [our own documents](OBSERVATION), which Zoom never sends.
    #[error("`lookout.observed` is an event of Lookout's own")]
    Ours,
}

impl Reading {
    /// Parses a raw body.
    pub fn of(body: &[u8]) -> Self {
        match Document::read(body) {
            Ok(document) => Self::Document(document),
            Err(odd) => Self::Quarantined(odd),
        }
    }
}

impl Document {
    /// Parses a raw body.
    pub fn read(body: &[u8]) -> Result<Self, Odd> {
        let text = surrogate::text_of(body).ok_or(Odd::NotUtf8)?;
        Self::of_others(Json::parse(&text)?)
    }

    /// Accepts `json` if it is an object with a text `event` which is not [our own](OBSERVATION).
    pub fn of_others(json: Json) -> Result<Self, Odd> {
        let document = Self::new(json)?;
        if document.event() == OBSERVATION { Err(Odd::Ours) } else { Ok(document) }
    }

    /// Accepts `json` if it is an object with a text `event`, also one of our own.
    pub fn new(json: Json) -> Result<Self, Odd> {
        match json.get("event").and_then(Json::as_str) {
            Some(_) => Ok(Self { json }),
            None => Err(Odd::NoEvent),
        }
    }

    /// Zoom's name of the event, such as `meeting.participant_joined`.
    pub fn event(&self) -> &str {
        self.json.get("event").and_then(Json::as_str).unwrap_or_default()
    }

    /// The whole document.
    pub fn json(&self) -> &Json {
        &self.json
    }

    /// The text to store: without what `redaction` removes, everything else unchanged, lone surrogates
    /// included.
    pub fn into_stored(mut self, redaction: &Redaction) -> String {
        redaction.apply(&mut self.json);
        self.json.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(key: &str) -> Redaction {
        Redaction { keys: vec![key.to_owned()], ..Redaction::default() }
    }

    #[test]
    fn bodies_are_documents_or_quarantined() {
        #[rustfmt::skip]
        let cases: [(&str, &[u8], Result<&str, Odd>); 11] = [
            // what is special      body                             verdict
            ("an event",            br#"{"event":"meeting.ended"}"#, Ok("meeting.ended")),
            ("an unknown event",    br#"{"a":1,"event":"x"}"#,       Ok("x")),
            ("bad UTF-8",           b"{\"event\":\"\xff\"}",         Err(Odd::NotUtf8)),
            ("half a character",    br#"{"event":"\ud83e"}"#,        Ok("\u{fffd}")),
            ("one in CESU-8",       b"{\"event\":\"\xed\xa0\xbe\xed\xb6\xa9\"}", Ok("🦩")),
            ("empty",               b"",                             Err(Odd::Unreadable(Unreadable::Syntax))),
            ("a list",              br#"[{"event":"x"}]"#,           Err(Odd::NoEvent)),
            ("no event",            b"{}",                           Err(Odd::NoEvent)),
            ("event is a number",   br#"{"event":1}"#,               Err(Odd::NoEvent)),
            ("an event of our own", br#"{"event":"lookout.observed"}"#, Err(Odd::Ours)),
            ("two events",          br#"{"event":"a","event":"b"}"#, Err(Odd::Unreadable(Unreadable::DuplicateKey))),
        ];
        for (what, body, expected) in cases {
            let got = Document::read(body);
            assert_eq!(got.as_ref().map(Document::event).map_err(|odd| *odd), expected, "{what}");
        }
    }

    #[test]
    fn what_is_dropped_is_never_stored_and_the_rest_stays() {
        let body =
            br#"{"payload":{"object":{"id":1.50,"host_email":"a@example.org"}},"event":"x"}"#;
        let document = Document::read(body).expect("an event");
        assert_eq!(
            document.into_stored(&without("host_email")),
            r#"{"payload":{"object":{"id":1.50}},"event":"x"}"#
        );
    }

    #[test]
    fn a_telephone_number_goes_from_the_name_as_well() {
        let body =
            br#"{"event":"x","user_name":"12025550143","phone_number":"12025550143","id":"7"}"#;
        #[rustfmt::skip]
        let cases = [
            // what is special         dropped         stored
            ("the number is dropped",  "phone_number", r#"{"event":"x","user_name":"•••••••••43","id":"7"}"#),
            ("the number is kept",     "email",        std::str::from_utf8(body).expect("it is text")),
        ];
        for (what, dropped, stored) in cases {
            let document = Document::read(body).expect("an event");
            assert_eq!(document.into_stored(&without(dropped)), stored, "{what}");
        }
    }

    #[test]
    fn half_characters_are_stored_as_escapes() {
        #[rustfmt::skip]
        let cases: [(&str, &[u8]); 2] = [
            // what is special  body
            ("an escape",       br#"{"event":"x","a":"b\ud83e"}"#),
            ("three bytes",     b"{\"event\":\"x\",\"a\":\"b\xed\xa0\xbe\"}"),
        ];
        for (what, body) in cases {
            let document = Document::read(body).expect("an event");
            assert_eq!(
                document.into_stored(&Redaction::default()),
                r#"{"event":"x","a":"b\ud83e"}"#,
                "{what}"
            );
        }
    }

    #[test]
    fn dropping_the_event_key_itself_is_survived() {
        let document = Document::read(br#"{"event":"x"}"#).expect("an event");
        assert_eq!(document.into_stored(&without("event")), "{}");
    }
}
