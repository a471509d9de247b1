//! The operator's own output files: each template in `more/` makes a file of the same name beside the
//! page at the top, each in `more/room/` one beside the page of each room.
//!
//! Where the page at the top is that of the only room, files for rooms are beside it, too; a file of
//! `more/` then takes precedence over one for rooms of the same name.

use std::collections::BTreeSet;
use std::path::Path;

use tera::Tera;

use super::custom_files::LoadProblems;
use super::format::Format;
use super::{HEARTBEAT_FILE, assets, headers, web_manifest};
use crate::config::Room;

/// The folder, in `site.templates_dir`, of the templates of own output files.
pub(super) const FOLDER: &str = "more/";

/// The part of it for files beside the page of each room.
const ROOM_FOLDER: &str = "more/room/";

/// Files and folders that Lookout itself makes beside a page, or answers requests for.
const RESERVED: [&str; 3] = ["index.html", "assets", "live"];

/// The templates of own output files.
#[derive(Debug, Clone, Default)]
pub(super) struct OwnOutputs {
    top: Vec<OwnOutput>,
    room: Vec<OwnOutput>,
}

/// A template of an own output file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OwnOutput {
    /// The path from the folder of its page.
    pub(super) path: String,
    /// The name of the template.
    pub(super) template: String,
}

impl OwnOutputs {
    /// The own output files among the templates `own` (name and source) of `templates_dir`, where
    /// there are `rooms`. Those that can't be made are reported in `problems`.
    pub(super) fn new(
        own: &[(String, String)],
        templates_dir: &Path,
        rooms: &[Room],
        problems: &mut LoadProblems,
    ) -> Self {
        let mut outputs = Self::default();
        for (template, source) in own {
            // The folders of rooms are beside the page at the top.
            let (list, path, rooms) = match template.strip_prefix(ROOM_FOLDER) {
                Some(path) => (&mut outputs.room, path, &[][..]),
                None => match template.strip_prefix(FOLDER) {
                    Some(path) => (&mut outputs.top, path, rooms),
                    None => continue,
                },
            };
            let format = Format::of(path);
            let checked = format.map_or(Ok(()), |format| format.check_source(source));
            match checked.and_then(|()| check(path, rooms)) {
                Ok(()) => {
                    list.push(OwnOutput { path: path.to_owned(), template: template.clone() })
                }
                Err(why) => {
                    let shown = templates_dir.join(template);
                    problems.fault(format!("the template `{}` {why}", shown.display()));
                }
            }
        }
        outputs
    }

    /// Leaves out those that `tera` does not have, because they have a fault.
    pub(super) fn retain_loaded(&mut self, tera: &Tera) {
        for list in [&mut self.top, &mut self.room] {
            list.retain(|output| tera.contains_template(&output.template));
        }
    }

    /// Leaves out those whose templates `templates_dir` no longer has.
    pub(super) fn retain_those_in(&mut self, templates_dir: &Path) {
        for list in [&mut self.top, &mut self.room] {
            // One that cannot be examined may still be there.
            list.retain(|output| templates_dir.join(&output.template).try_exists().unwrap_or(true));
        }
    }

    /// The formats of all of them.
    pub(super) fn formats(&self) -> impl Iterator<Item = Format> {
        let all = self.top.iter().chain(&self.room);
        all.filter_map(|output| Format::of(&output.template)).collect::<BTreeSet<_>>().into_iter()
    }

    /// Those beside the page at the top, which is that of a room if it is the only page.
    pub(super) fn of_top(&self, is_only_page: bool) -> impl Iterator<Item = &OwnOutput> {
        let is_free = |output: &&OwnOutput| self.top.iter().all(|top| top.path != output.path);
        self.top.iter().chain(self.room.iter().filter(move |_| is_only_page).filter(is_free))
    }

    /// Those beside the page of each of several rooms.
    pub(super) fn of_room(&self) -> impl Iterator<Item = &OwnOutput> {
        self.room.iter()
    }
}

/// Why the template `name` makes no file, judged by its name alone.
pub(super) fn unknown_format(name: &str) -> Option<String> {
    (name.starts_with(FOLDER) && Format::of(name).is_none()).then(|| {
        format!(
            "makes no file of the site: the name of one in `{FOLDER}` ends with {}; put other files into \
             `site.static_dir`",
            Format::endings()
        )
    })
}

/// Whether a file at `path` from the folder of a page, beside the folders of `rooms`, can be
/// published; the error says why not.
fn check(path: &str, rooms: &[Room]) -> Result<(), String> {
    let first = path.split('/').next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    let ours = Some(first).filter(|name| is_made_by_lookout(name));
    if let Some(taken) = ours.or(Some(last).filter(|name| is_open_to_others(name))) {
        return Err(format!(
            "would make `{path}`, but `{taken}` is a name that Lookout itself uses; give it another name"
        ));
    }
    let is_of_room = |room: &Room| first.eq_ignore_ascii_case(room.slug.as_str());
    if first != path && rooms.len() > 1 && rooms.iter().any(is_of_room) {
        return Err(format!(
            "would make `{path}`, but `{first}/` is the folder of a room; put files for rooms into \
             `{ROOM_FOLDER}`, or give the folder another name"
        ));
    }
    let mut folders = path.split('/').rev().skip(1);
    if let Some(folder) = folders.find(|folder| Format::of(&original_name(folder)).is_some()) {
        return Err(format!(
            "is in a folder that is called like a file, `{folder}`; rename the folder"
        ));
    }
    if !assets::is_short_enough(path) {
        return Err("has a name that is too long; give it a shorter one".to_owned());
    }
    Ok(())
}

fn is_made_by_lookout(name: &str) -> bool {
    let others = [HEARTBEAT_FILE, web_manifest::WEB_MANIFEST];
    let name = original_name(name);
    RESERVED.iter().chain(&others).any(|reserved| name == *reserved) || is_open_to_others(&name)
}

/// Whether web servers let other sites, or visitors without a password, have files called `name`, in
/// whatever folder.
fn is_open_to_others(name: &str) -> bool {
    let name = original_name(name);
    name == headers::EMBED || headers::WIDGETS.contains(&name.as_str())
}

/// `name` without the ending of a compressed copy, as a file system that does not tell capitals apart
/// compares it.
fn original_name(name: &str) -> String {
    let name = name.to_lowercase();
    name.strip_suffix(".gz").map(str::to_owned).unwrap_or(name)
}
