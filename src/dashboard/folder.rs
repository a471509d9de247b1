//! The folders of the site: the top, and one for each of several rooms.

use super::visible::Visible;
use crate::config::{Room, Settings, Site};

/// One folder of the site and its subject.
pub(super) struct Folder<'a> {
    /// Its path below `site.path`: empty, or a room's slug followed by `/`.
    pub(super) prefix: String,
    /// The room's name, or the site's title.
    pub(super) name: &'a str,
    /// `site.title`.
    pub(super) site_title: &'a str,
    /// `site.base_url`.
    pub(super) base_url: &'a str,
    /// `site.path`.
    pub(super) path: &'a str,
    /// The URL of the folder, if `site.base_url` is set.
    pub(super) address: Option<String>,
    /// Who may be shown in this folder.
    pub(super) visible: &'a Visible<'a>,
}

impl<'a> Folder<'a> {
    /// The top, and a folder for each room if there are several.
    pub(super) fn all(
        settings: &'a Settings,
        all: &'a Visible<'a>,
        rooms: &'a [(&'a Room, Visible<'a>)],
    ) -> Vec<Self> {
        let site = &settings.site;
        match rooms {
            [] => vec![Self::new(site, String::new(), &site.title, all)],
            [(room, _)] => vec![Self::new(site, String::new(), &room.name, all)],
            several => {
                let top = Self::new(site, String::new(), &site.title, all);
                let folder = |(room, visible): &'a (&Room, Visible)| {
                    Self::new(site, format!("{}/", room.slug), &room.name, visible)
                };
                std::iter::once(top).chain(several.iter().map(folder)).collect()
            }
        }
    }

    fn new(site: &'a Site, prefix: String, name: &'a str, visible: &'a Visible<'a>) -> Self {
        let Site { title, base_url, path, .. } = site;
        let address = (!base_url.is_empty()).then(|| format!("{base_url}{path}{prefix}"));
        Self { prefix, name, site_title: title, base_url, path, address, visible }
    }
}
