//! `print caddy`: the Caddyfile for these settings.
//!
//! The text is a template, `Caddyfile`; this module provides its values. Each value from outside is
//! quoted or has plain characters only, so that no setting can add a directive.
//!
//! Caddy itself has no limits for each visitor, so there is no `--behind`.

use anyhow::{Context as _, Result};
use serde::Serialize;
use tera::{Context, Tera};

use super::front::{BADGE, Front, caching, pattern, quoted_option};
use super::nginx::{HSTS, reachable};
use super::quoted::for_caddy;
use crate::config::Settings;
use crate::site::headers::{EMBED, Kind, WIDGETS};
use crate::site::web_manifest::{self, WEB_MANIFEST};

const TEMPLATE: &str = include_str!("Caddyfile");

/// How long an idle connection of a browser stays open, and one of a proxy, in seconds.
const IDLE_S: u32 = 20;
const PROXY_IDLE_S: u32 = 930;

/// Arguments of `print caddy`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What nginx and Caddy have in common.
    #[command(flatten)]
    pub front: Front,
}

/// The template's values.
#[derive(Debug, Serialize)]
struct View {
    server_name: String,
    /// The name, with `http://` in front where there is no TLS.
    address: String,
    /// Your own certificate and its key.
    tls: Option<(String, String)>,
    /// Whether Caddy gets the certificate.
    is_renewed: bool,
    hsts: &'static str,
    idle_s: u32,
    root: String,
    upstream: String,
    webhook: String,
    webhook_paths: [String; 2],
    site_path: String,
    /// The site's path without its last slash.
    bare_path: String,
    table: String,
    /// The file with the members, quoted.
    members: Option<String>,
    /// The pattern of what is open to everybody all the same.
    open_badge: Option<String>,
    places: Vec<Place>,
    pages: Option<String>,
    pages_pattern: Option<String>,
}

/// Published files with the same headers.
#[derive(Debug, Serialize)]
struct Place {
    what: &'static str,
    name: &'static str,
    matcher: String,
    /// Whether a directory stands for its `index.html`.
    is_page: bool,
    headers: Vec<String>,
}

/// The Caddyfile.
///
/// # Errors
///
/// The host is not known, or Caddy can't represent a path.
pub fn server_file(settings: &Settings, args: &Args) -> Result<String> {
    let view = View::new(settings, &args.front)?;
    let mut tera = Tera::new();
    tera.autoescape_on(Vec::<&str>::new());
    tera.add_raw_template("Caddyfile", TEMPLATE).context("the template is ours")?;
    let context = Context::from_serialize(&view).context("texts and numbers can be serialised")?;
    tera.render("Caddyfile", &context).context("the template is ours")
}

impl View {
    fn new(settings: &Settings, front: &Front) -> Result<Self> {
        super::require_fixed_port(settings)?;
        let host = front.host(settings)?.as_str().to_owned();
        let root = std::path::absolute(&settings.site.output_dir)?;
        let refuse = |problem: String| settings.refuse("site.output_dir", &problem);
        let own = front.certificate(settings)?;
        let tls = own.as_ref().map(|(certificate, key)| {
            anyhow::Ok((
                quoted_option("--certificate", certificate, for_caddy)?,
                quoted_option("--key", key, for_caddy)?,
            ))
        });
        let members = front.members(settings)?;
        let pages = front.pages.as_ref().map(|pages| pages.as_str().to_owned());
        let site_path = settings.site.path.clone();
        Ok(Self {
            address: if front.http { format!("http://{host}") } else { host.clone() },
            server_name: host,
            tls: tls.transpose()?,
            is_renewed: own.is_none() && !front.http,
            hsts: HSTS,
            idle_s: if front.http { PROXY_IDLE_S } else { IDLE_S },
            root: for_caddy(&root).map_err(refuse)?,
            upstream: reachable(settings.zoom.listen).to_string(),
            webhook: settings.zoom.path.clone(),
            webhook_paths: settings.zoom.paths(),
            bare_path: site_path.trim_end_matches('/').to_owned(),
            table: format!("/{}", settings.csv.path),
            members: members
                .map(|file| quoted_option("--members", &file, for_caddy))
                .transpose()?,
            open_badge: front.public_badge.then(|| pattern(&site_path, &BADGE)),
            places: places(settings, front.members.is_some()),
            pages_pattern: pages.as_ref().map(|pages| pages.replace('.', "\\.")),
            pages,
            site_path,
        })
    }
}

fn places(settings: &Settings, is_private: bool) -> Vec<Place> {
    let site = &settings.site.path;
    let named = |names: &[&str]| format!("path_regexp {}", pattern(site, names));
    let below = |path: String| format!("path {path}");
    let app = "What a phone needs to keep the page on its home screen.";
    #[rustfmt::skip]
    let places = [
        ("What others may show in a frame.",                "frame",   named(&[EMBED]),                          Kind::Embed,  None),
        ("What the pages of other sites may show or read.", "widgets", named(&WIDGETS),                          Kind::Widget, None),
        ("The names of these change with their contents.",  "assets",  below(format!("{site}assets/*")),         Kind::Asset,  None),
        (app,                                               "app",     below(format!("{site}{WEB_MANIFEST}")),   Kind::Page,   Some(web_manifest::CONTENT_TYPE)),
        ("The table that Jekyll reads.",                    "table",   below(format!("/{}", settings.csv.path)), Kind::Table,  Some("text/csv; charset=utf-8")),
        ("The pages.",                                      "pages",   below(format!("{site}*")),                Kind::Page,   None),
    ];
    let place = |(what, name, matcher, kind, content_type): (_, _, _, _, Option<&str>)| {
        let content_type = content_type.map(|kind| format!("Content-Type \"{kind}\""));
        let headers = headers(kind, settings.site.index, is_private);
        Place {
            what,
            name,
            matcher,
            is_page: kind == Kind::Page && content_type.is_none(),
            headers: headers.into_iter().chain(content_type).collect(),
        }
    };
    places.into_iter().map(place).collect()
}

/// The headers of files of `kind`.
fn headers(kind: Kind, is_indexed: bool, is_private: bool) -> Vec<String> {
    let mut lines = vec![format!("Cache-Control \"{}\"", caching(kind, is_private))];
    let protection = kind.protection(is_indexed).into_iter();
    lines.extend(protection.map(|(name, value)| format!("{name} \"{value}\"")));
    lines
}
