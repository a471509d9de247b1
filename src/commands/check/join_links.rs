//! Links to join a meeting that everybody may see.

use std::fs;
use std::path::Path;

use super::{Context, Finding, nginx};
use crate::commands::print::nginx::reachable;
use crate::config::Room;

/// Where Caddy's configuration is on Debian and most other systems.
const CADDYFILE: &str = "/etc/caddy/Caddyfile";

/// Warns where a public page shows a link with a passcode: whoever finds the page can come in.
pub(super) fn passcodes(context: &Context<'_>) -> Vec<Finding> {
    examine(context, Path::new(nginx::HOME), Path::new(CADDYFILE))
}

fn examine(context: &Context<'_>, nginx_home: &Path, caddyfile: &Path) -> Vec<Finding> {
    let rooms: Vec<_> =
        context.settings.rooms.iter().filter(|room| has_passcode(&room.join_url)).collect();
    let is_for_members =
        || nginx::is_for_members(context, nginx_home) || caddy_is_for_members(context, caddyfile);
    if rooms.is_empty() || is_for_members() {
        return Vec::new();
    }
    rooms.into_iter().map(warning).collect()
}

/// Whether Caddy asks for a password before it shows what Lookout publishes.
fn caddy_is_for_members(context: &Context<'_>, caddyfile: &Path) -> bool {
    let text = fs::read_to_string(caddyfile).unwrap_or_default();
    let upstream = reachable(context.settings.zoom.listen).to_string();
    let mut ours = caddy_sites(&text).into_iter().filter(|site| site.contains(&upstream));
    ours.any(|site| {
        let mut directives = site.lines().filter_map(|line| line.split_whitespace().next());
        directives.any(|name| ["basicauth", "basic_auth"].contains(&name))
    })
}

/// The sites of a Caddyfile, each with what precedes it. The block of a site ends with a brace in the
/// first column; a file of one site may leave its braces out.
fn caddy_sites(caddyfile: &str) -> Vec<&str> {
    let mut lines = caddyfile.lines().map(str::trim_end);
    let is_address =
        |line: &&str| !line.is_empty() && !line.starts_with('#') && !line.starts_with("import ");
    match lines.find(is_address) {
        Some(first) if first.ends_with(['{', ',']) => caddyfile.split("\n}").collect(),
        _ => vec![caddyfile],
    }
}

/// Never repeats the link.
fn warning(room: &Room) -> Finding {
    let text = format!(
        "the link to join `{}` contains the meeting's passcode, and everybody can see the page; remove \
         `pwd=…` from its `join_url`, or let only members see the page: `lookout print nginx --members FILE`",
        room.name
    );
    Finding::warning("rooms", text)
}

/// Whether `link` has a passcode in it, as Zoom's links of invitation have.
fn has_passcode(link: &str) -> bool {
    link.split(['?', '&', '#', ';'])
        .skip(1)
        .any(|part| part.strip_prefix("pwd=").is_some_and(|passcode| !passcode.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, parse};
    use crate::time::moment::Moment;

    const PUBLIC: &str = "server { location = /w { proxy_pass http://127.0.0.1:8787/w; } }";
    const MEMBERS: &str = "server { location = /w { proxy_pass http://127.0.0.1:8787/w; }\n\
        location /lookout/ { auth_basic_user_file /etc/lookout/members; } }";

    const CADDY: &str = "{\n\tservers {\n\t}\n}\n\nours.example {\n\troute {\n\t\thandle @webhook {\n\t\t\t\
        reverse_proxy 127.0.0.1:8787 {\n\t\t\t}\n\t\t}\n\t}\n}\n";
    const CADDY_MEMBERS: &str = "ours.example {\n\troute {\n\t\tbasicauth @members bcrypt Lookout {\n\t\t}\n\t\t\
        reverse_proxy 127.0.0.1:8787 {\n\t\t}\n\t}\n}\n";
    const CADDY_ONE_SITE: &str =
        "ours.example\n\nbasic_auth {\n}\nreverse_proxy 127.0.0.1:8787 {\n}\n";
    const CADDY_OTHERS: &str =
        "other.example {\n\tbasic_auth {\n\t}\n\treverse_proxy 127.0.0.1:99\n}\n";
    const CADDY_COMMENT: &str =
        "ours.example {\n\t# basic_auth {\n\treverse_proxy 127.0.0.1:8787 {\n\t}\n}\n";

    #[test]
    fn a_passcode_on_a_public_page_is_named_but_not_shown() {
        let other_before = format!("{CADDY_OTHERS}\n{CADDY}");
        let other_behind = format!("{CADDY}\n{CADDY_OTHERS}");
        let imports = format!("# Ours.\n\nimport log\n{CADDY_OTHERS}\n{CADDY}");
        let both = format!("{CADDY_OTHERS}\n{CADDY_MEMBERS}");
        #[rustfmt::skip]
        let cases = [
            // what is special               link                                            nginx    warned
            ("no link",                      "",                                             PUBLIC,  false),
            ("a link without a passcode",    "https://zoom.us/j/1",                          PUBLIC,  false),
            ("an empty passcode",            "https://zoom.us/j/1?pwd=",                     PUBLIC,  false),
            ("another parameter",            "https://zoom.us/j/1?uname=pwd",                PUBLIC,  false),
            ("a passcode",                   "https://zoom.us/j/1?pwd=hush.1",               PUBLIC,  true),
            ("a passcode among others",      "https://zoom.us/j/1?omn=2&pwd=hush.1#success", PUBLIC,  true),
            ("a passcode for members",       "https://zoom.us/j/1?pwd=hush.1",               MEMBERS, false),
            ("behind Caddy",                 "https://zoom.us/j/1?pwd=hush.1",               CADDY,   true),
            ("for members, behind Caddy",    "https://zoom.us/j/1?pwd=hush.1",               CADDY_MEMBERS, false),
            ("a Caddyfile of one site",      "https://zoom.us/j/1?pwd=hush.1",               CADDY_ONE_SITE, false),
            ("a comment",                    "https://zoom.us/j/1?pwd=hush.1",               CADDY_COMMENT, true),
            ("an import above",              "https://zoom.us/j/1?pwd=hush.1",               &imports, true),
            ("another site's password",      "https://zoom.us/j/1?pwd=hush.1",               &other_before, true),
            ("the same, behind ours",        "https://zoom.us/j/1?pwd=hush.1",               &other_behind, true),
            ("both have one",                "https://zoom.us/j/1?pwd=hush.1",               &both,    false),
            ("another site is for members",  "https://zoom.us/j/1?pwd=hush.1",               CADDY_OTHERS,  true),
        ];
        for (what, link, site, warned) in cases {
            let dir = tempfile::tempdir().expect("a directory");
            fs::create_dir(dir.path().join("conf.d")).expect("made");
            let caddyfile = dir.path().join("Caddyfile");
            let is_nginx = site.starts_with("server");
            let file =
                if is_nginx { dir.path().join("conf.d/lookout.conf") } else { caddyfile.clone() };
            fs::write(file, site).expect("written");
            let text =
                format!("[[rooms]]\nmeeting_id = '1'\nname = 'Lounge'\njoin_url = '{link}'\n");
            let settings = parse(&text, Path::new("a.toml"), &Environment::default());
            let settings = settings.expect(what);
            let context = Context { settings: &settings, now: Moment::from_seconds(0) };
            let lines: Vec<_> =
                examine(&context, dir.path(), &caddyfile).iter().map(ToString::to_string).collect();
            assert_eq!(lines.len(), usize::from(warned), "{what}: {lines:?}");
            for line in lines {
                assert!(line.starts_with("! rooms     the link to join `Lounge`"), "{line}");
                assert!(!line.contains("hush"), "{line}");
            }
        }
    }
}
