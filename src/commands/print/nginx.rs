//! `print nginx`: the server file for these settings.
//!
//! The text is a template, `nginx.conf`; this module provides its values. Each value from outside is
//! quoted or has plain characters only, so that no setting can add a directive.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Serialize;
use tera::{Context, Tera};

use super::edge::{Edge, Proxies};
use super::front::{BADGE, Front, caching, pattern, quoted_option};
use super::host::{self, HostName};
use super::nginx_version::NginxVersion;
use super::quoted::for_nginx;
use crate::commands::arguments::UsageError;
use crate::config::Settings;
use crate::site::headers::{EMBED, Kind, WIDGETS};
use crate::site::web_manifest::{self, WEB_MANIFEST};

const TEMPLATE: &str = include_str!("nginx.conf");

/// Browsers use only TLS for two years.
pub(super) const HSTS: &str = "Strict-Transport-Security \"max-age=63072000\"";

/// How much of a body nginx buffers, in bytes; the sender keeps the rest. Zoom's bodies have about
/// 1 KiB.
const BODY_BUFFER: usize = 64 << 10;

/// The file with the name servers of this machine.
const RESOLV_CONF: &str = "/etc/resolv.conf";

/// How long an idle connection of a browser stays open, and one of a proxy, in seconds. Cloudflare
/// keeps connections for 900 s; a delivery on one that nginx closes just then would be lost for minutes.
const KEEPALIVE_S: u32 = 20;
const PROXY_KEEPALIVE_S: u32 = 930;

/// Arguments of `print nginx`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What nginx and Caddy have in common.
    #[command(flatten)]
    pub front: Front,

    /// The proxies in front of nginx: `cloudflare`, addresses or networks. Limits then apply to each
    /// visitor, not to each proxy
    #[arg(long, value_name = "ADDRESS", num_args = 1..)]
    pub behind: Vec<Edge>,

    /// The name server with which nginx resolves the address of Pages; without this option, this machine's
    #[arg(long, value_name = "ADDRESS", requires = "pages")]
    pub resolver: Vec<IpAddr>,

    /// The version of nginx, such as 1.26.3; without this option, the file is for all from 1.18 on, of
    /// which those from 1.25.1 on warn of `http2`
    #[arg(long, value_name = "VERSION")]
    pub nginx_version: Option<NginxVersion>,
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
    /// Absent with `--http`.
    tls: Option<Tls>,
    proxies: Option<Proxies>,
    keepalive_s: u32,
    /// The file with the members, quoted.
    members: Option<String>,
    places: Vec<Place>,
    pages: Option<String>,
    resolvers: String,
}

/// How nginx speaks TLS.
#[derive(Debug, Serialize)]
struct Tls {
    certificate: String,
    key: String,
    /// Whether certbot renews the certificate.
    is_renewed: bool,
    /// Whether `http2` is a directive of its own, not a parameter of `listen`.
    has_http2_directive: bool,
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
    /// Whether it is shown to everybody, also where there are members.
    is_open: bool,
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
        require_sense(args)?;
        let host = args.front.host(settings)?;
        let members = args.front.members(settings)?;
        let is_behind = !args.behind.is_empty();
        Ok(Self {
            server_name: host.as_str().to_owned(),
            root: for_nginx(&root).map_err(refuse)?,
            upstream: upstream(settings),
            webhook: settings.zoom.path.clone(),
            webhook_paths: settings.zoom.paths(),
            max_body: settings.zoom.max_body,
            body_buffer: settings.zoom.max_body.min(BODY_BUFFER),
            bare_path: site_path.trim_end_matches('/').to_owned(),
            hsts: HSTS,
            tls: (!args.front.http).then(|| Tls::new(&host, settings, args)).transpose()?,
            proxies: Proxies::of(&args.behind),
            keepalive_s: if is_behind { PROXY_KEEPALIVE_S } else { KEEPALIVE_S },
            members: members
                .map(|file| quoted_option("--members", &file, for_nginx))
                .transpose()?,
            places: places(settings, &args.front),
            pages: args.front.pages.as_ref().map(|pages| pages.as_str().to_owned()),
            resolvers: resolvers(args)?,
            site_path,
        })
    }
}

impl Tls {
    fn new(host: &HostName, settings: &Settings, args: &Args) -> Result<Self> {
        let own = args.front.certificate(settings)?;
        let (certificate, key) = match &own {
            Some((certificate, key)) => (
                quoted_option("--certificate", certificate, for_nginx)?,
                quoted_option("--key", key, for_nginx)?,
            ),
            None => {
                let dir = format!("/etc/letsencrypt/live/{}", host.as_str());
                (format!("{dir}/fullchain.pem"), format!("{dir}/privkey.pem"))
            }
        };
        let has_http2_directive = args.nginx_version.is_some_and(NginxVersion::has_http2_directive);
        Ok(Self { certificate, key, is_renewed: own.is_none(), has_http2_directive })
    }
}

/// Refuses plain HTTP where it would be seen by others than the proxy.
fn require_sense(args: &Args) -> Result<(), UsageError> {
    let problem = match (args.front.http, args.behind.as_slice()) {
        (true, []) => {
            "`--http` is for a server behind a proxy that takes care of TLS; name that proxy, such as \
             `--http --behind 127.0.0.1`, or leave `--http` out"
        }
        (true, edges) if edges.contains(&Edge::Cloudflare) => {
            "with `--http --behind cloudflare`, names and passwords would cross the internet in the clear; \
             leave `--http` out and use an origin certificate (`--certificate FILE --key FILE`); for \
             `cloudflared` on this machine, write `--http --behind 127.0.0.1`"
        }
        _ => return Ok(()),
    };
    Err(UsageError(problem.to_owned()))
}

/// Where nginx on this machine passes deliveries on to, for `proxy_pass`.
pub fn upstream(settings: &Settings) -> String {
    format!("http://{}", reachable(settings.zoom.listen))
}

/// The address by which a web server on this machine reaches a listener on `address`.
pub fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn resolvers(args: &Args) -> Result<String> {
    if args.front.pages.is_none() {
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
fn places(settings: &Settings, front: &Front) -> Vec<Place> {
    let site = &settings.site.path;
    let named = |names: &[&str]| format!("~ \"{}\"", pattern(site, names));
    let otherwise = if front.pages.is_some() { "@pages" } else { "=404" };
    let place = |what, location, kind| {
        let files =
            if kind == Kind::Page { format!("$uri $uri/ {otherwise}") } else { "$uri =404".into() };
        let headers = headers(kind, settings.site.index, front.members.is_some());
        Place { what, location, files, headers, kind: None, is_open: false }
    };
    let badge = front.public_badge.then(|| Place {
        is_open: true,
        ..place("The badge, for everybody.", named(&BADGE), Kind::Widget)
    });
    let table = format!("= /{}", settings.csv.path);
    let app = format!("= {site}{WEB_MANIFEST}");
    let others = [
        place("What others may show in a frame.", named(&[EMBED]), Kind::Embed),
        place("What the pages of other sites may show or read.", named(&WIDGETS), Kind::Widget),
        place(
            "The names of these change with their contents.",
            format!("{site}assets/"),
            Kind::Asset,
        ),
        Place {
            kind: Some(web_manifest::CONTENT_TYPE),
            ..place("What a phone needs to keep the page on its home screen.", app, Kind::Page)
        },
        Place {
            kind: Some("text/csv"),
            ..place("The table that Jekyll reads.", table, Kind::Table)
        },
        place("The pages.", site.clone(), Kind::Page),
    ];
    badge.into_iter().chain(others).collect()
}

/// The headers of files of `kind`.
fn headers(kind: Kind, is_indexed: bool, is_private: bool) -> Vec<String> {
    let caching = caching(kind, is_private);
    let mut lines = vec![format!("Cache-Control \"{caching}\""), format!("{HSTS} always")];
    let protection = kind.protection(is_indexed);
    lines.extend(protection.into_iter().map(|(name, value)| format!("{name} \"{value}\" always")));
    lines
}
