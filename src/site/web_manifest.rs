//! `manifest.webmanifest`: what a phone needs to keep the dashboard on its home screen (W3C, *Web
//! Application Manifest*).
//!
//! Addresses are relative to the file, so they hold wherever the dashboard is served.

use std::collections::BTreeMap;

use serde::Serialize;

use super::assets::Asset;
use crate::config::Site;
use crate::dashboard::Page;

/// The name of the file below `site.path`.
pub const WEB_MANIFEST: &str = "manifest.webmanifest";

/// Its content type. nginx's own list lacks it.
pub const CONTENT_TYPE: &str = "application/manifest+json";

/// `--ground` of `style.css`, light: what is seen before the page is there.
const GROUND: &str = "#f2f3f5";

/// The dashboard's directory, in which the file lies.
const HERE: &str = "./";

/// Each icon's static file, its sizes and its purpose. A phone cuts a maskable one into its own form.
const ICONS: [(&str, &str, &str); 3] = [
    ("app/192.png", "192x192", "any"),
    ("app/512.png", "512x512", "any"),
    ("app/maskable.png", "512x512", "maskable"),
];

/// The content of the file.
#[derive(Debug, Serialize)]
pub(super) struct WebManifest<'a> {
    name: &'a str,
    short_name: &'a str,
    lang: &'a str,
    dir: &'static str,
    start_url: &'static str,
    scope: &'static str,
    display: &'static str,
    background_color: &'static str,
    theme_color: &'static str,
    icons: Vec<Icon<'a>>,
}

#[derive(Debug, Serialize)]
struct Icon<'a> {
    src: &'a str,
    sizes: &'static str,
    #[serde(rename = "type")]
    content_type: &'static str,
    purpose: &'static str,
}

impl<'a> WebManifest<'a> {
    /// The manifest of `site`, whose first page is `index`.
    pub(super) fn new(
        site: &'a Site,
        index: &'a Page,
        assets: &'a BTreeMap<String, Asset>,
    ) -> Self {
        let icon = |&(name, sizes, purpose): &(&str, _, _)| {
            let src = assets.get(name)?.path.as_str();
            Some(Icon { src, sizes, content_type: "image/png", purpose })
        };
        Self {
            name: &site.title,
            short_name: &site.title,
            lang: &index.lang,
            dir: index.dir,
            start_url: HERE,
            scope: HERE,
            display: "standalone",
            background_color: GROUND,
            theme_color: GROUND,
            icons: ICONS.iter().filter_map(icon).collect(),
        }
    }
}
