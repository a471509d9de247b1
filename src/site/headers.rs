//! What each kind of published file is sent with: by nginx and by `serve` alike.

/// A header's name and value.
pub type Header = (&'static str, &'static str);

/// What a file is to whoever asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A page, or something else that only our pages use.
    Page,
    /// A page that others may show in a frame.
    Embed,
    /// What other sites' pages may show or read: the badge, `presence.json`, the feed.
    Widget,
    /// A file whose name changes with its contents.
    Asset,
    /// The table that Jekyll reads.
    Table,
}

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What other sites' pages may show or read, by name.
pub const WIDGETS: [&str; 4] = ["badge.json", "badge.svg", "feed.xml", "presence.json"];

/// The page for frames, by name.
pub const EMBED: &str = "embed.html";

/// The same, but in anybody's frame.
const EMBED_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *";

impl Kind {
    /// What is published at `path` of a site whose pages are below `site_path`.
    pub fn of(path: &str, site_path: &str) -> Self {
        let Some(rest) = path.strip_prefix(site_path) else { return Self::Table };
        match rest.rsplit('/').next().unwrap_or_default() {
            _ if rest.starts_with("assets/") => Self::Asset,
            EMBED => Self::Embed,
            name if WIDGETS.contains(&name) => Self::Widget,
            _ => Self::Page,
        }
    }

    /// What keeps a browser from doing more with the file than is meant; sent with errors, too.
    pub fn protection(self) -> Vec<Header> {
        let policy = if self == Self::Embed { EMBED_POLICY } else { POLICY };
        let readers = if self == Self::Widget { "cross-origin" } else { "same-origin" };
        let mut headers = vec![
            ("Content-Security-Policy", policy),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Resource-Policy", readers),
        ];
        if self == Self::Widget {
            headers.push(("Access-Control-Allow-Origin", "*"));
        }
        headers
    }

    /// How long it may be kept without asking. Never sent with an error.
    pub fn caching(self) -> &'static str {
        match self {
            Self::Asset => "public, max-age=31536000, immutable",
            // As the set-up before Lookout had it; who asks again is told by `ETag` all the same.
            Self::Table => "no-store, no-cache, must-revalidate, proxy-revalidate",
            Self::Page | Self::Embed | Self::Widget => "no-cache",
        }
    }
}
