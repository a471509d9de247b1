//! Hostile names are shown as text and do nothing else, in every message and every position.
//! The Markdown programs of the chats read the messages.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use lookout::notify::{Encoder, RoomInfo, Service};
use lookout::zoom::Name;
use serde_json::{Value, json};

use super::messages::{
    attempt, bot, cards, discord, encoder, lounge, mattermost, messages, ntfy, slack, telegram,
    webhook,
};
use crate::support::chat::telegram::without_tags;
use crate::support::hostile::names;
use lookout::config::Language;

/// A harmless person and a harmless room that are easy to find.
const SOMEBODY: &str = "Quxada";
const SOMEWHERE: &str = "Quxlounge";

/// A text of a message: the kind of message, the position, and whether Mattermost renders markup
/// there. The other chats escape in the same way everywhere.
struct Text {
    place: String,
    text: String,
    markup: bool,
}

/// Every text of every message, with people named `person` in a room named `room`.
fn texts(encoder: &Encoder, person: &str, room: &str) -> Vec<Text> {
    let names = vec![Name::clean(person).expect("not empty"); 2];
    let room = Name::clean(room).expect("not empty").to_string();
    let known = RoomInfo { name: Some(room), ..lounge() };
    let unknown = RoomInfo { dashboard: None, join: None, ..known.clone() };
    let mut texts = Vec::new();
    for room in [known, unknown] {
        let messages = messages(&room, &names, 1).into_iter();
        let messages =
            messages.map(|(kind, message)| (kind, encoder.message(&message, &attempt())));
        let cards = cards(&room, &names, 1).into_iter();
        let cards = cards.map(|(kind, card)| (kind, encoder.card(&card)));
        for (kind, body) in messages.chain(cards) {
            let body = body.expect("names can't break a template").body;
            let body = serde_json::from_slice(&body).expect("a body is JSON");
            collect(kind, &body, &mut texts);
        }
    }
    texts
}

/// The texts of `body` that people read; checks that the rest is no text.
fn collect(place: &str, body: &Value, texts: &mut Vec<Text>) {
    match body {
        Value::Object(map) => {
            for (key, value) in map {
                let place = format!("{place}: {key}");
                let Value::String(text) = value else {
                    collect(&place, value, texts);
                    continue;
                };
                let markup = match key.as_str() {
                    "color" | "title_link" | "url" | "channel_id" => continue,
                    "fallback" => false,
                    "title" if place.contains("attachments") => {
                        !place.contains("fields") && map.get("title_link").is_none()
                    }
                    _ => true,
                };
                texts.push(Text { place, text: text.clone(), markup });
            }
        }
        Value::Array(list) => list.iter().for_each(|value| collect(place, value, texts)),
        _ => {}
    }
}

/// What the Markdown program of `chat` shows of each text.
fn read(chat: &str, texts: &[Text]) -> Vec<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/markdown/read.mjs");
    let installed = script.with_file_name("node_modules").exists();
    assert!(installed, "the chats' Markdown is not installed; `tests/run.sh` does it");
    let mut child = Command::new("node")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is installed; `tests/run.sh` does it");
    let texts = texts.iter().map(|text| json!({ "chat": chat, "text": text.text }));
    let input = Value::from(texts.collect::<Vec<_>>()).to_string();
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(input.as_bytes()).expect("it reads all of it");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "read.mjs failed, and said why on stderr");
    serde_json::from_slice(&output.stdout).expect("it writes JSON")
}

/// The visible form of a name: with spaces instead of characters that change the direction, and
/// shortened.
fn shown(name: &str) -> String {
    let name = Name::clean(name).expect("not empty");
    let turns = |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let name = name.as_str().replace(turns, " ");
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let name = match name.chars().count() {
        0..=64 => name,
        _ => format!("{}…", name.chars().take(63).collect::<String>().trim_end()),
    };
    if name == "\u{200b}" { "—".to_owned() } else { name }
}

/// The text without invisible separators.
fn visible(text: &str) -> String {
    text.replace('\u{200b}', "")
}

/// Checks every name in `chat`; `look_alike` is the replacement that `chat` needs.
fn check(chat: &str, service: Service, language: &str, look_alike: fn(&str) -> String) {
    let encoder = encoder(service, language);
    let harmless = texts(&encoder, SOMEBODY, SOMEWHERE);
    let harmless_readings = read(chat, &harmless);
    let names = names();
    let hostile: Vec<Text> =
        names.iter().flat_map(|(_, name)| texts(&encoder, name, name)).collect();
    assert_eq!(hostile.len(), names.len() * harmless.len(), "{chat}: a text more or less");
    let readings = read(chat, &hostile);
    let mut faults = Vec::new();
    for (n, text) in hostile.iter().enumerate() {
        let (what, name) = &names[n / harmless.len()];
        let (model, model_readings) =
            (&harmless[n % harmless.len()], &harmless_readings[n % harmless.len()]);
        let put_in = |words: &str| {
            let name = visible(&look_alike(&shown(name)));
            visible(words).replace(SOMEBODY, &name).replace(SOMEWHERE, &name)
        };
        let mut fault = |why: String| {
            faults.push(format!("{what} ({name:?}), {}: {why}\n  {:?}", text.place, text.text));
        };
        if chat == "mattermost" && !text.markup {
            let expected = put_in(&model.text).replace('<', "‹").replace('>', "›");
            if visible(&text.text) != expected {
                fault(format!("expected {expected:?}"));
            }
            continue;
        }
        let expected = model_readings.as_array().expect("a list of readings");
        for (reading, model) in readings[n].as_array().expect("a list").iter().zip(expected) {
            let program = reading["program"].as_str().expect("each has a name");
            let words = put_in(model["words"].as_str().expect("words are text"));
            if visible(reading["words"].as_str().expect("words are text")) != words {
                fault(format!("{program} shows {}, not {words:?}", reading["words"]));
            }
            for key in ["links", "acts"] {
                if reading[key] != model[key] {
                    fault(format!("{program}: {key} are {}, not {}", reading[key], model[key]));
                }
            }
        }
    }
    let (count, some) =
        (faults.len(), faults.iter().step_by(1 + faults.len() / 12).cloned().collect::<Vec<_>>());
    assert!(faults.is_empty(), "{chat}: {count} faults\n{}", some.join("\n"));
}

#[test]
fn a_name_is_plain_text_to_mattermost() {
    check("mattermost", mattermost(), "en", str::to_owned);
}

#[test]
fn a_name_is_plain_text_to_slack() {
    let look_alike =
        |name: &str| name.replace('*', "∗").replace('_', "ˍ").replace('~', "∼").replace('`', "ˋ");
    check("slack", slack(), "en", look_alike);
}

#[test]
fn a_name_is_plain_text_to_discord() {
    check("discord", discord(), "en", str::to_owned);
}

/// Outside of Markdown, the server interprets `<…>` and text after `@`, `#`, `~` and `:`.
#[test]
fn nothing_acts_on_a_server_before_markdown_is_read() {
    let encoder = encoder(bot(), "tr");
    for (what, name) in names() {
        for Text { place, text, .. } in texts(&encoder, &name, &name) {
            assert!(!text.contains('<'), "{what}, {place}: {text}");
            // Our own text: URLs of links, and times.
            let text = text
                .replace("](https://", "](")
                .replace("20:38", "")
                .replace("20:45", "")
                .replace("00:43", "");
            for (at, sign) in text.match_indices(['@', '#', '~', ':']) {
                let next = text[at + sign.len()..].chars().next();
                let is_entity = sign == "#" && text[..at].ends_with('&');
                let acts = next.is_some_and(char::is_alphanumeric) && !is_entity;
                assert!(!acts, "{what}, {place}: `{sign}` acts in {text}");
            }
        }
    }
}

/// Every message and card about people and a room called `name`, as `encoder` writes it.
fn bodies(encoder: &Encoder, name: &str, with_cards: bool) -> Vec<(&'static str, Value)> {
    let names = vec![Name::clean(name).expect("not empty"); 2];
    let room = RoomInfo { name: Some(names[0].to_string()), ..lounge() };
    let all = messages(&room, &names, 1).into_iter();
    let all = all.map(|(kind, message)| (kind, encoder.message(&message, &attempt())));
    let cards = cards(&room, &names, 1).into_iter().filter(|_| with_cards);
    let all = all.chain(cards.map(|(kind, card)| (kind, encoder.card(&card))));
    let body = |body: Vec<u8>| serde_json::from_slice(&body).expect("a body is JSON");
    all.map(|(kind, request)| (kind, body(request.expect("names break nothing").body))).collect()
}

/// Whether something in `text` acts that does not in `plain`: a mention, a tag, a command, an address.
fn acts(text: &str) -> usize {
    let signs = text.match_indices(['@', '#', '/', '$', '.']);
    let before_a_word = signs.filter(|(at, sign)| {
        text[at + sign.len()..].chars().next().is_some_and(char::is_alphanumeric)
    });
    before_a_word.count()
}

#[test]
fn a_name_is_plain_text_to_telegram() {
    let telegram = encoder(telegram(), "en");
    let harmless = bodies(&telegram, SOMEBODY, true);
    for (what, name) in names() {
        let all = bodies(&telegram, &name, true);
        for ((kind, body), (_, model)) in all.iter().zip(&harmless) {
            let read = |body: &Value| without_tags(body["text"].as_str().expect("a text"));
            let text = read(body).unwrap_or_else(|why| panic!("{what}, {kind}: {why}: {body}"));
            let model = read(model).expect("our own text");
            let expected = model.replace(SOMEBODY, &shown(&name));
            assert_eq!(visible(&text), visible(&expected), "{what}, {kind}");
            assert_eq!(acts(&text), acts(&model), "{what}, {kind}: {text}");
            assert_eq!(text.lines().count(), model.lines().count(), "{what}, {kind}: {text}");
        }
    }
}

#[test]
fn a_name_changes_only_text_in_the_json_of_ntfy_and_webhooks() {
    let angles = |text: &str| text.replace('<', "‹").replace('>', "›");
    for (of, service) in [("ntfy", ntfy()), ("webhook", webhook())] {
        let encoder = encoder(service, "en");
        let harmless = bodies(&encoder, SOMEBODY, false);
        for (what, name) in names() {
            for ((kind, body), (_, model)) in bodies(&encoder, &name, false).iter().zip(&harmless) {
                let keys = |body: &Value| {
                    body.as_object().expect("an object").keys().cloned().collect::<Vec<_>>()
                };
                assert_eq!(keys(body), keys(model), "{of}, {what}, {kind}");
                for key in ["title", "message", "text"] {
                    let Some(text) = body[key].as_str() else { continue };
                    let model = model[key].as_str().expect("the same keys");
                    let name = angles(&shown(&name));
                    let expected = model.replace(SOMEBODY, &name);
                    let flat = |text: &str| visible(text).split_whitespace().collect::<String>();
                    assert_eq!(flat(text), flat(&expected), "{of}, {what}, {kind}");
                    assert_eq!(text.lines().count(), model.lines().count(), "{of}, {what}, {kind}");
                }
                for key in ["topic", "click", "actions", "tags", "url", "join", "event", "at"] {
                    assert_eq!(body[key], model[key], "{of}, {what}, {kind}: {key}");
                }
            }
        }
    }
}

#[test]
fn no_line_begins_with_a_name() {
    for language in Language::all_built_in() {
        for service in [mattermost(), bot(), slack(), discord()] {
            for Text { place, text, .. } in texts(&encoder(service, language), SOMEBODY, SOMEWHERE)
            {
                let begins = text.lines().any(|line| line.starts_with(SOMEBODY));
                assert!(!begins, "{place}: {text}");
            }
        }
    }
}
