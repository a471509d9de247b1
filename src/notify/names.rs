//! A name as a chat shows it: on one line, from left to right, of a bearable length, and
//! to be seen. It is still hostile text, to be escaped where it is written.

use super::escape::is_disturbing;

/// How long a name may be, in characters.
const LENGTH: usize = 64;

/// Instead of a name that can't be seen.
const NAMELESS: &str = "—";

/// `name` as it is shown.
pub(super) fn shown(name: &str) -> String {
    let clean: String = name.chars().map(|c| if is_disturbing(c) { ' ' } else { c }).collect();
    let name = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.chars().all(is_invisible) {
        return NAMELESS.to_owned();
    }
    if name.chars().count() <= LENGTH {
        return name;
    }
    let kept: String = name.chars().take(LENGTH - 1).collect();
    format!("{}…", kept.trim_end())
}

/// Takes room, or not even that, and shows nothing.
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '\u{ad}' | '\u{115f}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{3164}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_shown_on_one_line_and_not_too_long() {
        let long = "W".repeat(64);
        let longer = "W".repeat(65);
        let cut = format!("{}…", "W".repeat(63));
        let space = format!("{} Byron", "W".repeat(62));
        let cut_at_space = format!("{}…", "W".repeat(62));
        #[rustfmt::skip]
        let cases = [
            // what is special          name                        shown
            ("plain",                   "Ada Lovelace",             "Ada Lovelace"),
            ("white space and lines",   " Ada\n\u{2028} Byron ",    "Ada Byron"),
            ("the other direction",     "\u{202e}Ada\u{2066}Byron", "Ada Byron"),
            ("a family",                "👨\u{200d}👩\u{200d}👧",   "👨\u{200d}👩\u{200d}👧"),
            ("just short enough",       &long,                      &long),
            ("too long",                &longer,                    &cut),
            ("cut behind a space",      &space,                     &cut_at_space),
            ("nothing to see",          "\u{200b}\u{feff}",         "—"),
            ("nothing but direction",   "\u{202e}",                 "—"),
        ];
        for (what, name, expected) in cases {
            assert_eq!(shown(name), expected, "{what}");
        }
    }
}
