//! The site: a function of dashboard and templates, then put in place.
//!
//! [`Renderer::render`] makes all files in memory; only when every one of them
//! is made does [`publish`](publish::publish) touch the output directory. So a
//! template with a fault leaves the last good site as it is.

mod assets;
mod csv;
pub(crate) mod fault;
pub mod headers;
mod outputs;
mod own_files;
pub mod publish;
mod render;
pub(crate) mod templates;

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

use anyhow::Result;

use crate::config::Settings;
use crate::dashboard::Dashboard;
use crate::files::lock;
use crate::roster::Presence;
use crate::time::moment::Moment;

pub use assets::builtin_files as builtin_static_files;
pub use outputs::Models;
pub use own_files::Findings;
pub(crate) use own_files::{OwnFiles, list as list_own_files};
pub use publish::{ArchivePosition, Edition, Outcome, Position, Published, Replace, Twin, publish};
pub use render::Renderer;
pub use templates::builtin_files as builtin_templates;

/// One file of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File<'a> {
    /// Below the output directory, with `/` between its parts.
    pub path: String,
    /// Its contents.
    pub bytes: Cow<'a, [u8]>,
    /// Whether its name carries a hash of its contents: pages that are open in a browser
    /// may ask for it when newer ones do no longer.
    pub lasting: bool,
}

/// What came of a build.
#[derive(Debug)]
pub struct Build {
    /// What was done to the output directory.
    pub outcome: Outcome,
    /// The next moment at which the site changes although nothing arrives.
    pub next_change: Option<Moment>,
    /// Why built-in templates or static files took the place of the operator's.
    pub faults: Vec<String>,
}

/// Renders the site as of `edition.moment` and publishes it.
///
/// # Errors
///
/// A template with a fault, or an output directory that can't be written; what
/// was published before is then still there, whole.
pub fn build(
    renderer: &Renderer,
    presence: &Presence,
    settings: &Settings,
    edition: &Edition,
    replace: Replace,
) -> Result<Build> {
    let dashboard = Dashboard::new(presence, settings, edition.moment);
    let (files, faults) = renderer.render_as_loaded(&dashboard, settings)?;
    let of = settings.csv.path.as_str();
    let copies = settings.csv.copies.iter();
    let twins: Vec<Twin> = copies.map(|target| Twin { target, of }).collect();
    let lock = publish_lock(settings);
    let outcome = publish(&files, &twins, &settings.site.output_dir, &lock, edition, replace)?;
    Ok(Build { outcome, next_change: dashboard.next_change, faults })
}

/// Removes temporary files of publications that were killed.
///
/// # Errors
///
/// Somebody else publishes and does not end.
pub fn sweep(settings: &Settings) -> anyhow::Result<()> {
    publish::sweep(&settings.site.output_dir, &settings.csv.copies, &publish_lock(settings))
}

fn publish_lock(settings: &Settings) -> PathBuf {
    lock::path_of(&settings.journal.path, "publish")
}

/// Whether a site was ever put into the output directory.
pub fn is_published(settings: &Settings) -> bool {
    publish::is_published(&settings.site.output_dir)
}

/// Dates the heartbeat file to `moment`, so that the page can tell "quiet" from
/// "Lookout is down". Everybody sees the date, so the moment must not depend on any event.
///
/// # Errors
///
/// The file is there and can't be dated.
pub fn touch_heartbeat(settings: &Settings, moment: Moment) -> io::Result<()> {
    let site = &settings.site;
    let path = format!("{}{}", site.path.trim_start_matches('/'), render::HEARTBEAT_FILE);
    publish::touch_heartbeat(&site.output_dir.join(path), moment)
}
