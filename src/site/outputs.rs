//! The files made from templates, their templates, and the models these receive.

use std::collections::BTreeMap;

use serde::Serialize;

use super::look::Look;
use crate::dashboard::{Badge, Dashboard, Feed, Page};

/// A model and the files made from it.
#[derive(Debug)]
pub(super) struct Output<'a> {
    pub(super) model: Model<'a>,
    /// Each file's path below `site.path`, and its template.
    pub(super) files: Vec<(String, &'static str)>,
}

/// The variables of a template.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Model<'a> {
    Page(&'a Page),
    Badge(&'a Badge),
    Feed(&'a Feed),
}

/// Everything that templates receive: what `build --model` prints.
#[derive(Debug, Serialize)]
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
#[derive(Debug, Serialize)]
pub(super) struct TemplateInput<'a> {
    /// For each file below `site.path`, its template.
    files: BTreeMap<String, &'static str>,
    /// The variables.
    model: Model<'a>,
}

impl<'a> From<Output<'a>> for TemplateInput<'a> {
    fn from(output: Output<'a>) -> Self {
        Self { files: output.files.into_iter().collect(), model: output.model }
    }
}

/// All outputs, in the order in which they are published.
pub(super) fn outputs(dashboard: &Dashboard) -> Vec<Output<'_>> {
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
    badges.chain(feeds).chain(pages).collect()
}
