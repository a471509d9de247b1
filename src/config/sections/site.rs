//! `[site]`: title, paths, language, time zone and look of the pages.

use crate::config::section::Section;
use crate::config::settings::Site;
use crate::config::zones::ZoneRules;
use crate::config::{url, values};

/// The section and the rules of its time zone.
pub(in crate::config) fn read(section: &mut Section<'_>) -> (Site, ZoneRules) {
    let title = section.value("title", "Lookout", values::some_text);
    let output_dir = section.path("output_dir", "site");
    let path = section.value("path", "/lookout/", url::directory);
    let base_url = section.value("base_url", "", url::origin);
    let (time_zone, rules) = section.time_zone("time_zone", "UTC");
    let templates_dir = section.path("templates_dir", "templates");
    let site = Site {
        title,
        output_dir,
        path,
        base_url,
        time_zone,
        language: section.language("language", "en", &templates_dir),
        templates_dir,
        static_dir: section.path("static_dir", "static"),
        accent: section.optional("accent", values::colour),
        logo: section.optional("logo", values::static_file),
        index: section.flag("index"),
    };
    (site, rules)
}
