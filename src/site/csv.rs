//! The CSV table for Jekyll.
//!
//! UTF-8 without BOM, LF after every row, every field quoted. Jekyll copies cells into HTML, even
//! into attributes, without escaping them. So names are escaped for HTML here. Spreadsheet formulas
//! are not escaped: the table is not for spreadsheets.

use anyhow::{Context, Result};
use csv::{QuoteStyle, Terminator, WriterBuilder};

use crate::dashboard::TableRow;

const HEADER: [&str; 4] = ["Username", "Status", "Last Join", "Last Left"];
const PRESENT: &str = r#"<i class="fa-solid fa-toggle-on"></i>"#;
const ABSENT: &str = r#"<i class="fa-solid fa-toggle-off"></i>"#;

/// Encodes the header and `rows`.
pub(super) fn encode(rows: &[TableRow]) -> Result<Vec<u8>> {
    let mut writer = WriterBuilder::new()
        .quote_style(QuoteStyle::Always)
        .terminator(Terminator::Any(b'\n'))
        .from_writer(Vec::with_capacity(128 * (rows.len() + 1)));
    writer.write_record(HEADER)?;
    for row in rows {
        let status = if row.online { PRESENT } else { ABSENT };
        let name = escape_html(&row.name);
        writer.write_record([&name, status, &row.last_join, &row.last_left])?;
    }
    writer.into_inner().context("cannot encode the CSV table")
}

/// Escapes `text` for HTML and removes control characters.
fn escape_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !c.is_control()) {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(name: &str) -> TableRow {
        TableRow {
            name: name.into(),
            online: true,
            last_join: "2023-10-20-20:38:09".into(),
            last_left: "N/A".into(),
        }
    }

    #[test]
    fn the_table_is_quoted_throughout() {
        let away = TableRow { online: false, ..row("O'Neil, \"Ada\" & <b>") };
        let written = encode(&[row("Ada"), away]).expect("memory can be written");
        let expected = r#""Username","Status","Last Join","Last Left"
"Ada","<i class=""fa-solid fa-toggle-on""></i>","2023-10-20-20:38:09","N/A"
"O&#39;Neil, &quot;Ada&quot; &amp; &lt;b&gt;","<i class=""fa-solid fa-toggle-off""></i>","2023-10-20-20:38:09","N/A"
"#;
        assert_eq!(String::from_utf8_lossy(&written), expected);
    }

    /// Any text, or a short one with many characters that are special in CSV or HTML.
    fn names() -> impl Strategy<Value = String> {
        prop_oneof![any::<String>(), "[\n\r\t\u{0}\u{85}\"'<>&,;#a-c]{0,12}"]
    }

    proptest! {
        #[test]
        fn any_name_is_one_row_of_four_inert_fields(name in names()) {
            let written = encode(&[row(&name), row("after")]).expect("memory can be written");
            prop_assert_eq!(written.iter().filter(|byte| **byte == b'\n').count(), 3);
            let mut reader = csv::Reader::from_reader(written.as_slice());
            let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
            prop_assert_eq!(rows.len(), 2);
            prop_assert_eq!(rows[0].len(), 4);
            let cell = &rows[0][0];
            prop_assert!(!cell.contains(['<', '>', '"', '\'']), "{}", cell);
            prop_assert!(!cell.contains(char::is_control), "{:?}", cell);
            let entities = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"];
            let ampersands = cell.matches('&').count();
            prop_assert_eq!(entities.iter().map(|e| cell.matches(e).count()).sum::<usize>(), ampersands);
            prop_assert_eq!(&rows[1][0], "after");
        }
    }
}
