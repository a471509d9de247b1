//! The parsed TOML as a tree in which each key and value has its span.
//!
//! Settings are texts, lists and tables. Numbers and booleans are texts here, so they need no quotes.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::source::Span;

/// The sections within sections.
const NESTED_SECTIONS: [&str; 1] = ["zoom.api"];

/// Keys and their values.
pub(super) type Table = BTreeMap<String, Entry>;

/// The span of a key, and its value.
pub(super) struct Entry {
    pub(super) key: Span,
    pub(super) node: Node,
}

/// A value and its span.
pub(super) struct Node {
    pub(super) span: Span,
    pub(super) value: Value,
}

/// A value as typed.
pub(super) enum Value {
    Text(String),
    List(Vec<Node>),
    Table(Table),
    /// A date or time, which no setting takes.
    Date,
}

impl Value {
    /// The kind of this value with its article, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Date => "a date",
        }
    }
}

/// Converts a table of the source with the number `source`.
pub(super) fn table(source: usize, table: DeTable<'_>) -> Table {
    let entry = |(key, value): (Spanned<_>, Spanned<DeValue<'_>>)| {
        let span = Span::new(source, key.span());
        let name: std::borrow::Cow<'_, str> = key.into_inner();
        let node = node(source, value);
        (name.into_owned(), Entry { key: span, node })
    };
    table.into_iter().map(entry).collect()
}

/// Moves the sections within sections, such as `[zoom.api]`, to the top, where each is read by itself.
pub(super) fn lift_sections(root: &mut Table) {
    for name in NESTED_SECTIONS {
        let (outer, inner) = name.split_once('.').expect("it lies in another section");
        let Some(Value::Table(table)) = root.get_mut(outer).map(|entry| &mut entry.node.value)
        else {
            continue;
        };
        if let Some(entry) = table.remove(inner) {
            root.insert(name.to_owned(), entry);
        }
    }
}

/// Converts a value of the source with the number `source`.
pub(super) fn node(source: usize, typed: Spanned<DeValue<'_>>) -> Node {
    let span = Span::new(source, typed.span());
    let value = match typed.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Array(items) => {
            Value::List(items.into_iter().map(|item| node(source, item)).collect())
        }
        DeValue::Table(inner) => Value::Table(table(source, inner)),
        DeValue::Integer(number) => Value::Text(number.to_string()),
        DeValue::Float(number) => Value::Text(number.to_string()),
        DeValue::Boolean(boolean) => Value::Text(boolean.to_string()),
        DeValue::Datetime(_) => Value::Date,
    };
    Node { span, value }
}
