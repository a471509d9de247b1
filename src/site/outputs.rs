//! The files made from templates, their templates, and the models these receive.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::look::Look;
use super::own_outputs::{OwnOutput, OwnOutputs};
use crate::dashboard::{Badge, Dashboard, Feed, Page};

/// A model and the files made from it.
#[derive(Debug)]
pub(super) struct Output<'a> {
    pub(super) model: Model<'a>,
    /// Each file's path below `site.path`, and its template.
    pub(super) files: Vec<(String, &'a str)>,
}

/// The variables of a template.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Model<'a> {
    Page(&'a Page),
    Badge(&'a Badge),
    Feed(&'a Feed),
    Own(OwnModel<'a>),
}

/// The variables of the templates of own output files: those of the page, and what the built-in
/// files beside it are made from.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct OwnModel<'a> {
    #[serde(flatten)]
    page: &'a Page,
    /// The variables of `feed.xml`.
    feed: &'a Feed,
    /// The variables of `badge.svg`.
    badge: &'a Badge,
}

/// Everything that templates receive: what `build --model` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Models<'a> {
    /// The variable `assets` of every template.
    pub(super) assets: BTreeMap<&'a str, &'a str>,
    /// The variables `styles` and `logo` of every template.
    #[serde(flatten)]
    pub(super) look: &'a Look,
    /// All other variables.
    pub(super) models: Vec<TemplateInput<'a>>,
}

/// A model and the templates that receive it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct TemplateInput<'a> {
    /// For each file below `site.path`, its template.
    files: BTreeMap<String, &'a str>,
    /// The variables.
    model: Model<'a>,
}

impl<'a> From<Output<'a>> for TemplateInput<'a> {
    fn from(output: Output<'a>) -> Self {
        Self { files: output.files.into_iter().collect(), model: output.model }
    }
}

/// All outputs, in the order in which they are published.
pub(super) fn outputs<'a>(dashboard: &'a Dashboard, own: &'a OwnOutputs) -> Vec<Output<'a>> {
    let badges = dashboard.badges.iter().map(|badge| Output {
        model: Model::Badge(badge),
        files: vec![(format!("{}badge.svg", badge.folder), "badge.svg")],
    });
    let feeds = dashboard.feeds.iter().map(|feed| Output {
        model: Model::Feed(feed),
        files: vec![(format!("{}feed.xml", feed.folder), "feed.xml")],
    });
    let pages = dashboard.pages.iter().map(|page| {
        let embed = page.path.replace("index.html", "embed.html");
        Output {
            model: Model::Page(page),
            files: vec![(embed, "embed.html"), (page.path.clone(), page.template)],
        }
    });
    badges.chain(feeds).chain(own_files(dashboard, own)).chain(pages).collect()
}

/// The own output files beside each page.
fn own_files<'a>(dashboard: &'a Dashboard, own: &'a OwnOutputs) -> Vec<Output<'a>> {
    let [top, rooms @ ..] = dashboard.pages.as_slice() else { return Vec::new() };
    // The settings may have got a room since the templates were loaded.
    let is_of_room = |output: &&OwnOutput| {
        // Some file systems do not tell capitals apart.
        let path = output.path.to_lowercase();
        let folder = |feed: &Feed| !feed.folder.is_empty() && path.starts_with(&feed.folder);
        dashboard.feeds.iter().any(folder)
    };
    let beside_top = own.of_top(rooms.is_empty()).filter(|output| !is_of_room(output));
    let mut all = vec![(top, beside_top.collect::<Vec<_>>())];
    all.extend(rooms.iter().map(|page| (page, own.of_room().collect())));
    let beside = all.into_iter().zip(dashboard.feeds.iter().zip(&dashboard.badges));
    beside
        .filter(|((_, outputs), _)| !outputs.is_empty())
        .map(|((page, outputs), (feed, badge))| Output {
            model: Model::Own(OwnModel { page, feed, badge }),
            files: outputs
                .into_iter()
                .map(|output| (format!("{}{}", feed.folder, output.path), output.template.as_str()))
                .collect(),
        })
        .collect()
}
