//! Estimates the width of a text without a font file.
//!
//! The viewer's font is unknown when a badge is drawn. The widths are those of DejaVu Sans, which
//! is close to Verdana, the badge's first choice. The SVG makes the viewer fit the text into the
//! estimated width (`textLength`), so a wrong estimate changes only the spacing.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The size of the text, in pixels.
const SIZE: u32 = 11;

/// The widths of the characters from the space to `~`, in hundredths of the size.
#[rustfmt::skip]
const WIDTHS: [u8; 95] = [
    32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84, 84, 84, 53,
    100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79,
    60, 79, 69, 63, 61, 73, 68, 99, 69, 61, 69, 39, 34, 39, 84, 50,
    50, 61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97, 63, 61,
    63, 63, 41, 52, 39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84,
];

/// The width of letters of other alphabets, in hundredths of the size.
const OTHER: u32 = 66;

/// The width of East Asian characters and emoji, which are as wide as they are high.
const SQUARE: u32 = 100;

/// The width of `text` in pixels, rounded up.
pub(super) fn text_width(text: &str) -> u32 {
    // Combining marks add no width.
    let widths = text.nfd().map(width_of);
    (widths.sum::<u32>() * SIZE).div_ceil(100)
}

fn width_of(c: char) -> u32 {
    match c {
        ' '..='~' => u32::from(WIDTHS[c as usize - ' ' as usize]),
        'ı' => 28,
        _ if is_combining_mark(c) || is_invisible(c) => 0,
        '\u{1100}'..='\u{11ff}' | '\u{2e80}'.. => SQUARE,
        _ => OTHER,
    }
}

/// Joiners, direction marks and variation selectors.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_near_what_a_browser_measures() {
        #[rustfmt::skip]
        let cases = [
            // what is special      text                 px at 11 px, Chromium with DejaVu Sans
            ("nothing",             "",                  0.0),
            ("a word",              "Lounge",            40.4),
            ("thin letters",        "illicit",           25.6),
            ("Turkish",             "Kitaplık Gürültüsü", 98.3),
            ("a sentence",          "nobody online",     78.0),
        ];
        for (what, text, measured) in cases {
            let guess = f64::from(text_width(text));
            assert!((guess - measured).abs() <= 2.0, "{what}: {guess} instead of {measured}");
        }
    }

    #[test]
    fn what_is_not_seen_takes_no_room() {
        assert_eq!(text_width("Zo\u{308}e\u{308}"), text_width("Zoe"));
        assert_eq!(text_width("👩\u{200d}"), text_width("👩"));
        assert_eq!(text_width("部屋"), 22);
    }
}
