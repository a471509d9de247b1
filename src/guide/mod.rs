//! The guide: one question per page.
//!
//! The pages are Markdown beside this file, for the forge. `lookout guide` prints them, and each is
//! the documentation of a module here. `src/build.rs` turns links between pages into links between
//! modules.

/// A page of the guide.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    /// What to type after `lookout guide`: the name of its file without `.md`.
    pub name: &'static str,
    /// Its Markdown.
    pub text: &'static str,
}

impl Page {
    /// The question that the page answers: its first line.
    pub fn question(&self) -> &'static str {
        self.text.lines().next().unwrap_or_default().trim_start_matches("# ")
    }
}

/// Finds the page called `name`.
pub fn page(name: &str) -> Option<&'static Page> {
    PAGES.iter().find(|page| page.name == name)
}

/// Defines [`PAGES`], and a module for each page.
macro_rules! pages {
    ($($module:ident $name:literal)*) => {
        /// All pages, in the order in which to read them.
        pub const PAGES: &[Page] = &[
            $(Page { name: $name, text: include_str!(concat!($name, ".md")) },)*
        ];
        $(
            #[doc = include_str!(concat!(env!("OUT_DIR"), "/guide/", $name, ".md"))]
            pub mod $module {}
        )*
    };
}

pages! {
    setup "setup"
    nginx_and_caddy "nginx-and-caddy"
    cloudflare "cloudflare"
    members_only "members-only"
    github_pages "github-pages"
    containers "containers"
    commands "commands"
    settings "settings"
    visitors "visitors"
    privacy "privacy"
    rooms_and_people "rooms-and-people"
    notifications "notifications"
    jekyll "jekyll"
    lost_events "lost-events"
    migrating "migrating"
    templates "templates"
    template_variables "template-variables"
    widgets "widgets"
    operations "operations"
    troubleshooting "troubleshooting"
    mongodb "mongodb"
    guarantees "guarantees"
    performance "performance"
    internals "internals"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_page_begins_with_the_question_it_answers() {
        for page in PAGES {
            let (heading, question) = (page.text.starts_with("# "), page.question());
            assert!(heading && question.ends_with('?'), "{}: {question}", page.name);
        }
    }
}
