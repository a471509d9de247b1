//! The name of a room in URLs and paths.

use std::fmt;

/// Names of files that Lookout writes below `site.path`.
const RESERVED: [&str; 8] =
    ["live", "assets", "embed", "badge", "feed", "presence", "index", "heartbeat"];

/// Lower-case letters, digits and inner hyphens, at most 64; never a reserved word.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slug(String);

impl Slug {
    /// Parses `text`; the error says why it is not a slug.
    pub fn parse(text: &str) -> Result<Self, String> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if text.is_empty() || text.len() > 64 || !text.chars().all(allowed) {
            return Err(format!(
                "`{text}` is not a slug; use 1 to 64 of the characters a-z, 0-9 and `-`"
            ));
        }
        if text.starts_with('-') || text.ends_with('-') {
            return Err(format!("`{text}` begins or ends with `-`; remove it"));
        }
        if RESERVED.contains(&text) {
            return Err(format!(
                "`{text}` is a name Lookout itself uses below the dashboard; choose another slug"
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// The slug as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_safe_in_a_path_and_not_reserved() {
        #[rustfmt::skip]
        let cases = [
            // what is special     text        taken
            ("plain",              "lounge",   true),
            ("digits and hyphen",  "room-2",   true),
            ("ours",               "live",     false),
            ("ours",               "assets",   false),
            ("empty",              "",         false),
            ("upwards",            "..",       false),
            ("a path",             "a/b",      false),
            ("upper case",         "Lounge",   false),
            ("hyphen first",       "-a",       false),
            ("other letters",      "ğ",        false),
        ];
        for (what, text, taken) in cases {
            assert_eq!(Slug::parse(text).is_ok(), taken, "{what}: `{text}`");
        }
    }
}
