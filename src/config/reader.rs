//! All sections, read one after the other from a tree.

use std::collections::BTreeMap;
use std::path::Path;

use super::credentials::Base;
use super::problem::Note;
use super::section::{Findings, Key, Places, Section};
use super::sections::{
    admin, archive, csv, journal, notify, people, presence, privacy, rooms, site, zoom,
};
use super::source::{Place, Sources};
use super::tree::{Node, Table, Value};
use super::unknown::{Unknown, is_list};
use super::{Origin, Settings, in_effect, secrecy};

/// The longest body that fits into a document of MongoDB, which ends at 16 MiB.
const ARCHIVED_BODY: usize = 15 << 20;

/// Reads section after section from a tree.
pub(super) struct Reader<'a> {
    base: Base<'a>,
    root: Table,
    findings: Findings,
    places: BTreeMap<&'static str, Places>,
}

impl<'a> Reader<'a> {
    /// Reads from `root`; paths are read as `base` has them.
    pub(super) fn new(root: Table, base: Base<'a>) -> Self {
        Self { base, root, findings: Findings::default(), places: BTreeMap::new() }
    }

    /// All settings; what is wrong is noted, and the default holds for it.
    pub(super) fn settings(&mut self) -> Settings {
        let (site, zone_rules) = self.section("site", site::read);
        let csv = self.section("csv", csv::read);
        let (zoom, secret) = self.section("zoom", zoom::read);
        let journal = self.section("journal", journal::read);
        let archive = self.section_if_typed("archive", archive::read);
        let privacy = self.section("privacy", privacy::read);
        let presence = self.section("presence", presence::read);
        let rooms = self.list("rooms", rooms::read);
        let people = self.list("people", people::read);
        let notify = self.list("notify", notify::read);
        self.findings.notes.extend(rooms::clashes(&rooms));
        self.findings.notes.extend(people::clashes(&people));
        let rooms: Vec<_> = rooms.into_iter().map(|(room, _)| room).collect();
        let (notify, notes) = notify::resolve(notify, &rooms);
        self.findings.notes.extend(notes);
        let mut settings = Settings {
            site,
            csv,
            zoom,
            journal,
            archive,
            privacy,
            presence,
            rooms,
            people: people.into_iter().map(|(person, _)| person).collect(),
            notify,
            admin: self.section("admin", admin::read),
            origin: Origin { secret, zone_rules, ..Origin::default() },
        };
        settings.origin.secret_files.clone_from(&self.findings.secret_files);
        settings.origin.typed_secrets.clone_from(&self.findings.typed_secrets);
        self.note_clashes(&settings);
        settings
    }

    /// Reads the section `name`; `None` where nobody typed it.
    fn section_if_typed<T>(
        &mut self,
        name: &'static str,
        read: fn(&mut Section<'_>) -> T,
    ) -> Option<T> {
        let is_typed = self.root.contains_key(name);
        // It is read all the same, so that its keys are known.
        let value = self.section(name, read);
        if !is_typed {
            self.findings.blocks.pop();
        }
        is_typed.then_some(value)
    }

    /// Reads the section `name`; what is missing is as if empty.
    fn section<T>(&mut self, name: &'static str, read: fn(&mut Section<'_>) -> T) -> T {
        let entry = self.root.remove(name);
        let header = entry.as_ref().map(|entry| entry.key.clone());
        let table = entry.map_or_else(Table::new, |entry| self.table(name, entry.node));
        let mut section = Section::new(name, header, table, self.base, &mut self.findings);
        let value = read(&mut section);
        let places = section.finish();
        self.places.insert(name, places);
        value
    }

    fn table(&mut self, name: &str, node: Node) -> Table {
        match node.value {
            Value::Table(table) => table,
            other => {
                let kind = other.kind();
                let message = format!(
                    "`{name}` is a section, but here stands {kind}; write `[{name}]` once and its keys below"
                );
                self.findings.notes.push(Note::new(node.place, message));
                Table::new()
            }
        }
    }

    /// Reads each of `[[name]]`, with the places of its keys; what lacks something is left out.
    fn list<T>(
        &mut self,
        name: &'static str,
        read: fn(&mut Section<'_>) -> Option<T>,
    ) -> Vec<(T, Places)> {
        let Some(entry) = self.root.remove(name) else {
            return Vec::new();
        };
        let Value::List(items) = entry.node.value else {
            let message =
                format!("there may be several `{name}`; write `[[{name}]]` with two brackets");
            self.findings.notes.push(Note::new(entry.key, message));
            return Vec::new();
        };
        let mut all = Vec::new();
        for item in items {
            let header = Some(item.place.clone());
            let table = self.table(name, item);
            let mut section = Section::new(name, header, table, self.base, &mut self.findings);
            let value = read(&mut section);
            let places = section.finish();
            all.extend(value.map(|value| (value, places)));
        }
        all
    }

    /// Notes values that are good alone and not together.
    fn note_clashes(&mut self, settings: &Settings) {
        let (site, csv, zoom) =
            (&settings.site.path, format!("/{}", settings.csv.path), &settings.zoom.path);
        let inside = |path: &str| format!("{path}/").starts_with(site.as_str());
        if inside(zoom) {
            let message = format!(
                "`zoom.path` lies inside `site.path` (`{site}`), where the site's own files are; choose another"
            );
            self.note_pair([("zoom", "path"), ("site", "path")], message);
        }
        if inside(&csv) || site.starts_with(&format!("{csv}/")) {
            let message = format!(
                "`csv.path` collides with `site.path` (`{site}`), where the site's own files are; choose another"
            );
            self.note_pair([("csv", "path"), ("site", "path")], message);
        }
        if zoom.trim_end_matches('/') == csv {
            let message =
                "`zoom.path` and `csv.path` are the same path; choose another for one of them";
            self.note_pair([("zoom", "path"), ("csv", "path")], message.to_owned());
        }
        if settings.archive.is_some() && settings.zoom.max_body > ARCHIVED_BODY {
            let message = "`zoom.max_body` is more than a document of the archive can hold; write at most `15MiB`";
            self.note_pair([("zoom", "max_body"), ("archive", "url")], message.to_owned());
        }
        let (public, admin) = (settings.zoom.listen, settings.admin.listen);
        if public == admin && public.port() != 0 {
            let message = format!(
                "`zoom.listen` and `admin.listen` are both `{public}`; give one of them another port"
            );
            self.note_pair([("admin", "listen"), ("zoom", "listen")], message);
        }
    }

    /// Notes `message` at the first of the two keys that was typed: at least one was, defaults do not clash.
    fn note_pair(&mut self, keys: [(&str, &str); 2], message: String) {
        if let Some(place) = self.typed_place(&keys) {
            self.findings.notes.push(Note::new(place, message));
        }
    }

    /// The place of the first of `keys` (section and name) that was typed.
    pub(super) fn typed_place(&self, keys: &[(&str, &str)]) -> Option<Place> {
        let typed = |(section, key): &(&str, &str)| self.places.get(section)?.typed(key).cloned();
        keys.iter().find_map(typed)
    }

    /// The place where the secret file `path` is named.
    pub(super) fn secret_file_place(&self, path: &Path) -> Option<Place> {
        let places = self.findings.secret_files.iter().zip(&self.findings.secret_file_places);
        places.into_iter().find(|(file, _)| *file == path).map(|(_, place)| place.clone())
    }

    /// The settings in effect, as the text of a settings file; those read were typed in `file`.
    pub(super) fn in_effect(&self, file: Option<&Path>) -> String {
        in_effect::settings_file(&self.findings.blocks, is_list, file)
    }

    /// The keys that were asked for.
    pub(super) fn into_keys(self) -> Vec<Key> {
        self.findings.keys
    }

    /// All notes, those about what is not among `keys` included; its values are masked.
    pub(super) fn into_notes(self, keys: &[Key], sources: &mut Sources) -> Vec<Note> {
        let mut notes = self.findings.notes;
        let sections = self.root.into_iter().map(|(name, entry)| Unknown {
            section: None,
            name,
            key: entry.key,
            node: entry.node,
        });
        for unknown in self.findings.unknown.into_iter().chain(sections) {
            notes.push(unknown.note(keys));
            // Under a misspelt key there may be a secret.
            secrecy::mask_leaves(&unknown.node, sources);
        }
        notes
    }
}
