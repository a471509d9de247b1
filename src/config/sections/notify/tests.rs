use std::fs;
use std::path::Path;

use crate::config::access::{Access, Statuses};
use crate::config::notify::Notify;
use crate::config::{Environment, parse};

const ROOMS: &str = "
    [[rooms]]\nmeeting_id = '11'\nname = 'Lounge'\n
    [[rooms]]\nmeeting_id = '22'\nname = 'Tea Room'\n";

#[track_caller]
fn target(dir: &Path, more: &str) -> Notify {
    let text = format!("[[notify]]\nkind = 'mattermost'\n{more}\n{ROOMS}");
    let settings = parse(&text, &dir.join("lookout.toml"), &Environment::default());
    settings.unwrap_or_else(|error| panic!("{error}")).notify.remove(0)
}

#[test]
fn a_room_is_named_by_slug_name_or_number() {
    #[rustfmt::skip]
    let cases = [
        // what is special  typed                       numbers
        ("none",            "[]",                       vec![]),
        ("a slug",          "['lounge']",               vec!["11"]),
        ("a name",          "['Tea Room']",             vec!["22"]),
        ("a number",        "['22']",                   vec!["22"]),
        ("several",         "['tea-room', 'Lounge']",   vec!["22", "11"]),
    ];
    for (what, typed, numbers) in cases {
        let target = target(Path::new(""), &format!("url = 'http://a/b'\nrooms = {typed}"));
        assert_eq!(target.rooms, numbers, "{what}");
    }
}

#[test]
fn a_secret_may_stand_in_a_file_that_only_the_sender_can_read() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("hook"), " https://chat.example/hooks/hush\n").expect("written");
    fs::write(dir.path().join("note"), "hush, the hook is elsewhere").expect("written");
    let address = "https://chat.example/hooks/hush";
    let utf16: Vec<u8> =
        format!("\u{feff}{address}\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(dir.path().join("windows"), utf16).expect("written");
    fs::write(dir.path().join("quotes"), format!("\"{address}\"\n")).expect("written");
    fs::write(dir.path().join("broken"), address.replace("ush", "us\nh")).expect("written");
    fs::write(dir.path().join("unseen"), format!("{address}hush\u{200b}\n")).expect("written");
    fs::write(dir.path().join("latin"), b"hush\xe9").expect("written");
    #[rustfmt::skip]
    let cases = [
        // what is special   file       said
        ("an address",       "hook",    None),
        ("something else",   "note",    Some("this is not the address of a webhook")),
        ("no such file",     "missing", Some("No such file")),
        ("of Windows",       "windows", None),
        ("quotes",           "quotes",  Some("this is not the address of a webhook, character 1 is a quotation mark")),
        ("a line break",     "broken",  Some("character 31 is a line break")),
        ("invisible",        "unseen",  Some("character 36 is invisible")),
        ("not UTF-8",        "latin",   Some("byte 5 is not UTF-8")),
    ];
    for (what, file, said) in cases {
        let access = target(dir.path(), &format!("url_file = '{file}'")).access;
        let [Access::MattermostWebhook(hook)] = &access[..] else { panic!("{what}") };
        let problem = hook.get().err();
        assert_eq!(problem.is_some(), said.is_some(), "{what}");
        let shown = format!("{hook:?} {}", problem.unwrap_or_default());
        assert!(!shown.contains("hush"), "{what}: {shown}");
        assert!(shown.contains(said.unwrap_or_default()), "{what}: {shown}");
    }
}

#[test]
fn a_status_is_a_number_or_a_class_between_200_and_599() {
    #[rustfmt::skip]
    let cases = [
        // what is special   typed     range
        ("one",              "409",    Some((409, 409))),
        ("a class",          "2xx",    Some((200, 299))),
        ("the last class",   "5xx",    Some((500, 599))),
        ("no answer yet",    "1xx",    None),
        ("no such class",    "6xx",    None),
        ("too large",        "700xx",  None),
        ("larger still",     "65535xx", None),
        ("no such status",   "600",    None),
        ("a word",           "ok",     None),
    ];
    for (what, typed, range) in cases {
        let text =
            format!("[[notify]]\nkind = 'webhook'\nurl = 'http://a/b'\nsuccess = ['{typed}']");
        let settings = parse(&text, Path::new("lookout.toml"), &Environment::default());
        let Some((first, last)) = range else {
            let error = settings.expect_err(what).to_string();
            assert!(error.contains(&format!("`{typed}` is not a status")), "{what}: {error}");
            continue;
        };
        let access = settings.expect(what).notify.remove(0).access;
        let [Access::Webhook(webhook)] = &access[..] else { panic!("{what}") };
        assert_eq!(webhook.success, [Statuses { first, last }], "{what}");
    }
}
