//! The HTTP headers of each kind of published file, for nginx and for `serve`.

/// A header's name and value.
pub type Header = (&'static str, &'static str);

/// The kind of a published file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A page, or another file that only our pages use.
    Page,
    /// A page that other sites may show in a frame.
    Embed,
    /// A file that other sites may show or read: the badge, `presence.json`, the feed.
    Widget,
    /// A file whose name contains a hash of its content.
    Asset,
    /// The CSV table.
    Table,
}

/// The `Content-Security-Policy` of all files except [`EMBED`].
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
     connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";

/// The same, but every site may show the page in a frame.
const EMBED_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *";

/// The names of files that other sites may show or read.
pub const WIDGETS: [&str; 4] = ["badge.json", "badge.svg", "feed.xml", "presence.json"];

/// The name of the page that other sites may show in a frame.
pub const EMBED: &str = "embed.html";

impl Kind {
    /// The kind of the file at the URL path `path`. Pages are below `site_path`; only the table may
    /// be elsewhere.
    pub fn of(path: &str, site_path: &str) -> Self {
        let Some(rest) = path.strip_prefix(site_path) else { return Self::Table };
        match rest.rsplit('/').next().unwrap_or_default() {
            _ if rest.starts_with("assets/") => Self::Asset,
            EMBED => Self::Embed,
            name if WIDGETS.contains(&name) => Self::Widget,
            _ => Self::Page,
        }
    }

    /// The headers that restrict what browsers, and unless `is_indexed` search engines, do with the
    /// file; also sent with errors.
    pub fn protection(self, is_indexed: bool) -> Vec<Header> {
        let policy = if self == Self::Embed { EMBED_POLICY } else { POLICY };
        let resource_policy = if self == Self::Widget { "cross-origin" } else { "same-origin" };
        let mut headers = vec![
            ("Content-Security-Policy", policy),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Resource-Policy", resource_policy),
        ];
        if !is_indexed {
            headers.push(("X-Robots-Tag", "noindex"));
        }
        if self == Self::Widget {
            headers.push(("Access-Control-Allow-Origin", "*"));
        }
        headers
    }

    /// The value of the `Cache-Control` header. Not for errors.
    pub fn caching(self) -> &'static str {
        match self {
            Self::Asset => "public, max-age=31536000, immutable",
            // The set-up before Lookout sent this. Conditional requests still work, by `ETag`.
            Self::Table => "no-store, no-cache, must-revalidate, proxy-revalidate",
            Self::Page | Self::Embed | Self::Widget => "no-cache",
        }
    }
}
