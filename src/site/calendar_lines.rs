//! The lines of iCalendar (RFC 5545, 3.1): they end with CR LF, and a line of more than 75 bytes
//! goes on after a line break and a space.

/// The maximum length of a line in bytes, without its end.
const MAX_LINE_BYTES: usize = 75;

/// Ends the lines of `text` as iCalendar requires, folds long ones, and leaves out empty ones.
pub(super) fn fold(text: &[u8]) -> Vec<u8> {
    let mut folded = Vec::with_capacity(text.len() + text.len() / 32);
    let text = String::from_utf8_lossy(text);
    for line in text.split(['\r', '\n']).filter(|line| !line.trim().is_empty()) {
        fold_line(line, &mut folded);
    }
    folded
}

fn fold_line(line: &str, folded: &mut Vec<u8>) {
    let (mut rest, mut limit) = (line, MAX_LINE_BYTES);
    while rest.len() > limit {
        let (start, end) = rest.split_at(rest.floor_char_boundary(limit));
        folded.extend_from_slice(start.as_bytes());
        folded.extend_from_slice(b"\r\n ");
        // The space counts, too.
        (rest, limit) = (end, MAX_LINE_BYTES - 1);
    }
    folded.extend_from_slice(rest.as_bytes());
    folded.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn folded(text: &str) -> String {
        String::from_utf8(fold(text.as_bytes())).expect("characters stay whole")
    }

    #[test]
    fn lines_end_with_cr_lf_and_are_at_most_75_bytes_long() {
        let (a74, a75) = ("a".repeat(74), "a".repeat(75));
        #[rustfmt::skip]
        let cases = [
            // what is special               text                        folded
            ("two lines",                    "A:1\nB:2\n".to_owned(),    "A:1\r\nB:2\r\n".to_owned()),
            ("lines of another system",      "A:1\r\nB:2\r\n".to_owned(), "A:1\r\nB:2\r\n".to_owned()),
            ("no end of the last line",      "A:1".to_owned(),           "A:1\r\n".to_owned()),
            ("what a template's tags leave", "A:1\n\n \nB:2".to_owned(), "A:1\r\nB:2\r\n".to_owned()),
            ("just as long as allowed",      a75.clone(),                format!("{a75}\r\n")),
            ("one byte longer",              format!("{a75}b"),          format!("{a75}\r\n b\r\n")),
            ("a letter of two bytes there",  format!("{a74}ğb"),         format!("{a74}\r\n ğb\r\n")),
            ("two more lines",               a75.repeat(2),              format!("{a75}\r\n {a74}\r\n a\r\n")),
        ];
        for (what, text, expected) in cases {
            assert_eq!(folded(&text), expected, "{what}");
        }
    }

    proptest! {
        #[test]
        fn unfolding_gives_the_line(line in "[a-zğ字👩 ]{1,300}") {
            let line = format!("X{line}");
            let folded = folded(&line);
            prop_assert_eq!(folded.replace("\r\n ", ""), format!("{line}\r\n"));
            prop_assert!(folded.split("\r\n").all(|part| part.len() <= MAX_LINE_BYTES));
        }
    }
}
