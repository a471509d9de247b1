//! Links to join a meeting that everybody may see.

use std::path::Path;

use super::{Context, Finding, nginx};
use crate::config::Room;

/// Warns where a public page shows a link with a passcode: whoever finds the page can come in.
pub(super) fn passcodes(context: &Context<'_>) -> Vec<Finding> {
    examine(context, Path::new(nginx::HOME))
}

fn examine(context: &Context<'_>, nginx_home: &Path) -> Vec<Finding> {
    let rooms: Vec<_> =
        context.settings.rooms.iter().filter(|room| has_passcode(&room.join_url)).collect();
    if rooms.is_empty() || nginx::is_for_members(context, nginx_home) {
        return Vec::new();
    }
    rooms.into_iter().map(warning).collect()
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
    use std::fs;

    use super::*;
    use crate::config::{Environment, parse};
    use crate::time::moment::Moment;

    const PUBLIC: &str = "server { location = /w { proxy_pass http://127.0.0.1:8787/w; } }";
    const MEMBERS: &str = "server { location = /w { proxy_pass http://127.0.0.1:8787/w; }\n\
        location /lookout/ { auth_basic_user_file /etc/lookout/members; } }";

    #[test]
    fn a_passcode_on_a_public_page_is_named_but_not_shown() {
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
        ];
        for (what, link, site, warned) in cases {
            let dir = tempfile::tempdir().expect("a directory");
            fs::create_dir(dir.path().join("conf.d")).expect("made");
            fs::write(dir.path().join("conf.d/lookout.conf"), site).expect("written");
            let text =
                format!("[[rooms]]\nmeeting_id = '1'\nname = 'Lounge'\njoin_url = '{link}'\n");
            let settings = parse(&text, Path::new("a.toml"), &Environment::default());
            let settings = settings.expect(what);
            let context = Context { settings: &settings, now: Moment::from_seconds(0) };
            let lines: Vec<_> =
                examine(&context, dir.path()).iter().map(ToString::to_string).collect();
            assert_eq!(lines.len(), usize::from(warned), "{what}: {lines:?}");
            for line in lines {
                assert!(line.starts_with("! rooms     the link to join `Lounge`"), "{line}");
                assert!(!line.contains("hush"), "{line}");
            }
        }
    }
}
