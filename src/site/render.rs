//! Dashboard → files, in memory.

use std::borrow::Cow;
use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use tera::{Context, Tera};

use super::{File, assets, csv, templates};
use crate::config::Settings;
use crate::dashboard::{Dashboard, Page, Widget};

/// A constant: the file's date is the message ([`super::touch_heartbeat`]).
const HEARTBEAT: &[u8] = b"The date of this file is when Lookout was last at work.\n";

/// Templates and static files, loaded once.
#[derive(Clone)]
pub struct Renderer {
    tera: Tera,
    assets: BTreeMap<String, assets::Asset>,
}

impl Renderer {
    /// Loads templates and static files.
    ///
    /// # Errors
    ///
    /// A file that can't be read, or a template with a fault; the error shows
    /// file, line, column and the line itself.
    pub fn load(settings: &Settings) -> Result<Self> {
        let mut tera = templates::load(&settings.site.templates_dir)?;
        let assets = assets::load(&settings.site.static_dir)?;
        let paths = assets.iter().map(|(name, asset)| (name, &asset.path));
        let paths: BTreeMap<&String, &String> = paths.collect();
        tera.global_context().insert("assets", &paths);
        Ok(Self { tera, assets })
    }

    /// Makes the whole site: static files first, so that no page appears before what it needs.
    ///
    /// # Errors
    ///
    /// A template that asks for what is not there; the error shows file, line,
    /// column and the line itself.
    pub fn render(&self, dashboard: &Dashboard, settings: &Settings) -> Result<Vec<File<'_>>> {
        let below = settings.site.path.trim_start_matches('/');
        let mut files = Vec::new();
        for asset in self.assets.values() {
            files.push(File {
                path: format!("{below}{}", asset.path),
                bytes: Cow::Borrowed(asset.bytes.as_ref()),
            });
        }
        let mut add = |path, bytes| {
            let bytes = Cow::Owned(bytes);
            files.push(File { path, bytes });
        };
        add(settings.csv.path.clone(), csv::encode(&dashboard.table)?);
        add(format!("{below}{HEARTBEAT_FILE}"), HEARTBEAT.to_vec());
        add(format!("{below}presence.json"), json(&dashboard.widget)?);
        for page in &dashboard.pages {
            add(format!("{below}{}", page.path), self.page(page)?);
        }
        Ok(files)
    }

    fn page(&self, page: &Page) -> Result<Vec<u8>> {
        let explain = |error: tera::Error| {
            let (path, template) = (&page.path, page.template);
            anyhow!("cannot make `{path}` from the template `{template}`\n{error}")
        };
        let context = Context::from_serialize(page).map_err(explain)?;
        let mut html = Vec::new();
        self.tera.render_to(page.template, &context, &mut html).map_err(explain)?;
        Ok(html)
    }
}

/// The heartbeat file's name below `site.path`.
pub(super) const HEARTBEAT_FILE: &str = "heartbeat.txt";

/// `widget` as JSON that stays text wherever it is put, a `<script>` included.
fn json(widget: &Widget) -> Result<Vec<u8>> {
    let text = serde_json::to_string_pretty(widget)?;
    let mut safe = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                safe.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            _ => safe.push(c),
        }
    }
    safe.push('\n');
    Ok(safe.into_bytes())
}
