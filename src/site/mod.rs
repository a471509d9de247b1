//! The site: renders the dashboard with templates and publishes the files.
//!
//! [`Renderer::render`] makes all files in memory. Only then does [`publish`](publish::publish)
//! write to the output directory, so a broken template leaves the last good site as it is.

mod accent;
mod assets;
mod calendar_lines;
mod csv;
mod custom_files;
mod engine;
mod escape;
mod faces;
mod format;
pub mod headers;
mod look;
mod outputs;
mod own_outputs;
mod picture;
mod printing;
pub mod publish;
mod render;
mod schema;
mod sound_templates;
pub(crate) mod templates;
mod unused_templates;
pub mod web_manifest;
mod withheld;

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

use anyhow::Result;

use crate::config::Settings;
use crate::files::lock;
use crate::roster::Presence;
use crate::time::moment::Moment;

pub use assets::builtin_files as builtin_static_files;
pub use custom_files::LoadProblems;
pub(crate) use custom_files::{CustomFiles, list as list_custom_files};
pub use faces::published_faces;
pub use outputs::Models;
pub use publish::{
    ArchivePosition, Edition, Mirror, Position, PublishOutcome, Published, Replace, publish,
};
pub use render::Renderer;
pub use schema::{model_schema, presence_schema};
pub use templates::builtin_files as builtin_templates;
pub use withheld::Withheld;

/// The heartbeat file's name below `site.path`.
const HEARTBEAT_FILE: &str = "heartbeat.txt";

/// One file of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File<'a> {
    /// The path below the output directory, with `/` between its parts.
    pub path: String,
    /// The content.
    pub bytes: Cow<'a, [u8]>,
    /// Whether its name contains a hash of its content. Pages that are open in a browser may still
    /// request it after it was replaced.
    pub lasting: bool,
}

/// The result of a build.
#[derive(Debug)]
pub struct Build {
    /// The result of publishing.
    pub outcome: PublishOutcome,
    /// When the site changes next even if no event arrives.
    pub next_change: Option<Moment>,
    /// Why built-in templates or static files replace the operator's.
    pub faults: Vec<String>,
}

/// Renders the site as of `edition.moment` and publishes it.
///
/// # Errors
///
/// A template is broken, or the output directory can't be written. The previous site is then still
/// there, complete.
pub fn build(
    renderer: &Renderer,
    presence: &Presence,
    settings: &Settings,
    edition: &Edition,
    replace: Replace,
) -> Result<Build> {
    let dashboard = renderer.dashboard(presence, settings, edition.moment);
    let (files, faults) = renderer.render_as_loaded(&dashboard, settings)?;
    let of = settings.csv.path.as_str();
    let copies = settings.csv.copies.iter();
    let mirrors: Vec<Mirror> = copies.map(|target| Mirror { target, of }).collect();
    let lock = publish_lock(settings);
    let withheld = renderer.withheld(settings);
    let output_dir = &settings.site.output_dir;
    let outcome = publish(&files, &withheld, &mirrors, output_dir, &lock, edition, replace)?;
    Ok(Build { outcome, next_change: dashboard.next_change, faults })
}

/// Removes temporary files of killed publications.
///
/// # Errors
///
/// Another publication holds the lock for too long.
pub fn sweep(settings: &Settings) -> anyhow::Result<()> {
    publish::sweep(&settings.site.output_dir, &settings.csv.copies, &publish_lock(settings))
}

fn publish_lock(settings: &Settings) -> PathBuf {
    lock::path_of(&settings.journal.path, "publish")
}

/// Whether a site was ever published into the output directory.
///
/// # Errors
///
/// The directory can't be examined.
pub fn is_published(settings: &Settings) -> io::Result<bool> {
    publish::is_published(&settings.site.output_dir)
}

/// Sets the date of the heartbeat file to `moment`, so that the page can tell "quiet" from "Lookout
/// is down". The date is public, so it must not depend on any event.
///
/// # Errors
///
/// The file exists and its date can't be set.
pub fn touch_heartbeat(settings: &Settings, moment: Moment) -> io::Result<()> {
    let site = &settings.site;
    let path = format!("{}{}", site.path.trim_start_matches('/'), HEARTBEAT_FILE);
    publish::touch_heartbeat(&site.output_dir.join(path), moment)
}
