//! Renders the dashboard into files, in memory.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::{iter, thread};

use anyhow::{Result, anyhow, ensure};
use serde::Serialize;
use tera::{Context, Tera};

use super::custom_files::LoadProblems;
use super::engine::{self, Engine};
use super::faces::{Pictures, is_picture};
use super::look::Look;
use super::outputs::{Model, Models, Output, TemplateInput, outputs};
use super::own_outputs::OwnOutputs;
use super::web_manifest::{WEB_MANIFEST, WebManifest};
use super::withheld::Withheld;
use super::{File, HEARTBEAT_FILE, assets, csv, escape, templates};
use crate::config::Settings;
use crate::dashboard::Dashboard;
use crate::roster::Presence;
use crate::time::moment::Moment;

/// Constant: only the date of the file matters ([`super::touch_heartbeat`]).
const HEARTBEAT: &[u8] = b"The date of this file is when Lookout was last at work.\n";

/// The number of rows from which the table is made in its own thread. For 10,000 people it takes a
/// tenth of the time; for few people a thread costs more than it saves.
const MIN_ROWS_FOR_THREAD: usize = 1_000;

/// Templates and static files, loaded once.
#[derive(Clone)]
pub struct Renderer {
    engine: Engine,
    own_outputs: OwnOutputs,
    assets: BTreeMap<String, assets::Asset>,
    look: Look,
    pictures: Pictures,
    problems: LoadProblems,
    /// Whether built-in templates replace broken ones.
    is_lenient: bool,
}

impl Renderer {
    /// Loads templates and static files.
    ///
    /// # Errors
    ///
    /// A file can't be read, or a template is broken. The error shows file, line, column and the
    /// line itself.
    pub fn load(settings: &Settings) -> Result<Self> {
        let renderer = Self { is_lenient: false, ..Self::load_leniently(settings) };
        let faults = &renderer.problems.faults;
        ensure!(faults.is_empty(), "{}", faults.join("\n"));
        Ok(renderer)
    }

    /// Loads templates and static files; built-in ones replace broken ones.
    pub fn load_leniently(settings: &Settings) -> Self {
        let mut problems = LoadProblems::default();
        let templates_dir = &settings.site.templates_dir;
        let (mut tera, own) = templates::load(templates_dir, &mut problems);
        let mut own_outputs = OwnOutputs::new(&own, templates_dir, &settings.rooms, &mut problems);
        own_outputs.retain_loaded(&tera);
        problems.faults.extend_from_slice(settings.site.language.faults());
        let static_dir = &settings.site.static_dir;
        let is_picture = |name: &str| is_picture(name, &settings.faces);
        let found = assets::load(static_dir, is_picture, &mut problems);
        let pictures = Pictures::new(found.pictures, &settings.faces, static_dir, &mut problems);
        let mut assets = found.assets;
        // A copy of a picture that is withheld is withheld, too.
        let mut public = assets.clone();
        let withheld = pictures.withheld(&assets, settings);
        public.retain(|_, asset| !withheld.contains(&asset.path));
        let look = Look::new(&settings.site, &mut public, &mut problems);
        assets.extend(public);
        set_globals(&mut tera, &assets, &look);
        engine::set_pictures(&mut tera, pictures.by_path());
        let engine = Engine::new(tera, own_outputs.formats());
        Self { engine, own_outputs, assets, look, pictures, problems, is_lenient: true }
    }

    /// The problems found while loading.
    pub fn problems(&self) -> &LoadProblems {
        &self.problems
    }

    /// Why the site cannot be rendered from some of the operator's files.
    ///
    /// # Errors
    ///
    /// It cannot be rendered from the built-in ones either.
    pub fn faults(&self, dashboard: &Dashboard, settings: &Settings) -> Result<Vec<String>> {
        let mut faults = self.problems.faults.clone();
        self.render_with(dashboard, settings, &mut |fault| {
            faults.push(fault);
            Ok(())
        })?;
        Ok(faults)
    }

    /// Makes no more own output files of templates that were removed from the directory.
    pub fn drop_removed_own_outputs(&mut self, settings: &Settings) {
        self.own_outputs.retain_those_in(&settings.site.templates_dir);
    }

    /// What a visitor may know of `presence` at `now`, with the paths of published pictures.
    pub fn dashboard(&self, presence: &Presence, settings: &Settings, now: Moment) -> Dashboard {
        if settings.faces.pictures().next().is_none() {
            return Dashboard::new(presence, settings, now);
        }
        let faces = self.pictures.faces(settings);
        Dashboard::new(presence, &Settings { faces, ..settings.clone() }, now)
    }

    /// The files below the output directory that `settings` withhold.
    pub(super) fn withheld(&self, settings: &Settings) -> Withheld {
        let folder = settings.site.path.trim_start_matches('/');
        self.pictures.withheld(&self.assets, settings).below(folder)
    }

    /// What templates receive for `dashboard`.
    pub fn models<'a>(&'a self, dashboard: &'a Dashboard) -> Models<'a> {
        let models =
            outputs(dashboard, &self.own_outputs).into_iter().map(TemplateInput::from).collect();
        Models { assets: paths(&self.assets), look: &self.look, models }
    }

    /// Renders the whole site. Static files come first, so that no page appears before what it needs.
    ///
    /// # Errors
    ///
    /// A template uses an undefined variable. The error shows file, line, column and the line itself.
    pub fn render(&self, dashboard: &Dashboard, settings: &Settings) -> Result<Vec<File<'_>>> {
        self.render_with(dashboard, settings, &mut |fault| Err(anyhow!(fault)))
    }

    /// The same; if loaded leniently, built-in templates replace those that fail. Also returns all
    /// problems of the operator's files.
    ///
    /// # Errors
    ///
    /// As for [`Renderer::render`].
    pub(super) fn render_as_loaded(
        &self,
        dashboard: &Dashboard,
        settings: &Settings,
    ) -> Result<(Vec<File<'_>>, Vec<String>)> {
        let mut faults = self.problems.faults.clone();
        let files = self.render_with(dashboard, settings, &mut |fault| {
            ensure!(self.is_lenient, fault);
            faults.push(fault);
            Ok(())
        })?;
        Ok((files, faults))
    }

    /// Renders the whole site. If a template fails, `on_fault` decides whether the built-in one
    /// replaces it.
    fn render_with(
        &self,
        dashboard: &Dashboard,
        settings: &Settings,
        on_fault: &mut dyn FnMut(String) -> Result<()>,
    ) -> Result<Vec<File<'_>>> {
        let below = settings.site.path.trim_start_matches('/');
        let (table, outputs) = thread::scope(|scope| {
            let table = || csv::encode(&dashboard.table);
            let apart = (dashboard.table.len() >= MIN_ROWS_FOR_THREAD).then(|| scope.spawn(table));
            let outputs = self.outputs(dashboard, on_fault);
            let table = match apart {
                Some(worker) => worker.join().expect("it never panics"),
                None => table(),
            };
            (table, outputs)
        });
        let mut files = Vec::new();
        let withheld = self.pictures.withheld(&self.assets, settings);
        let public = self.assets.values().filter(|asset| !withheld.contains(&asset.path));
        let lasting = public.map(|asset| (asset, true));
        // A picture is removed as soon as nobody who has it may appear.
        let pictures = self.pictures.published(settings).into_iter().map(|asset| (asset, false));
        for (asset, lasting) in lasting.chain(pictures) {
            let path = format!("{below}{}", asset.path);
            files.push(File { path, bytes: Cow::Borrowed(&*asset.bytes), lasting });
        }
        let mut add = |path, bytes| {
            let bytes = Cow::Owned(bytes);
            files.push(File { path, bytes, lasting: false });
        };
        add(settings.csv.path.clone(), table?);
        add(format!("{below}{HEARTBEAT_FILE}"), HEARTBEAT.to_vec());
        add(format!("{below}presence.json"), json(&dashboard.presence_json)?);
        if let Some(index) = dashboard.pages.first() {
            let manifest = WebManifest::new(&settings.site, index, &self.assets);
            add(format!("{below}{WEB_MANIFEST}"), json(&manifest)?);
        }
        for badge in &dashboard.badges {
            add(format!("{below}{}badge.json", badge.folder), json(&badge.shield())?);
        }
        for (path, bytes) in outputs? {
            add(format!("{below}{path}"), bytes);
        }
        Ok(files)
    }

    /// All errors of the templates for `dashboard`, each once, however many files it affects.
    pub fn template_faults(&self, dashboard: &Dashboard) -> Vec<String> {
        let mut faults = Vec::new();
        for output in outputs(dashboard, &self.own_outputs) {
            let context = match context(&output) {
                Ok(context) => context,
                Err(error) => return vec![error.to_string()],
            };
            for (_, template) in &output.files {
                if let Err(fault) = self.engine.render(template, &context)
                    && !faults.contains(&fault)
                {
                    faults.push(fault);
                }
            }
        }
        faults
    }

    /// Renders the files that are made from templates.
    fn outputs(
        &self,
        dashboard: &Dashboard,
        on_fault: &mut dyn FnMut(String) -> Result<()>,
    ) -> Result<Vec<(String, Vec<u8>)>> {
        let mut made = Vec::new();
        let mut builtin = None;
        for output in outputs(dashboard, &self.own_outputs) {
            let context = context(&output)?;
            for (path, template) in output.files {
                let bytes = match render_one(&self.engine, &path, template, &context) {
                    Ok(bytes) => bytes,
                    Err(fault) => {
                        on_fault(fault)?;
                        if matches!(output.model, Model::Own(_)) {
                            continue;
                        }
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
    fn builtin(&self) -> Engine {
        let mut tera = templates::load_builtin();
        set_globals(&mut tera, &self.assets, &self.look);
        Engine::new(tera, iter::empty())
    }
}

fn render_one(
    engine: &Engine,
    path: &str,
    template: &str,
    context: &Context,
) -> Result<Vec<u8>, String> {
    engine.render(template, context).map_err(|error| {
        format!("failed to render `{path}` from the template `{template}`\n{error}")
    })
}

fn context(output: &Output) -> Result<Context> {
    Context::from_serialize(&output.model)
        .map_err(|error| anyhow!("a model is no context of a template: {error}"))
}

/// Sets the variables that every template receives.
fn set_globals(tera: &mut Tera, assets: &BTreeMap<String, assets::Asset>, look: &Look) {
    let globals = tera.global_context();
    globals.insert("assets", &paths(assets));
    globals.insert("styles", &look.styles);
    globals.insert("logo", &look.logo);
}

fn paths(assets: &BTreeMap<String, assets::Asset>) -> BTreeMap<&str, &str> {
    assets.iter().map(|(name, asset)| (name.as_str(), asset.path.as_str())).collect()
}

/// `model` as JSON that is safe inside HTML, a `<script>` included.
fn json(model: &impl Serialize) -> Result<Vec<u8>> {
    let text = escape::html_safe(&serde_json::to_string_pretty(model)?);
    Ok((text + "\n").into_bytes())
}
