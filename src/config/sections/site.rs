//! `[site]`

use crate::config::section::Section;
use crate::config::{Language, Site, values, web};

pub(in crate::config) fn read(section: &mut Section<'_>) -> Site {
    Site {
        title: section.value("title", "Lookout", values::some_text),
        output_dir: section.path("output_dir", "site"),
        path: section.value("path", "/lookout/", web::directory),
        base_url: section.value("base_url", "", web::origin),
        time_zone: section.value("time_zone", "UTC", values::time_zone),
        language: section.value("language", "en", language),
        templates_dir: section.path("templates_dir", "templates"),
        static_dir: section.path("static_dir", "static"),
    }
}

fn language(text: &str) -> Result<Language, String> {
    values::word(text, &[("en", Language::En), ("tr", Language::Tr)])
}
