//! Reads one section, key by key.
//!
//! The file of a section requests each key by name, with its default and a function that parses it.
//! The requested keys *are* the list of valid keys, so no second list can disagree with it. A bad
//! value is reported and replaced by its default, so one run reports every problem.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::context::Context;
use super::effective::{Block, Entry};
use super::key::{Key, Kind};
use super::languages;
use super::problem::Diagnostic;
use super::source::Span;
use super::tree::{Node, Table, Value};
use super::unknown::Unknown;
use super::values;
use super::zones::ZoneRules;
use crate::time::zone::Zone;
use crate::words::{Language, OwnFiles};

/// Where the keys of one section were typed.
#[derive(Clone, Default)]
pub(super) struct KeySpans {
    header: Option<Span>,
    keys: BTreeMap<&'static str, Span>,
}

impl KeySpans {
    /// The span of the value of `key`, if it was typed.
    pub(super) fn typed(&self, key: &str) -> Option<&Span> {
        self.keys.get(key)
    }

    /// The span of the value of `key`, else of the section's header.
    pub(super) fn key_or_header(&self, key: &str) -> Option<&Span> {
        self.typed(key).or(self.header.as_ref())
    }
}

/// What reading produces besides settings.
#[derive(Default)]
pub(super) struct Output {
    pub(super) keys: Vec<Key>,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) unknown: Vec<Unknown>,
    pub(super) blocks: Vec<Block>,
    /// Files that hold secrets, as the settings name them, and the spans of their names.
    pub(super) secret_files: Vec<(PathBuf, Span)>,
    /// Keys whose secret is in the settings themselves, without the token.
    pub(super) inline_secrets: Vec<String>,
}

/// A section that is being read.
pub(super) struct Section<'a> {
    name: &'static str,
    entries: Table,
    spans: KeySpans,
    context: Context<'a>,
    output: &'a mut Output,
}

impl<'a> Section<'a> {
    /// The section `name` with its `entries`; `context` says what paths are relative to.
    pub(super) fn new(
        name: &'static str,
        header: Option<Span>,
        entries: Table,
        context: Context<'a>,
        output: &'a mut Output,
    ) -> Self {
        output.blocks.push(Block { section: name, ..Block::default() });
        let spans = KeySpans { header, keys: BTreeMap::new() };
        Self { name, entries, spans, context, output }
    }

    /// Its name in the settings file.
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// The parsed value of `key`, else its parsed `default`.
    pub(super) fn value<T>(
        &mut self,
        key: &'static str,
        default: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> T {
        self.register(key, Kind::Text, Some(quoted(default)));
        self.parsed(key, &parse)
            .unwrap_or_else(|| parse(default).expect("each default is a valid value"))
    }

    /// The value of a key without a default; if it is missing, the message says what it is for: `why`.
    pub(super) fn required<T>(
        &mut self,
        key: &'static str,
        why: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.register(key, Kind::Text, None);
        if !self.entries.contains_key(key) {
            self.report_at_header(format!("`{}` needs a `{key}`: {why}", self.name));
        }
        self.parsed(key, &parse)
    }

    /// The value of a key that may be missing or empty.
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

    /// Whether `key` is `true`; by default it is `false`.
    pub(super) fn flag(&mut self, key: &'static str) -> bool {
        self.register(key, Kind::Flag, Some(false.to_string()));
        self.parsed(key, &values::truth).unwrap_or_default()
    }

    /// A path of the file system, relative to the directory of the settings file.
    pub(super) fn path(&mut self, key: &'static str, default: &'static str) -> PathBuf {
        let context = self.context;
        self.value(key, default, |text| file_path(context, text))
    }

    /// A time zone and its rules.
    pub(super) fn time_zone(
        &mut self,
        key: &'static str,
        default: &'static str,
    ) -> (Zone, ZoneRules) {
        let zoneinfo = self.context.zoneinfo;
        self.value(key, default, |text| zoneinfo.zone(text))
    }

    /// A language, with the operator's words in `templates_dir`.
    pub(super) fn language(
        &mut self,
        key: &'static str,
        default: &'static str,
        templates_dir: &Path,
    ) -> Language {
        let own = match self.context.has_own_words {
            true => languages::own_files(templates_dir),
            false => OwnFiles::new(),
        };
        self.value(key, default, |text| Language::load(text, &own))
    }

    /// The path to read a secret from, if `key` names a file.
    pub(super) fn secret_file(&mut self, key: &'static str) -> Option<PathBuf> {
        let context = self.context;
        let file = self.optional(key, |text| file_path(context, text))?;
        self.output
            .secret_files
            .extend(self.spans.typed(key).map(|span| (file.clone(), span.clone())));
        Some(context.readable(file))
    }

    /// Records that the settings themselves contain the secret of `key`.
    pub(super) fn record_inline_secret(&mut self, key: &'static str) {
        self.output.inline_secrets.push(format!("{}.{key}", self.name));
    }

    /// A list of paths, empty by default.
    pub(super) fn paths(&mut self, key: &'static str) -> Vec<PathBuf> {
        let context = self.context;
        self.list(key, &[], |text| file_path(context, text))
    }

    /// A list of texts, each parsed by `parse`.
    pub(super) fn list<T>(
        &mut self,
        key: &'static str,
        default: &[&'static str],
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        let quotes: Vec<_> = default.iter().map(|item| quoted(item)).collect();
        self.register(key, Kind::List, Some(format!("[{}]", quotes.join(", "))));
        let Some(node) = self.take(key) else {
            let parsed = default.iter().map(|item| parse(item));
            return parsed.map(|item| item.expect("each default is a valid value")).collect();
        };
        let Value::List(items) = node.value else {
            let kind = node.value.kind();
            self.report(key, node.span, format!("takes a list of texts, not {kind}; put it in brackets, such as `{key} = [\"…\"]`"));
            return Vec::new();
        };
        items.into_iter().filter_map(|item| self.item(key, item, &parse)).collect()
    }

    /// Secrets that may be one text or a list, each parsed by `parse`, whose errors must not quote them.
    pub(super) fn secrets<T>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        self.register(key, Kind::TextOrList, Some(quoted("")));
        let Some(node) = self.take(key) else {
            return Vec::new();
        };
        let items = match node.value {
            Value::List(items) => items,
            value => vec![Node { span: node.span, value }],
        };
        items.into_iter().filter_map(|item| self.item(key, item, &parse)).collect()
    }

    /// Whether `key` was typed.
    pub(super) fn is_typed(&self, key: &'static str) -> bool {
        self.spans.typed(key).is_some()
    }

    /// The number of problems so far, so that a caller can skip problems that follow from others.
    pub(super) fn problem_count(&self) -> usize {
        self.output.diagnostics.len()
    }

    /// Reports that `key`, or else the section, conflicts with other keys.
    pub(super) fn conflict(&mut self, key: &'static str, message: impl Into<String>) {
        if let Some(span) = self.spans.key_or_header(key).cloned() {
            self.output.diagnostics.push(Diagnostic::new(span, message));
        }
    }

    /// Ends the section: keys that were not requested are unknown.
    pub(super) fn finish(self) -> KeySpans {
        let unknown = self.entries.into_iter().map(|(name, entry)| Unknown {
            section: Some(self.name),
            name,
            key: entry.key,
            node: entry.node,
        });
        self.output.unknown.extend(unknown);
        self.spans
    }

    fn register(&mut self, name: &'static str, kind: Kind, default: Option<String>) {
        let key = Key { section: self.name, name, kind, default };
        let typed = self.entries.get(name).map(|entry| &entry.node);
        if let Some(block) = self.output.blocks.last_mut() {
            block.entries.push(Entry::new(&key, typed));
        }
        self.output.keys.push(key);
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

    /// One parsed text; otherwise reports the problem and returns `None`.
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
            self.report(key, node.span, format!("takes a text, not {kind}; {remedy}"));
            return None;
        };
        let understood = parse(text);
        if let Err(why) = &understood {
            let message = format!("`{}.{key}`: {why}", self.name);
            self.output.diagnostics.push(Diagnostic::new(node.span, message));
        }
        understood.ok()
    }

    fn report(&mut self, key: &str, span: Span, what: String) {
        let message = format!("`{}.{key}` {what}", self.name);
        self.output.diagnostics.push(Diagnostic::new(span, message));
    }

    fn report_at_header(&mut self, message: String) {
        if let Some(span) = self.spans.header.clone() {
            self.output.diagnostics.push(Diagnostic::new(span, message));
        }
    }
}

/// `text` as a TOML string.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn file_path(context: Context<'_>, text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        return Err("the path is empty".to_owned());
    }
    if text.starts_with("~/") {
        return Err(format!("`{text}`: `~` is not expanded; write the full path"));
    }
    Ok(context.directory.join(text))
}
