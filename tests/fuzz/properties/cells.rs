//! Names in the table that Jekyll reads.

use std::cell::LazyCell;

use html5gum::{Token, Tokenizer};
use lookout::config::Settings;
use lookout::dashboard::{Dashboard, TableRow};
use lookout::roster::Presence;
use lookout::site::Renderer;

use super::sample;

thread_local! {
    static SITE: LazyCell<(Renderer, Settings)> = LazyCell::new(|| {
        let settings = sample::settings();
        (Renderer::load(&settings).expect("the built-in templates load"), settings)
    });
}

/// Whatever people are called, each has one row of four cells, to the strictest reader of CSV;
/// and a browser that is given the cell, as Jekyll does, shows the name and nothing else.
pub fn are_rows_of_text(names: &[&str]) {
    let table = SITE.with(|site| table(names, &site.0, &site.1));
    let rows = strictly_read(&table);
    assert_eq!(rows.len(), names.len() + 1, "another number of rows: {table}");
    for (row, name) in rows[1..].iter().zip(names) {
        let [cell, _, join, left] = row.as_slice() else { panic!("not four cells: {row:?}") };
        assert_eq!((join.as_str(), left.as_str()), ("2023-10-20-20:38:09", "N/A"));
        let name: String = name.chars().filter(|c| !c.is_control()).collect();
        assert_eq!(shown(cell), name, "another name: {table}");
    }
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(table.as_bytes());
    let records = reader.records().map(|record| record.expect("a row"));
    let records = records.map(|record| record.iter().map(str::to_owned).collect::<Vec<_>>());
    assert_eq!(records.collect::<Vec<_>>(), rows, "two readers differ: {table}");
}

fn table(names: &[&str], renderer: &Renderer, settings: &Settings) -> String {
    let empty = Dashboard::new(&Presence::default(), settings, sample::NOW);
    let rows = names.iter().map(|name| TableRow {
        name: (*name).into(),
        online: true,
        last_join: "2023-10-20-20:38:09".into(),
        last_left: "N/A".into(),
    });
    let (pages, badges, feeds) = (Vec::new(), Vec::new(), Vec::new());
    let dashboard = Dashboard { table: rows.collect(), pages, badges, feeds, ..empty };
    let files = renderer.render(&dashboard, settings).expect("names can't break a table");
    let table = files.iter().find(|file| file.path == settings.csv.path).expect("it is there");
    String::from_utf8(table.bytes.to_vec()).expect("the table is UTF-8")
}

/// The cells of each row, where every cell is quoted and every row ends with a line feed;
/// panics at anything else that other readers might take otherwise.
fn strictly_read(table: &str) -> Vec<Vec<String>> {
    let rows = table.strip_suffix('\n').expect("the last row ends, too").split('\n');
    rows.map(|row| {
        let inner = row.strip_prefix('"').and_then(|row| row.strip_suffix('"'));
        let inner = inner.unwrap_or_else(|| panic!("not quoted: {row}"));
        assert!(!inner.contains(char::is_control), "a control character: {row:?}");
        inner.split("\",\"").map(unquoted).collect()
    })
    .collect()
}

fn unquoted(cell: &str) -> String {
    let parts: Vec<&str> = cell.split("\"\"").collect();
    assert!(parts.iter().all(|part| !part.contains('"')), "a quote alone: {cell}");
    parts.join("\"")
}

/// What a browser shows of `html`, which has to be text alone.
fn shown(html: &str) -> String {
    let tokens = Tokenizer::new(html).map(|token| token.expect("a text can be read"));
    let texts = tokens.filter_map(|token| match token {
        Token::String(text) => Some(String::from_utf8(text.value.0).expect("it was UTF-8")),
        Token::Error(_) => None,
        other => panic!("no text: {other:?}"),
    });
    texts.collect()
}
