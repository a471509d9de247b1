//! Where something is said: at the top of the site, or in the folder of one room.

use super::visible::Visible;
use crate::config::{Room, Settings, Site};

/// One folder of the site, and what it is about.
pub(super) struct Place<'a> {
    /// Below `site.path`: empty, or a room's, with a `/` at its end.
    pub(super) folder: String,
    /// The room's name, or the site's title.
    pub(super) name: &'a str,
    /// `site.title`.
    pub(super) site_title: &'a str,
    /// `site.base_url`.
    pub(super) base_url: &'a str,
    /// `site.path`.
    pub(super) path: &'a str,
    /// The folder's own address, where `site.base_url` tells it.
    pub(super) address: Option<String>,
    /// Who may be shown there.
    pub(super) visible: &'a Visible<'a>,
}

impl<'a> Place<'a> {
    /// The top, and a folder for each room where there are several.
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

    fn new(site: &'a Site, folder: String, name: &'a str, visible: &'a Visible<'a>) -> Self {
        let Site { title, base_url, path, .. } = site;
        let address = (!base_url.is_empty()).then(|| format!("{base_url}{path}{folder}"));
        Self { folder, name, site_title: title, base_url, path, address, visible }
    }
}
