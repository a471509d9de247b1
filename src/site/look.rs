//! The look of the site that needs no templates: `site.accent`, `site.logo` and `own.css`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::assets::Asset;
use super::custom_files::LoadProblems;
use super::{accent, picture};
use crate::config::Site;

/// The operator's style sheet, which every page links to if it exists.
const OWN_STYLE: &str = "own.css";

/// Variables of every template.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct Look {
    /// The paths of further style sheets, below `site.path`, in the order of their links.
    pub(super) styles: Vec<String>,
    /// The picture above each page; null if there is none.
    pub(super) logo: Option<Logo>,
}

/// The picture above each page.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct Logo {
    /// Its path below `site.path`.
    path: String,
    /// Its width in pixels; null for an SVG.
    width: Option<usize>,
    /// Its height in pixels; null for an SVG.
    height: Option<usize>,
}

impl Look {
    /// The look of `site`. Adds the style sheet of the accent to `assets`. A logo that can't be shown
    /// is reported in `problems`.
    pub(super) fn new(
        site: &Site,
        assets: &mut BTreeMap<String, Asset>,
        problems: &mut LoadProblems,
    ) -> Self {
        let mut names = vec![OWN_STYLE];
        if let Some(colour) = site.accent {
            let made = || accent::style_sheet(colour).into_bytes().into();
            let asset = assets.entry(accent::NAME.to_owned());
            asset.or_insert_with(|| Asset::new(accent::NAME, made()));
            names.insert(0, accent::NAME);
        }
        let styles = names.iter().filter_map(|name| Some(assets.get(*name)?.path.clone()));
        let logo = site.logo.as_deref().and_then(|name| match Logo::new(name, assets) {
            Ok(logo) => Some(logo),
            Err(why) => {
                let file = site.static_dir.join(name);
                let file = file.display();
                problems.goes_without(format!("`site.logo`: `{file}` {why}; pages show no logo"));
                None
            }
        });
        Self { styles: styles.collect(), logo }
    }
}

impl Logo {
    fn new(name: &str, assets: &BTreeMap<String, Asset>) -> Result<Self, String> {
        let asset =
            assets.get(name).ok_or("is missing, or the picture of a person; put a file there")?;
        let size = match picture::is_svg(name, &asset.bytes)? {
            true => None,
            false => Some(picture::size(name, &asset.bytes)?),
        };
        Ok(Self {
            path: asset.path.clone(),
            width: size.map(|size| size.width),
            height: size.map(|size| size.height),
        })
    }
}
