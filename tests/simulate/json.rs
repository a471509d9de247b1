//! Writes JSON with the keys in a given order, because Zoom's order differs between events.

use std::fmt::Write;

/// An object being written.
pub(super) struct Object<'a>(&'a mut String);

impl Object<'_> {
    /// Appends one object to `json`.
    pub(super) fn write(json: &mut String, fields: impl FnOnce(&mut Object<'_>)) {
        json.push('{');
        fields(&mut Object(json));
        json.push('}');
    }

    /// Adds a text.
    pub(super) fn text(&mut self, key: &str, value: &str) -> &mut Self {
        self.key(key);
        self.0.push('"');
        escape(self.0, value);
        self.0.push('"');
        self
    }

    /// Adds a number.
    pub(super) fn number(&mut self, key: &str, value: i64) -> &mut Self {
        self.key(key);
        write!(self.0, "{value}").expect("a string accepts all text");
        self
    }

    /// Adds a number as a text.
    pub(super) fn digits(&mut self, key: &str, value: i64) -> &mut Self {
        self.key(key);
        write!(self.0, "\"{value}\"").expect("a string accepts all text");
        self
    }

    /// Adds an object.
    pub(super) fn object(&mut self, key: &str, fields: impl FnOnce(&mut Object<'_>)) -> &mut Self {
        self.key(key);
        Object::write(self.0, fields);
        self
    }

    fn key(&mut self, key: &str) {
        if !self.0.ends_with('{') {
            self.0.push(',');
        }
        self.0.push('"');
        self.0.push_str(key);
        self.0.push_str("\":");
    }
}

/// Appends `text`. Escapes only the characters that JSON forbids.
fn escape(json: &mut String, text: &str) {
    let plain = |byte: u8| byte >= 0x20 && byte != b'"' && byte != b'\\';
    if text.bytes().all(plain) {
        json.push_str(text);
        return;
    }
    for participant in text.chars() {
        match participant {
            '"' | '\\' => json.extend(['\\', participant]),
            '\0'..='\x1f' => {
                write!(json, "\\u{:04x}", u32::from(participant))
                    .expect("a string accepts all text");
            }
            _ => json.push(participant),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_their_order_and_texts_survive() {
        let mut json = String::new();
        let hostile = "\"Ada\" \\ 🌻 \u{0} é\n";
        Object::write(&mut json, |o| {
            o.text("z", hostile).object("inner", |o| {
                o.number("n", -1).digits("d", 7);
            });
            o.object("empty", |_| {}).text("a", "");
        });
        assert!(json.ends_with(r#","inner":{"n":-1,"d":"7"},"empty":{},"a":""}"#), "{json}");
        let back: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
        assert_eq!(back["z"], hostile);
    }
}
