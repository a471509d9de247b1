//! Reads all sections from the tree and checks them against each other.

use std::collections::BTreeMap;
use std::path::Path;

use super::context::Context;
use super::key::Key;
use super::problem::Diagnostic;
use super::section::{KeySpans, Output, Section};
use super::sections::{
    admin, archive, csv, journal, notify, people, presence, privacy, rooms, site, zoom, zoom_api,
};
use super::settings::{Origin, Settings};
use super::source::{Sources, Span};
use super::tree::{Node, Table, Value};
use super::unknown::{Unknown, is_list};
use super::{effective, masking};

/// The maximum size of a body in a MongoDB document, which is limited to 16 MiB.
const MAX_ARCHIVED_BODY: usize = 15 << 20;

/// Reads the sections of a tree.
pub(super) struct Reader<'a> {
    context: Context<'a>,
    root: Table,
    output: Output,
    spans: BTreeMap<&'static str, KeySpans>,
}

impl<'a> Reader<'a> {
    /// Reads from `root`; `context` says what paths are relative to.
    pub(super) fn new(root: Table, context: Context<'a>) -> Self {
        Self { context, root, output: Output::default(), spans: BTreeMap::new() }
    }

    /// Reads all settings; a bad value is reported and replaced by its default.
    pub(super) fn settings(&mut self) -> Settings {
        let (site, zone_rules) = self.section("site", site::read);
        let csv = self.section("csv", csv::read);
        let (zoom, secret) = self.section("zoom", zoom::read);
        let zoom_api = self.section_if_typed("zoom.api", zoom_api::read).flatten();
        let journal = self.section("journal", journal::read);
        let archive = self.section_if_typed("archive", archive::read);
        let privacy = self.section("privacy", privacy::read);
        let presence = self.section("presence", presence::read);
        let rooms = self.list("rooms", rooms::read);
        let people = self.list("people", people::read);
        let notify = self.list("notify", notify::read);
        self.output.diagnostics.extend(rooms::conflicts(&rooms));
        let (people, faces) = people::without_faces(people);
        self.output.diagnostics.extend(people::conflicts(&people));
        let rooms: Vec<_> = rooms.into_iter().map(|(room, _)| room).collect();
        let (notify, diagnostics) = notify::resolve(notify, &rooms);
        self.output.diagnostics.extend(diagnostics);
        let mut settings = Settings {
            site,
            csv,
            zoom,
            zoom_api,
            journal,
            archive,
            privacy,
            presence,
            rooms,
            people: people.into_iter().map(|(person, _)| person).collect(),
            faces,
            notify,
            admin: self.section("admin", admin::read),
            origin: Origin { secret, zone_rules, ..Origin::default() },
        };
        let secret_files = self.output.secret_files.iter();
        settings.origin.secret_files = secret_files.map(|(path, _)| path.clone()).collect();
        settings.privacy.hide = settings.privacy.hide.with_people(&settings.people);
        settings.origin.inline_secrets.clone_from(&self.output.inline_secrets);
        self.check_conflicts(&settings);
        settings
    }

    /// Reads the section `name`; `None` if it is missing.
    fn section_if_typed<T>(
        &mut self,
        name: &'static str,
        read: fn(&mut Section<'_>) -> T,
    ) -> Option<T> {
        let is_typed = self.root.contains_key(name);
        // It is read in any case, to register its keys.
        let value = self.section(name, read);
        if !is_typed {
            self.output.blocks.pop();
        }
        is_typed.then_some(value)
    }

    /// Reads the section `name`; a missing section is read as an empty one.
    fn section<T>(&mut self, name: &'static str, read: fn(&mut Section<'_>) -> T) -> T {
        let entry = self.root.remove(name);
        let header = entry.as_ref().map(|entry| entry.key.clone());
        let table = entry.map_or_else(Table::new, |entry| self.table(name, entry.node));
        let mut section = Section::new(name, header, table, self.context, &mut self.output);
        let value = read(&mut section);
        let spans = section.finish();
        self.spans.insert(name, spans);
        value
    }

    fn table(&mut self, name: &str, node: Node) -> Table {
        match node.value {
            Value::Table(table) => table,
            other => {
                let kind = other.kind();
                let message = format!(
                    "`{name}` is a section, not {kind}; write `[{name}]` once and its keys below it"
                );
                self.output.diagnostics.push(Diagnostic::new(node.span, message));
                Table::new()
            }
        }
    }

    /// Reads each of `[[name]]`, with the spans of its keys; leaves out those that lack a required key.
    fn list<T>(
        &mut self,
        name: &'static str,
        read: fn(&mut Section<'_>) -> Option<T>,
    ) -> Vec<(T, KeySpans)> {
        let Some(entry) = self.root.remove(name) else {
            return Vec::new();
        };
        let Value::List(items) = entry.node.value else {
            let message =
                format!("`{name}` is a list of sections; write `[[{name}]]` with two brackets");
            self.output.diagnostics.push(Diagnostic::new(entry.key, message));
            return Vec::new();
        };
        let mut all = Vec::new();
        for item in items {
            let header = Some(item.span.clone());
            let table = self.table(name, item);
            let mut section = Section::new(name, header, table, self.context, &mut self.output);
            let value = read(&mut section);
            let spans = section.finish();
            all.extend(value.map(|value| (value, spans)));
        }
        all
    }

    /// Reports values that are valid alone but not together.
    fn check_conflicts(&mut self, settings: &Settings) {
        let (site, csv, zoom) =
            (&settings.site.path, format!("/{}", settings.csv.path), &settings.zoom.path);
        let inside = |path: &str| format!("{path}/").starts_with(site.as_str());
        if inside(zoom) {
            let message = format!(
                "`zoom.path` lies inside `site.path` (`{site}`), where the site's own files are; choose another"
            );
            self.report_pair([("zoom", "path"), ("site", "path")], message);
        }
        if inside(&csv) || site.starts_with(&format!("{csv}/")) {
            let message = format!(
                "`csv.path` collides with `site.path` (`{site}`), where the site's own files are; choose another"
            );
            self.report_pair([("csv", "path"), ("site", "path")], message);
        }
        if zoom.trim_end_matches('/') == csv {
            let message =
                "`zoom.path` and `csv.path` are the same path; choose another for one of them";
            self.report_pair([("zoom", "path"), ("csv", "path")], message.to_owned());
        }
        if settings.archive.is_some() && settings.zoom.max_body > MAX_ARCHIVED_BODY {
            let message = "`zoom.max_body` is more than a document of the archive can hold; write at most `15MiB`";
            self.report_pair([("zoom", "max_body"), ("archive", "url")], message.to_owned());
        }
        let (public, admin) = (settings.zoom.listen, settings.admin.listen);
        if public == admin && public.port() != 0 {
            let message = format!(
                "`zoom.listen` and `admin.listen` are both `{public}`; give one of them another port"
            );
            self.report_pair([("admin", "listen"), ("zoom", "listen")], message);
        }
    }

    /// Reports `message` at the first of the two keys that was typed; defaults do not conflict, so one was.
    fn report_pair(&mut self, keys: [(&str, &str); 2], message: String) {
        if let Some(span) = self.typed_span(&keys) {
            self.output.diagnostics.push(Diagnostic::new(span, message));
        }
    }

    /// The span of the first of `keys` (section and name) that was typed.
    pub(super) fn typed_span(&self, keys: &[(&str, &str)]) -> Option<Span> {
        let typed = |(section, key): &(&str, &str)| self.spans.get(section)?.typed(key).cloned();
        keys.iter().find_map(typed)
    }

    /// The span that names the secret file `path`.
    pub(super) fn secret_file_span(&self, path: &Path) -> Option<Span> {
        let found = self.output.secret_files.iter().find(|(file, _)| file == path);
        found.map(|(_, span)| span.clone())
    }

    /// The effective settings, read from `file`, as the text of a settings file.
    pub(super) fn effective(&self, file: Option<&Path>) -> String {
        effective::settings_file(&self.output.blocks, is_list, file)
    }

    /// All keys that were requested.
    pub(super) fn into_keys(self) -> Vec<Key> {
        self.output.keys
    }

    /// All diagnostics, including those about keys that are not among `keys`, whose values are masked.
    pub(super) fn into_diagnostics(self, keys: &[Key], sources: &mut Sources) -> Vec<Diagnostic> {
        let mut diagnostics = self.output.diagnostics;
        let sections = self.root.into_iter().map(|(name, entry)| Unknown {
            section: None,
            name,
            key: entry.key,
            node: entry.node,
        });
        for unknown in self.output.unknown.into_iter().chain(sections) {
            diagnostics.push(unknown.diagnostic(keys));
            // A misspelt key may hold a secret.
            masking::mask_leaves(&unknown.node, sources);
        }
        diagnostics
    }
}
