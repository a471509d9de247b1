//! Dashboard → files, in memory.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::thread::{self, ScopedJoinHandle};

use anyhow::{Result, anyhow, ensure};
use serde::Serialize;
use tera::{Context, Tera};

use super::outputs::{Given, Models, Output, outputs};
use super::own_files::Findings;
use super::{File, assets, csv, fault, templates};
use crate::config::Settings;
use crate::dashboard::Dashboard;

/// A constant: the file's date is the message ([`super::touch_heartbeat`]).
const HEARTBEAT: &[u8] = b"The date of this file is when Lookout was last at work.\n";

/// The heartbeat file's name below `site.path`.
pub(super) const HEARTBEAT_FILE: &str = "heartbeat.txt";

/// From this on the table is made beside the pages: of 10,000 people it takes a tenth of the time.
/// Below, another thread would cost more than it saves.
const LARGE_ROWS: usize = 1_000;

/// Templates and static files, loaded once.
#[derive(Clone)]
pub struct Renderer {
    tera: Tera,
    assets: BTreeMap<String, assets::Asset>,
    findings: Findings,
    /// Whether built-in templates take the place of those that have a fault.
    is_lenient: bool,
}

impl Renderer {
    /// Loads templates and static files.
    ///
    /// # Errors
    ///
    /// A file that can't be read, or a template with a fault; the error shows
    /// file, line, column and the line itself.
    pub fn load(settings: &Settings) -> Result<Self> {
        let renderer = Self { is_lenient: false, ..Self::load_leniently(settings) };
        let faults = &renderer.findings.faults;
        ensure!(faults.is_empty(), "{}", faults.join("\n"));
        Ok(renderer)
    }

    /// Loads templates and static files; built-in ones take the place of those that have a fault.
    pub fn load_leniently(settings: &Settings) -> Self {
        let mut findings = Findings::default();
        let mut tera = templates::load(&settings.site.templates_dir, &mut findings);
        let assets = assets::load(&settings.site.static_dir, &mut findings);
        tera.global_context().insert("assets", &paths(&assets));
        Self { tera, assets, findings, is_lenient: true }
    }

    /// What was found wrong while loading.
    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    /// Why the site of `dashboard` cannot be made of the operator's files as they are.
    pub fn fault(&self, dashboard: &Dashboard, settings: &Settings) -> Option<String> {
        if !self.findings.faults.is_empty() {
            return Some(self.findings.faults.join("\n"));
        }
        self.render(dashboard, settings).err().map(|error| format!("{error:#}"))
    }

    /// What templates receive where they say what `dashboard` says.
    pub fn models<'a>(&'a self, dashboard: &'a Dashboard) -> Models<'a> {
        let models = outputs(dashboard).into_iter().map(Given::from).collect();
        Models { assets: paths(&self.assets), models }
    }

    /// Makes the whole site: static files first, so that no page appears before what it needs.
    ///
    /// # Errors
    ///
    /// A template that asks for what is not there; the error shows file, line,
    /// column and the line itself.
    pub fn render(&self, dashboard: &Dashboard, settings: &Settings) -> Result<Vec<File<'_>>> {
        self.render_with(dashboard, settings, &mut |fault| Err(anyhow!(fault)))
    }

    /// The same, but where they were loaded leniently a built-in template takes the place of one
    /// that fails; together with all that is wrong with the operator's files.
    ///
    /// # Errors
    ///
    /// As for [`Renderer::render`].
    pub(super) fn render_as_loaded(
        &self,
        dashboard: &Dashboard,
        settings: &Settings,
    ) -> Result<(Vec<File<'_>>, Vec<String>)> {
        let mut faults = self.findings.faults.clone();
        let files = self.render_with(dashboard, settings, &mut |fault| {
            ensure!(self.is_lenient, fault);
            faults.push(fault);
            Ok(())
        })?;
        Ok((files, faults))
    }

    /// Makes the whole site. Where a template fails, `on_fault` decides whether the built-in one
    /// takes its place.
    fn render_with(
        &self,
        dashboard: &Dashboard,
        settings: &Settings,
        on_fault: &mut dyn FnMut(String) -> Result<()>,
    ) -> Result<Vec<File<'_>>> {
        let below = settings.site.path.trim_start_matches('/');
        let (table, outputs) = thread::scope(|scope| {
            let table = || csv::encode(&dashboard.table);
            let apart = (dashboard.table.len() >= LARGE_ROWS).then(|| scope.spawn(table));
            let outputs = self.outputs(dashboard, on_fault);
            let joined = |worker: ScopedJoinHandle<_>| worker.join().expect("it never panics");
            (apart.map_or_else(table, joined), outputs)
        });
        let mut files = Vec::new();
        for asset in self.assets.values() {
            let path = format!("{below}{}", asset.path);
            files.push(File { path, bytes: Cow::Borrowed(asset.bytes.as_ref()), lasting: true });
        }
        let mut add = |path, bytes| {
            let bytes = Cow::Owned(bytes);
            files.push(File { path, bytes, lasting: false });
        };
        add(settings.csv.path.clone(), table?);
        add(format!("{below}{HEARTBEAT_FILE}"), HEARTBEAT.to_vec());
        add(format!("{below}presence.json"), json(&dashboard.widget)?);
        for badge in &dashboard.badges {
            add(format!("{below}{}badge.json", badge.folder), json(&badge.shield())?);
        }
        for (path, bytes) in outputs? {
            add(format!("{below}{path}"), bytes);
        }
        Ok(files)
    }

    /// Everything that is wrong with the templates where they say what `dashboard` says;
    /// each fault once, however many files it spoils.
    pub fn faults(&self, dashboard: &Dashboard) -> Vec<String> {
        let mut faults = Vec::new();
        for output in outputs(dashboard) {
            let context = match context(&output) {
                Ok(context) => context,
                Err(error) => return vec![error.to_string()],
            };
            for (_, template) in &output.files {
                if let Err(error) = self.tera.render(template, &context) {
                    let fault = fault::told(&error);
                    if !faults.contains(&fault) {
                        faults.push(fault);
                    }
                }
            }
        }
        faults
    }

    /// The files that are made from templates.
    fn outputs(
        &self,
        dashboard: &Dashboard,
        on_fault: &mut dyn FnMut(String) -> Result<()>,
    ) -> Result<Vec<(String, Vec<u8>)>> {
        let mut made = Vec::new();
        let mut builtin = None;
        for output in outputs(dashboard) {
            let context = context(&output)?;
            for (path, template) in output.files {
                let bytes = match render_one(&self.tera, &path, template, &context) {
                    Ok(bytes) => bytes,
                    Err(fault) => {
                        on_fault(fault)?;
                        let builtin = builtin.get_or_insert_with(|| self.builtin());
                        render_one(builtin, &path, template, &context).map_err(|it| anyhow!(it))?
                    }
                };
                made.push((path, bytes));
            }
        }
        Ok(made)
    }

    /// The built-in templates, with these static files.
    fn builtin(&self) -> Tera {
        let mut tera = templates::load_builtin();
        tera.global_context().insert("assets", &paths(&self.assets));
        tera
    }
}

fn render_one(
    tera: &Tera,
    path: &str,
    template: &str,
    context: &Context,
) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    tera.render_to(template, context, &mut bytes).map_err(|error| {
        let fault = fault::told(&error);
        format!("cannot make `{path}` from the template `{template}`\n{fault}")
    })?;
    Ok(bytes)
}

fn context(output: &Output) -> Result<Context> {
    Context::from_serialize(&output.model)
        .map_err(|error| anyhow!("a model is no context of a template: {error}"))
}

fn paths(assets: &BTreeMap<String, assets::Asset>) -> BTreeMap<&str, &str> {
    assets.iter().map(|(name, asset)| (name.as_str(), asset.path.as_str())).collect()
}

/// `model` as JSON that stays text wherever it is put, a `<script>` included.
fn json(model: &impl Serialize) -> Result<Vec<u8>> {
    let text = serde_json::to_string_pretty(model)?;
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
