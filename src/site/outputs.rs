//! Which files are made from templates, which templates, and what these receive.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::dashboard::{Badge, Dashboard, Feed, Page};

/// A model, and the files made of it.
#[derive(Debug)]
pub(super) struct Output<'a> {
    pub(super) model: Model<'a>,
    /// Each file's path below `site.path`, and its template.
    pub(super) files: Vec<(String, &'static str)>,
}

/// What a template receives.
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
    /// What every template knows as `assets`.
    pub(super) assets: BTreeMap<&'a str, &'a str>,
    /// What they receive besides.
    pub(super) models: Vec<Given<'a>>,
}

/// A model, and who receives it.
#[derive(Debug, Serialize)]
pub(super) struct Given<'a> {
    /// The template of each file, which lies below `site.path`.
    files: BTreeMap<String, &'static str>,
    /// The variables.
    model: Model<'a>,
}

impl<'a> From<Output<'a>> for Given<'a> {
    fn from(output: Output<'a>) -> Self {
        Self { files: output.files.into_iter().collect(), model: output.model }
    }
}

/// All of them, in the order in which they are published.
pub(super) fn outputs(dashboard: &Dashboard) -> Vec<Output<'_>> {
    let badges = dashboard.badges.iter().map(|badge| Output {
        model: Model::Badge(badge),
        files: vec![(format!("{}badge.svg", badge.folder), "badge.svg")],
    });
    let feeds = dashboard.feeds.iter().map(|feed| Output {
        model: Model::Feed(feed),
        files: vec![(format!("{}feed.xml", feed.folder), "feed.xml")],
    });
    // A frame shows what the page shows.
    let frame = |page: &Page| page.path.replace("index.html", "embed.html");
    let pages = dashboard.pages.iter().map(|page| Output {
        model: Model::Page(page),
        files: vec![(frame(page), "embed.html"), (page.path.clone(), page.template)],
    });
    badges.chain(feeds).chain(pages).collect()
}
