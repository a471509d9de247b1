//! A secret that can be used but not printed.

use std::fmt;

/// Secret text: `Debug` does not show it, and it has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes `text`, trimmed; `None` where nothing is left: an empty key would let anybody sign.
    pub fn new(text: &str) -> Option<Self> {
        let text = trimmed(text);
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// The secret itself, for computing with.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// `text` without what editors, shells and clipboards add around it: white space, line ends, and
/// the byte order mark of Windows.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(is_margin)
}

/// Whether [`trimmed`] removes `c` at either end.
pub fn is_margin(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_shows_itself() {
        let secret = Secret::new(" hush \n").expect("not empty");
        assert_eq!(secret.reveal(), "hush");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert!(Secret::new(" \n").is_none());
    }
}
