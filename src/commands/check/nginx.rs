//! nginx in front of Lookout: settings outside of the printed file, and whether that file is current.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Context, Finding};
use crate::commands::print::nginx::upstream;
use crate::site::web_manifest::WEB_MANIFEST;

/// Where nginx's configuration is on Debian and most other systems.
pub(super) const HOME: &str = "/etc/nginx";

/// With fewer connections for each worker, one slow client can hold all of them; each is closed only
/// after 5 s. Debian's default is 768.
const MIN_CONNECTIONS: u32 = 4096;

/// nginx's own default.
const DEFAULT_CONNECTIONS: u32 = 512;

/// Open files of a worker for that many connections, with room for logs and served files.
const MAX_FILES: u32 = 16_384;

/// Directives that older versions did not print.
const NEEDED: [&str; 3] =
    ["client_header_timeout", "proxy_request_buffering", "reset_timedout_connection"];

/// Checks nginx's configuration, if it passes deliveries on to the Lookout of these settings.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    examine(context, Path::new(HOME))
}

fn examine(context: &Context<'_>, home: &Path) -> Vec<Finding> {
    let Some((path, site)) = site(context, home) else { return Vec::new() };
    let stale = site_lacks(&path, &site);
    let unlike = site_is_unlike_settings(context, &path, &site);
    stale.into_iter().chain(unlike).chain([connections(home)]).collect()
}

/// Whether nginx asks for a password before it shows what Lookout publishes.
pub(super) fn is_for_members(context: &Context<'_>, home: &Path) -> bool {
    site(context, home).is_some_and(|(_, text)| value(&text, "auth_basic_user_file").is_some())
}

/// The file, without comments, that passes deliveries on to the Lookout of these settings.
fn site(context: &Context<'_>, home: &Path) -> Option<(PathBuf, String)> {
    let passes_on = format!("proxy_pass {}", upstream(context.settings));
    let is_ours = |(_, text): &(PathBuf, String)| text.contains(&passes_on);
    let mut sites = ["conf.d", "sites-enabled"].into_iter().flat_map(|dir| texts(&home.join(dir)));
    sites.find(is_ours)
}

/// The files of `dir` that can be read, without comments.
fn texts(dir: &Path) -> Vec<(PathBuf, String)> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths.into_iter().filter_map(|path| Some((path.clone(), text(&path)?))).collect()
}

fn text(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let code = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    Some(code.collect::<Vec<_>>().join("\n"))
}

fn site_lacks(path: &Path, site: &str) -> Option<Finding> {
    let lacks: Vec<_> = NEEDED.into_iter().filter(|name| value(site, name).is_none()).collect();
    if lacks.is_empty() {
        return None;
    }
    let text = format!(
        "{0} lacks `{1}`, so slow or unsigned clients can keep Zoom out; print it again with the same \
         options: `sudo lookout print nginx … | sudo tee {0}`, then `sudo systemctl reload nginx`",
        path.display(),
        lacks.join("`, `")
    );
    Some(Finding::warning("nginx", text))
}

/// Whether the file serves pages in another way than the settings, or this version, have it.
fn site_is_unlike_settings(context: &Context<'_>, path: &Path, site: &str) -> Option<Finding> {
    let problem = match (context.settings.site.index, site.contains("X-Robots-Tag")) {
        (false, false) => "lets search engines list what Lookout publishes",
        (true, true) => "tells search engines to list nothing, although `site.index` is true",
        _ if !site.contains(WEB_MANIFEST) => "keeps the page from the home screen of phones",
        _ => return None,
    };
    let text = format!(
        "{0} {problem}; print it again with the same options: \
         `sudo lookout print nginx … | sudo tee {0}`, then `sudo systemctl reload nginx`",
        path.display()
    );
    Some(Finding::warning("nginx", text))
}

/// Checks how many connections each worker may have. This is set for all of nginx, not in the printed file.
fn connections(home: &Path) -> Finding {
    let file = home.join("nginx.conf");
    let Some(main) = text(&file) else {
        return Finding::warning(
            "nginx",
            format!("cannot read `{}`; look there for `worker_connections`", file.display()),
        );
    };
    let modules = texts(&home.join("modules-enabled")).into_iter().map(|(_, text)| text);
    let main = modules.fold(main, |all, text| all + "\n" + &text);
    let connections = number(&main, "worker_connections").unwrap_or(DEFAULT_CONNECTIONS);
    let files = number(&main, "worker_rlimit_nofile");
    if connections < MIN_CONNECTIONS {
        let text = format!(
            "each worker has {connections} connections, which {connections} slow clients can use up, so that none is left for Zoom; set \
             `worker_connections {MIN_CONNECTIONS};` and, above `events`, `worker_rlimit_nofile {MAX_FILES};` in \
             `{}`, then `sudo systemctl reload nginx`",
            file.display()
        );
        return Finding::warning("nginx", text);
    }
    if files.is_none_or(|files| files < connections) {
        let text = format!(
            "each worker has {connections} connections, and may not have as many files open; set \
             `worker_rlimit_nofile {};` above `events` in `{}`, then `sudo systemctl reload nginx`",
            MAX_FILES.max(connections.saturating_mul(2)),
            file.display()
        );
        return Finding::warning("nginx", text);
    }
    Finding::ok("nginx", format!("each worker has {connections} connections"))
}

fn number(text: &str, name: &str) -> Option<u32> {
    value(text, name)?.parse().ok()
}

/// The first value of the directive `name`.
fn value<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.split([';', '{', '}']).find_map(|directive| {
        let mut words = directive.split_whitespace();
        (words.next() == Some(name)).then(|| words.next()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, parse};
    use crate::time::moment::Moment;

    const OURS: &str = "client_header_timeout 5s; reset_timedout_connection on;\n\
        server { add_header X-Robots-Tag \"noindex\"; location = /lookout/manifest.webmanifest { }\n\
        location = /w { proxy_request_buffering off; proxy_pass http://127.0.0.1:8787/w; } }";
    const OLD: &str = "server { location = /w { proxy_pass http://127.0.0.1:8787/w; } }";
    const OTHER: &str = "server { location / { proxy_pass http://127.0.0.1:99; } }";

    /// What is special, the site's file, `nginx.conf`, a file of a module, and the lines.
    type Case =
        (&'static str, Option<&'static str>, &'static str, &'static str, &'static [&'static str]);

    #[test]
    fn too_few_connections_and_an_old_file_are_named_where_nginx_is_used() {
        #[rustfmt::skip]
        let cases: [Case; 10] = [
            // what is special         the site     nginx.conf                                              modules                         lines
            ("no nginx",               None,        "",                                                     "",                             &[]),
            ("another site",           Some(OTHER), "events { worker_connections 768; }",                   "",                             &[]),
            ("Debian's default",       Some(OURS),  "events {\n\tworker_connections 768;\n\t# more\n}",     "",                             &["! nginx     each worker has 768 connections, which"]),
            ("nginx's default",        Some(OURS),  "events {}",                                            "",                             &["! nginx     each worker has 512 connections, which"]),
            ("commented out",          Some(OURS),  "events { # worker_connections 9999;\n}",               "",                             &["! nginx     each worker has 512 connections, which"]),
            ("no files for them",      Some(OURS),  "events { worker_connections 8192; }",                  "",                             &["! nginx     each worker has 8192 connections, and may not"]),
            ("fewer files than them",  Some(OURS),  "worker_rlimit_nofile 1024; events { worker_connections 8192; }", "",                   &["! nginx     each worker has 8192 connections, and may not"]),
            ("enough",                 Some(OURS),  "worker_rlimit_nofile 16384;\nevents { worker_connections 4096; }", "",                 &["✓ nginx     each worker has 4096 connections"]),
            ("files set beside it",    Some(OURS),  "events { worker_connections 4096; }",                  "worker_rlimit_nofile 16384;",  &["✓ nginx     each worker has 4096 connections"]),
            ("an old printed file",    Some(OLD),   "worker_rlimit_nofile 16384;\nevents { worker_connections 4096; }", "",                 &["! nginx     DIR/conf.d/lookout.conf lacks `client_header_timeout`, `proxy_request_buffering`", "! nginx     DIR/conf.d/lookout.conf lets search engines list", "✓ nginx     each worker"]),
        ];
        for (what, site, main, modules, expected) in cases {
            let dir = tempfile::tempdir().expect("a directory");
            let write = |path: &str, text: &str| {
                let path = dir.path().join(path);
                fs::create_dir_all(path.parent().expect("below")).expect("made");
                fs::write(path, text).expect("written");
            };
            write("nginx.conf", main);
            write("modules-enabled/90.conf", modules);
            if let Some(site) = site {
                write("conf.d/lookout.conf", site);
            }
            let settings = parse("", &dir.path().join("lookout.toml"), &Environment::default());
            let settings = settings.expect("valid");
            let context = Context { settings: &settings, now: Moment::from_seconds(0) };
            let lines = examine(&context, dir.path());
            assert_eq!(lines.len(), expected.len(), "{what}: {lines:?}");
            for (line, expected) in lines.iter().zip(expected) {
                let line = line.to_string().replace(&dir.path().display().to_string(), "DIR");
                assert!(line.starts_with(expected), "{what}: {line}");
            }
        }
    }

    #[test]
    fn a_file_that_serves_other_than_the_settings_say_is_named() {
        const LISTS: &str = "location = /lookout/manifest.webmanifest { }";
        const HIDES: &str = "add_header X-Robots-Tag \"noindex\";";
        let both = format!("{HIDES} {LISTS}");
        #[rustfmt::skip]
        let cases = [
            // what is special           index    the site  said
            ("as printed",               "false", &*both,   None),
            ("as printed, listed",       "true",  LISTS,    None),
            ("listed all the same",      "false", LISTS,    Some("lets search engines list")),
            ("not listed all the same",  "true",  &*both,   Some("although `site.index` is true")),
            ("before there were apps",   "false", HIDES,    Some("home screen of phones")),
        ];
        for (what, index, site, said) in cases {
            let text = format!("[site]\nindex = {index}\n");
            let settings = parse(&text, Path::new("lookout.toml"), &Environment::default());
            let context =
                Context { settings: &settings.expect("valid"), now: Moment::from_seconds(0) };
            let found = site_is_unlike_settings(&context, Path::new("/etc/nginx/a.conf"), site);
            let line = found.map(|finding| finding.to_string());
            assert_eq!(line.is_some(), said.is_some(), "{what}: {line:?}");
            assert!(line.unwrap_or_default().contains(said.unwrap_or_default()), "{what}");
        }
    }
}
