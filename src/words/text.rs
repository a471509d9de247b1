//! A text with values in braces, such as `since {time}`.

/// A text whose values are filled in later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Value(String),
}

impl Text {
    /// Parses `source`. A brace that encloses no name is an ordinary character.
    pub(super) fn parse(source: &str) -> Self {
        let (mut pieces, mut literal, mut rest) = (Vec::new(), String::new(), source);
        while let Some(at) = rest.find('{') {
            literal.push_str(&rest[..at]);
            rest = &rest[at..];
            match rest[1..].find('}').map(|end| &rest[1..=end]).filter(|name| is_name(name)) {
                Some(name) => {
                    if !literal.is_empty() {
                        pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                    }
                    pieces.push(Piece::Value(name.to_owned()));
                    rest = &rest[name.len() + 2..];
                }
                None => {
                    literal.push('{');
                    rest = &rest[1..];
                }
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Self(pieces)
    }

    /// The names of its values.
    pub(super) fn values(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Value(name) => Some(name.as_str()),
            Piece::Literal(_) => None,
        })
    }

    /// The texts around its values: one more than there are values.
    pub(super) fn literals(&self) -> Vec<String> {
        let mut literals = vec![String::new()];
        for piece in &self.0 {
            match piece {
                Piece::Literal(text) => {
                    literals.last_mut().expect("one is always there").push_str(text);
                }
                Piece::Value(_) => literals.push(String::new()),
            }
        }
        literals
    }

    /// The text with `value` for `{name}`.
    pub fn with(&self, name: &str, value: &str) -> String {
        self.fill(&[(name, value)])
    }

    /// The text with `values`, each a name and a value. A value is inserted as it is: braces in it
    /// mean nothing.
    pub fn fill(&self, values: &[(&str, &str)]) -> String {
        let value_of = |wanted: &str| values.iter().find(|(name, _)| *name == wanted);
        let pieces = self.0.iter().map(|piece| match piece {
            Piece::Literal(text) => text.as_str(),
            Piece::Value(name) => value_of(name).map_or("", |(_, value)| value),
        });
        pieces.collect()
    }

    /// The text, which has no values.
    pub fn fixed(&self) -> String {
        self.fill(&[])
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_inserted_once_and_as_they_are() {
        #[rustfmt::skip]
        let cases = [
            // what is special     source                 filled
            ("no value",           "in",                  "in"),
            ("one",                "since {time}",        "since 20:38"),
            ("one twice",          "{time}–{time}",       "20:38–20:38"),
            ("two, turned round",  "{name}, {time}",      "{time}, 20:38"),
            ("an unknown one",     "a {b} c",             "a  c"),
            ("no name",            "{} { {A} {time",      "{} { {A} {time"),
            ("nested",             "{{time}}",            "{20:38}"),
            ("empty",              "",                    ""),
        ];
        for (what, source, expected) in cases {
            let filled = Text::parse(source).fill(&[("time", "20:38"), ("name", "{time}")]);
            assert_eq!(filled, expected, "{what}");
        }
    }
}
