//! `[[notify]]`: the chats that receive messages.

use std::collections::BTreeSet;
use std::path::Path;

use reqwest::Url;

use crate::config::notify::{Bot, Chat, Credential, Names, Notify, NotifyEvent, QuietHours};
use crate::config::problem::Diagnostic;
use crate::config::secret_file::Unreadable;
use crate::config::section::{KeySpans, Section};
use crate::config::settings::Room;
use crate::config::suggestion::{did_you_mean, suggest};
use crate::config::{characters, secret_file, url, values};
use crate::types::Secret;
use crate::types::secret::trimmed;

/// The length of an id in Mattermost.
const ID_LENGTH: usize = 26;

/// One target; `None` if a required key is missing or wrong. Its rooms are still as typed.
pub(in crate::config) fn read(section: &mut Section<'_>) -> Option<Notify> {
    let before = section.problem_count();
    let kind = section.required(
        "kind",
        "whose chat it is, such as `kind = \"mattermost\"`, or `slack`, `discord`",
        chat,
    );
    let hook = credential(section, ["url", "url_file"], hook_address);
    let rooms = section.list("rooms", &[], values::some_text);
    let events = section.list("events", &["joined", "left", "started", "ended", "sharing"], event);
    let names = section.value("names", "published", names);
    let quiet = section.optional("quiet", QuietHours::parse);
    let bot = bot(section, kind);
    if section.problem_count() == before {
        if events.is_empty() {
            section.conflict("events", "`notify.events` is empty; remove the line for all events");
        }
        if hook.is_none() && bot.is_none() {
            section.conflict("url", "`notify` needs a `url` or a `url_file`: the address of an incoming webhook, which the chat shows when you make one");
        }
    }
    let events: BTreeSet<_> = events.into_iter().collect();
    Some(Notify { kind: kind?, hook, bot, rooms, events, names, quiet })
}

/// The bot, if there is one and its keys are complete.
fn bot(section: &mut Section<'_>, kind: Option<Chat>) -> Option<Bot> {
    let before = section.problem_count();
    let token = credential(section, ["bot_token", "bot_token_file"], token);
    let server = section.optional("server_url", url::server);
    let channel = section.optional("channel_id", channel_id);
    let is_meant = token.is_some() || server.is_some() || channel.is_some();
    if !is_meant || section.problem_count() > before {
        return None;
    }
    let keys = ["bot_token", "bot_token_file", "server_url", "channel_id"];
    let first = keys.into_iter().find(|key| section.is_typed(key)).unwrap_or("bot_token");
    if kind.is_some_and(|kind| kind != Chat::Mattermost) {
        section.conflict(first, format!("`notify.{first}` is for a bot of Mattermost; remove it, or write `kind = \"mattermost\"`"));
        return None;
    }
    let (Some(token), Some(server), Some(channel)) = (token, server, channel) else {
        section.conflict(
            first,
            "a bot needs all of `bot_token_file` (or `bot_token`), `server_url` and `channel_id`",
        );
        return None;
    };
    Some(Bot { token, server, channel })
}

/// A secret, typed or from a file. No message quotes it.
fn credential(
    section: &mut Section<'_>,
    [key, file_key]: [&'static str; 2],
    parse: fn(&str) -> Result<Secret, String>,
) -> Option<Credential> {
    let typed = section.optional(key, parse);
    let file = section.secret_file(file_key);
    match (typed, file) {
        (Some(_), Some(_)) => {
            section.conflict(
                file_key,
                format!("`notify.{key}` and `notify.{file_key}` are both set; keep one of them"),
            );
            None
        }
        (Some(secret), None) => {
            section.record_inline_secret(key);
            Some(Credential::Known(secret))
        }
        (None, Some(path)) => Some(match from_file(&path, parse) {
            Ok(secret) => Credential::Known(secret),
            Err(why) => Credential::Unusable { path, why },
        }),
        (None, None) => None,
    }
}

fn from_file(path: &Path, parse: fn(&str) -> Result<Secret, String>) -> Result<Secret, String> {
    let text = secret_file::read(path).map_err(|error| match error {
        Unreadable::System(error) => {
            format!("{error}; correct the path, or the file's owner and mode")
        }
        Unreadable::NotText(why) => why,
    })?;
    parse(&text)
}

fn hook_address(text: &str) -> Result<Secret, String> {
    const ADVICE: &str = "copy what the chat shows, such as `https://chat.example.org/hooks/…`";
    // The URL parser would silently change some of these.
    if let Some(invalid_character) = characters::invalid_character(text, characters::is_of_address)
    {
        return Err(format!("this is not the address of a webhook, {invalid_character}; {ADVICE}"));
    }
    let url = Url::parse(trimmed(text)).ok();
    let is_hook = |url: Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    let secret = Secret::new(text).filter(|_| url.is_some_and(is_hook));
    secret.ok_or_else(|| format!("this is not the address of a webhook; {ADVICE}"))
}

fn token(text: &str) -> Result<Secret, String> {
    const ADVICE: &str = "copy what Mattermost shows when you make one";
    if let Some(invalid_character) = characters::invalid_character(text, characters::is_of_token) {
        return Err(format!("this is not a bot's token, {invalid_character}; {ADVICE}"));
    }
    Secret::new(text).ok_or_else(|| format!("this is not a bot's token; {ADVICE}"))
}

fn channel_id(text: &str) -> Result<String, String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if text.len() != ID_LENGTH || !plain {
        return Err(format!(
            "`{text}` is not the id of a channel; Mattermost shows it under *View Info* in the channel's menu, {ID_LENGTH} letters and digits"
        ));
    }
    Ok(text.to_owned())
}

/// Replaces the typed rooms (slugs, names or numbers) by meeting numbers.
pub(in crate::config) fn resolve(
    targets: Vec<(Notify, KeySpans)>,
    rooms: &[Room],
) -> (Vec<Notify>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let resolved = targets.into_iter().map(|(mut target, spans)| {
        let typed = std::mem::take(&mut target.rooms);
        for room in typed {
            match named(&room, rooms) {
                Some(found) => target.rooms.push(found.meeting_id.clone()),
                None => diagnostics.extend(
                    spans
                        .key_or_header("rooms")
                        .map(|span| Diagnostic::new(span.clone(), no_such_room(&room, rooms))),
                ),
            }
        }
        target
    });
    (resolved.collect(), diagnostics)
}

fn named<'a>(typed: &str, rooms: &'a [Room]) -> Option<&'a Room> {
    let by_slug = rooms.iter().find(|room| room.slug.as_str() == typed);
    by_slug.or_else(|| rooms.iter().find(|room| room.name == typed || room.meeting_id == typed))
}

fn no_such_room(typed: &str, rooms: &[Room]) -> String {
    if rooms.is_empty() {
        return format!(
            "`notify.rooms` names `{typed}`, but there are no `[[rooms]]`, so all meetings are one room; remove the line"
        );
    }
    let meant = suggest(typed, rooms.iter().flat_map(|room| [room.slug.as_str(), &room.name]));
    let all = || {
        let slugs: Vec<_> = rooms.iter().map(|room| format!("`{}`", room.slug)).collect();
        format!("; write one of {}", slugs.join(", "))
    };
    let advice = if meant.is_some() { did_you_mean(meant) } else { all() };
    format!("`notify.rooms`: there is no room `{typed}`{advice}")
}

fn chat(text: &str) -> Result<Chat, String> {
    let chats = [Chat::Mattermost, Chat::Slack, Chat::Discord];
    values::word(text, &chats.map(|chat| (chat.word(), chat)))
}

fn event(text: &str) -> Result<NotifyEvent, String> {
    let words = [
        ("joined", NotifyEvent::Joined),
        ("left", NotifyEvent::Left),
        ("started", NotifyEvent::Started),
        ("ended", NotifyEvent::Ended),
        ("sharing", NotifyEvent::Sharing),
    ];
    values::word(text, &words)
}

fn names(text: &str) -> Result<Names, String> {
    values::word(text, &[("published", Names::Published), ("all", Names::All)])
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
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
            let hook = target(dir.path(), &format!("url_file = '{file}'")).hook.expect(what);
            let problem = hook.get().err();
            assert_eq!(problem.is_some(), said.is_some(), "{what}");
            let shown = format!("{hook:?} {}", problem.unwrap_or_default());
            assert!(!shown.contains("hush"), "{what}: {shown}");
            assert!(shown.contains(said.unwrap_or_default()), "{what}: {shown}");
        }
    }
}
