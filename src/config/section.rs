//! Reading one section, key by key.
//!
//! A section file asks for each key by name, with its default and a function from
//! text to meaning. What was asked for *is* the list of valid keys, so no second
//! list can disagree with it; a bad value is noted and its default taken, so that
//! reading goes on and one run names every mistake.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::context::Context;
use super::effective::{Block, Entry};
use super::key::Key;
use super::problem::Diagnostic;
use super::source::Span;
use super::tree::{Node, Table, Value};
use super::unknown::Unknown;
use super::zones::ZoneRules;
use crate::time::zone::Zone;

/// Where the keys of one section were typed.
#[derive(Clone, Default)]
pub(super) struct KeySpans {
    header: Option<Span>,
    keys: BTreeMap<&'static str, Span>,
}

impl KeySpans {
    /// The place of the value of `key`, if it was typed.
    pub(super) fn typed(&self, key: &str) -> Option<&Span> {
        self.keys.get(key)
    }

    /// The place of the value of `key`, else of the section.
    pub(super) fn key_or_header(&self, key: &str) -> Option<&Span> {
        self.typed(key).or(self.header.as_ref())
    }
}

/// What reading leaves behind besides settings.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) keys: Vec<Key>,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) unknown: Vec<Unknown>,
    pub(super) blocks: Vec<Block>,
    /// Files that hold secrets, as the settings name them.
    pub(super) secret_files: Vec<PathBuf>,
    /// Where each of them is named.
    pub(super) secret_file_spans: Vec<Span>,
    /// Keys whose secret stands in the settings themselves, the token apart.
    pub(super) inline_secrets: Vec<String>,
}

/// A section while it is read.
pub(super) struct Section<'a> {
    name: &'static str,
    entries: Table,
    spans: KeySpans,
    context: Context<'a>,
    findings: &'a mut Findings,
}

impl<'a> Section<'a> {
    /// The section `name` with what was typed in it; paths are read as `context` has them.
    pub(super) fn new(
        name: &'static str,
        header: Option<Span>,
        entries: Table,
        context: Context<'a>,
        findings: &'a mut Findings,
    ) -> Self {
        findings.blocks.push(Block { section: name, ..Block::default() });
        let spans = KeySpans { header, keys: BTreeMap::new() };
        Self { name, entries, spans, context, findings }
    }

    /// The value of `key`, which `parse` understands, else what it makes of `default`.
    pub(super) fn value<T>(
        &mut self,
        key: &'static str,
        default: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> T {
        self.register(key, Some(quoted(default)));
        self.parsed(key, &parse)
            .unwrap_or_else(|| parse(default).expect("each default is a valid value"))
    }

    /// The value of a key that has no default; where it is missing, `why` says what it is for.
    pub(super) fn required<T>(
        &mut self,
        key: &'static str,
        why: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.register(key, None);
        if !self.entries.contains_key(key) {
            self.report_at_header(format!("`{}` needs a `{key}`: {why}", self.name));
        }
        self.parsed(key, &parse)
    }

    /// The value of a key that may be left out or empty.
    pub(super) fn optional<T>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let parse = |text: &str| match text {
            "" => Ok(None),
            text => parse(text).map(Some),
        };
        self.value(key, "", parse)
    }

    /// A path of the file system; a relative one lies below the settings file's directory.
    pub(super) fn path(&mut self, key: &'static str, default: &'static str) -> PathBuf {
        let context = self.context;
        self.value(key, default, |text| file_path(context, text))
    }

    /// A time zone, and the rules it follows.
    pub(super) fn time_zone(
        &mut self,
        key: &'static str,
        default: &'static str,
    ) -> (Zone, ZoneRules) {
        let zoneinfo = self.context.zoneinfo;
        self.value(key, default, |text| zoneinfo.zone(text))
    }

    /// A file that holds a secret, if one is named: where to read it.
    pub(super) fn secret_file(&mut self, key: &'static str) -> Option<PathBuf> {
        let context = self.context;
        let file = self.optional(key, |text| file_path(context, text))?;
        self.findings.secret_files.push(file.clone());
        self.findings.secret_file_spans.extend(self.spans.typed(key).cloned());
        Some(context.readable(file))
    }

    /// Notes that what was typed as `key` is a secret.
    pub(super) fn record_inline_secret(&mut self, key: &'static str) {
        self.findings.inline_secrets.push(format!("{}.{key}", self.name));
    }

    /// A list of paths, empty by default.
    pub(super) fn paths(&mut self, key: &'static str) -> Vec<PathBuf> {
        let context = self.context;
        self.list(key, &[], |text| file_path(context, text))
    }

    /// A list of texts, each of which `parse` understands.
    pub(super) fn list<T>(
        &mut self,
        key: &'static str,
        default: &[&'static str],
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        let quotes: Vec<_> = default.iter().map(|item| quoted(item)).collect();
        self.register(key, Some(format!("[{}]", quotes.join(", "))));
        let Some(node) = self.take(key) else {
            let parsed = default.iter().map(|item| parse(item));
            return parsed.map(|item| item.expect("each default is a valid value")).collect();
        };
        match node.value {
            Value::List(items) => {
                let items = items.into_iter();
                items.filter_map(|item| self.item(key, item, &parse)).collect()
            }
            other => {
                let kind = other.kind();
                self.report(key, node.span, format!("is a list of texts, but here stands {kind}; put it in brackets, such as `{key} = [\"…\"]`"));
                Vec::new()
            }
        }
    }

    /// The parts of a secret that may be one text or a list, each as `parse` understands it; what
    /// `parse` says of one must not quote it.
    pub(super) fn secrets<T>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        self.register(key, Some(quoted("")));
        let Some(node) = self.take(key) else {
            return Vec::new();
        };
        let items = match node.value {
            Value::List(items) => items,
            value => vec![Node { span: node.span, value }],
        };
        let items = items.into_iter();
        items.filter_map(|item| self.item(key, item, &parse)).collect()
    }

    /// Whether `key` was typed.
    pub(super) fn is_typed(&self, key: &'static str) -> bool {
        self.spans.typed(key).is_some()
    }

    /// How many mistakes were noted so far: one that follows from another need not be told.
    pub(super) fn problem_count(&self) -> usize {
        self.findings.diagnostics.len()
    }

    /// Says that `key`, or else the section, is wrong in combination with others.
    pub(super) fn conflict(&mut self, key: &'static str, message: impl Into<String>) {
        if let Some(span) = self.spans.key_or_header(key).cloned() {
            self.findings.diagnostics.push(Diagnostic::new(span, message));
        }
    }

    /// Ends the section: what was not asked for is unknown.
    pub(super) fn finish(self) -> KeySpans {
        let unknown = self.entries.into_iter().map(|(name, entry)| Unknown {
            section: Some(self.name),
            name,
            key: entry.key,
            node: entry.node,
        });
        self.findings.unknown.extend(unknown);
        self.spans
    }

    fn register(&mut self, name: &'static str, default: Option<String>) {
        let key = Key { section: self.name, name, default };
        let typed = self.entries.get(name).map(|entry| &entry.node);
        if let Some(block) = self.findings.blocks.last_mut() {
            block.entries.push(Entry::new(&key, typed));
        }
        self.findings.keys.push(key);
    }

    fn take(&mut self, key: &'static str) -> Option<Node> {
        let entry = self.entries.remove(key)?;
        self.spans.keys.insert(key, entry.node.span.clone());
        Some(entry.node)
    }

    fn parsed<T>(
        &mut self,
        key: &'static str,
        parse: &impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let node = self.take(key)?;
        self.item(key, node, parse)
    }

    /// One text, understood; else a note and `None`.
    fn item<T>(
        &mut self,
        key: &'static str,
        node: Node,
        parse: &impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let Value::Text(text) = &node.value else {
            let kind = node.value.kind();
            let remedy = match node.value {
                Value::Date => "put it in quotes",
                _ => "write one text in quotes",
            };
            self.report(key, node.span, format!("is a text, but here stands {kind}; {remedy}"));
            return None;
        };
        let understood = parse(text);
        if let Err(why) = &understood {
            let message = format!("`{}.{key}`: {why}", self.name);
            self.findings.diagnostics.push(Diagnostic::new(node.span, message));
        }
        understood.ok()
    }

    fn report(&mut self, key: &str, span: Span, what: String) {
        let message = format!("`{}.{key}` {what}", self.name);
        self.findings.diagnostics.push(Diagnostic::new(span, message));
    }

    fn report_at_header(&mut self, message: String) {
        if let Some(span) = self.spans.header.clone() {
            self.findings.diagnostics.push(Diagnostic::new(span, message));
        }
    }
}

/// `text` as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn file_path(context: Context<'_>, text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        return Err("a path is missing between the quotes".to_owned());
    }
    if text.starts_with("~/") {
        return Err(format!("`{text}`: `~` means nothing here; write the directory out"));
    }
    Ok(context.directory.join(text))
}
