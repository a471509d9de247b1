//! `print nginx`: the server file for these settings.
//!
//! The text is a template, `nginx.conf`; this module provides its values. Each value from outside is
//! quoted or has plain characters only, so that no setting can add a directive.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Serialize;
use tera::{Context, Tera};

use super::host::{self, HostName};
use super::quoted;
use crate::config::{Settings, SettingsError};
use crate::site::headers::{EMBED, Kind, WIDGETS};

const TEMPLATE: &str = include_str!("nginx.conf");

/// Browsers use only TLS for two years.
const HSTS: &str = "Strict-Transport-Security \"max-age=63072000\"";

/// How much of a body nginx buffers, in bytes; the sender keeps the rest. Zoom's bodies have about
/// 1 KiB.
const BODY_BUFFER: usize = 64 << 10;

/// The file with the name servers of this machine.
const RESOLV_CONF: &str = "/etc/resolv.conf";

/// Arguments of `print nginx`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The name of this site's host; without this option, that of `site.base_url`
    #[arg(long, value_name = "HOST")]
    pub server_name: Option<HostName>,

    /// Pass everything else on to GitHub Pages, such as USER.github.io; without this option, answer 404
    #[arg(long, value_name = "HOST")]
    pub pages: Option<HostName>,

    /// The name server with which nginx resolves the address of Pages; without this option, this machine's
    #[arg(long, value_name = "ADDRESS", requires = "pages")]
    pub resolver: Vec<IpAddr>,
}

/// The template's values.
#[derive(Debug, Serialize)]
struct View {
    server_name: String,
    root: String,
    upstream: String,
    /// Where deliveries are passed on to.
    webhook: String,
    /// The paths of the webhook.
    webhook_paths: [String; 2],
    max_body: usize,
    body_buffer: usize,
    site_path: String,
    /// The site's path without its last slash. It is never the root, which contains the webhook.
    bare_path: String,
    hsts: &'static str,
    places: Vec<Place>,
    pages: Option<String>,
    resolvers: String,
}

/// A location with published files.
#[derive(Debug, Serialize)]
struct Place {
    what: &'static str,
    location: String,
    files: String,
    headers: Vec<String>,
    /// Its content type, where nginx does not know it.
    kind: Option<&'static str>,
}

/// The server file.
///
/// # Errors
///
/// The host is not known, or nginx can't represent a path.
pub fn server_file(settings: &Settings, args: &Args) -> Result<String> {
    let view = View::new(settings, args)?;
    let mut tera = Tera::new();
    tera.autoescape_on(Vec::<&str>::new());
    tera.add_raw_template("nginx.conf", TEMPLATE).context("the template is ours")?;
    let context = Context::from_serialize(&view).context("texts and numbers can be serialised")?;
    tera.render("nginx.conf", &context).context("the template is ours")
}

impl View {
    fn new(settings: &Settings, args: &Args) -> Result<Self> {
        let site_path = settings.site.path.clone();
        let root = std::path::absolute(&settings.site.output_dir)?;
        let refuse = |problem: String| settings.refuse("site.output_dir", &problem);
        super::require_fixed_port(settings)?;
        Ok(Self {
            server_name: server_name(settings, args)?.as_str().to_owned(),
            root: quoted::for_nginx(&root).map_err(refuse)?,
            upstream: upstream(settings),
            webhook: settings.zoom.path.clone(),
            webhook_paths: settings.zoom.paths(),
            max_body: settings.zoom.max_body,
            body_buffer: settings.zoom.max_body.min(BODY_BUFFER),
            bare_path: site_path.trim_end_matches('/').to_owned(),
            hsts: HSTS,
            places: places(settings, args),
            pages: args.pages.as_ref().map(|pages| pages.as_str().to_owned()),
            resolvers: resolvers(args)?,
            site_path,
        })
    }
}

fn server_name(settings: &Settings, args: &Args) -> Result<HostName, SettingsError> {
    let refuse = |problem: String| settings.refuse("site.base_url", &problem);
    match &args.server_name {
        Some(name) => Ok(name.clone()),
        None if settings.site.base_url.is_empty() => Err(refuse(
            "is empty, so the name of the host is not known; set it to the site's address, such as \
             `https://example.org`, or add `--server-name example.org`"
                .to_owned(),
        )),
        None => HostName::of_url(&settings.site.base_url).map_err(refuse),
    }
}

/// Where nginx on this machine passes deliveries on to, for `proxy_pass`.
pub fn upstream(settings: &Settings) -> String {
    format!("http://{}", reachable(settings.zoom.listen))
}

/// The address by which nginx on this machine reaches a listener on `address`.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn resolvers(args: &Args) -> Result<String> {
    if args.pages.is_none() {
        return Ok(String::new());
    }
    let mut servers: Vec<_> = args.resolver.iter().copied().map(host::as_nginx_has_it).collect();
    if servers.is_empty() {
        let text = std::fs::read_to_string(Path::new(RESOLV_CONF)).unwrap_or_default();
        servers = host::name_servers(&text);
    }
    anyhow::ensure!(
        !servers.is_empty(),
        "`{RESOLV_CONF}` names no name server; name one with `--resolver`, such as `--resolver 127.0.0.1`"
    );
    Ok(servers.join(" "))
}

/// The locations of published files. Of several that match, nginx takes an exact one, else the
/// first pattern, else the longest prefix.
fn places(settings: &Settings, args: &Args) -> Vec<Place> {
    let site = &settings.site.path;
    let named = |names: &[&str]| {
        // Of all characters that a path may have, only the dot is special in a pattern.
        let pattern = format!("^{site}(?:[^/]+/)?(?:{})$", names.join("|")).replace('.', "\\.");
        format!("~ \"{pattern}\"")
    };
    let otherwise = if args.pages.is_some() { "@pages" } else { "=404" };
    let page = format!("$uri $uri/ {otherwise}");
    let file = "$uri =404".to_owned();
    vec![
        Place {
            what: "What others may show in a frame.",
            location: named(&[EMBED]),
            files: file.clone(),
            headers: headers(Kind::Embed),
            kind: None,
        },
        Place {
            what: "What the pages of other sites may show or read.",
            location: named(&WIDGETS),
            files: file.clone(),
            headers: headers(Kind::Widget),
            kind: None,
        },
        Place {
            what: "The names of these change with their contents.",
            location: format!("{site}assets/"),
            files: file.clone(),
            headers: headers(Kind::Asset),
            kind: None,
        },
        Place {
            what: "The table that Jekyll reads.",
            location: format!("= /{}", settings.csv.path),
            files: file,
            headers: headers(Kind::Table),
            kind: Some("text/csv"),
        },
        Place {
            what: "The pages.",
            location: site.clone(),
            files: page,
            headers: headers(Kind::Page),
            kind: None,
        },
    ]
}

fn headers(kind: Kind) -> Vec<String> {
    let mut lines = vec![format!("Cache-Control \"{}\"", kind.caching()), format!("{HSTS} always")];
    let protection = kind.protection();
    lines.extend(protection.into_iter().map(|(name, value)| format!("{name} \"{value}\" always")));
    lines
}
