//! A name in what chats are sent.

use std::collections::BTreeMap;

use lookout::config::Secret;
use lookout::notify::attempt::Attempt;
use lookout::notify::{
    Card, CardState, Encoder, Members, Message, MessageKind, PersonInside, RoomInfo, RoomSummary,
    Service,
};
use lookout::time::moment::Moment;
use lookout::zoom::Name;
use serde_json::Value;

use super::sample;

/// Somebody, or a room, who mean no harm.
const SOMEBODY: &str = "Quxada";

/// Parts two characters without a trace.
const APART: char = '\u{200b}';

/// What acts only together with what follows.
const PARTED: &str = "@:;#~<.";

struct Chat {
    encoder: Encoder,
    dialect: Dialect,
    /// What is sent of people and a room called [`SOMEBODY`].
    plain: Texts,
}

/// How a chat reads a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Mattermost,
    Slack,
    Discord,
}

/// Texts by where they stand.
type Texts = BTreeMap<String, String>;

thread_local! {
    static CHATS: Vec<Chat> = [
        (Service::mattermost_webhook(&secret()), Dialect::Mattermost),
        (Service::mattermost_bot("https://chat.example", &secret(), "c"), Dialect::Mattermost),
        (Service::slack_webhook(&secret()), Dialect::Slack),
        (Service::discord_webhook(&secret()), Dialect::Discord),
    ]
    .map(|(service, dialect)| {
        let service = service.expect("a URL");
        let encoder = Encoder::load(service, &sample::settings());
        let encoder = encoder.expect("the built-in templates have no fault");
        let plain = texts(&encoder, &name(SOMEBODY));
        Chat { encoder, dialect, plain }
    })
    .into();
}

fn attempt() -> Attempt {
    let now = Moment::from_seconds(1_767_637_800);
    Attempt::new("target", 0, now, now)
}

fn secret() -> Secret {
    Secret::new("https://chat.example/x").expect("not empty")
}

/// Whatever people and rooms are called, a message has the lines and the markup that it has
/// without: nothing of the name is left that a chat would act on.
pub fn does_nothing(text: &str) {
    let Some(name) = Name::clean(text) else { return };
    CHATS.with(|chats| {
        for Chat { encoder, dialect, plain } in chats {
            let texts = texts(encoder, &name);
            assert!(texts.keys().eq(plain.keys()), "{dialect:?}: other texts");
            for ((place, text), plain) in texts.iter().zip(plain.values()) {
                let place = format!("{dialect:?}, {place}");
                assert_eq!(text.lines().count(), plain.lines().count(), "{place}: {text:?}");
                let disturbs = |c: char| c != '\n' && (c.is_control() || turns(c));
                assert!(!text.contains(disturbs), "{place}: {text:?}");
                let (acts, acts_plain) = (dialect.acts(&place, text), dialect.acts(&place, plain));
                assert_eq!(acts, acts_plain, "{place}: something acts in {text:?}");
            }
        }
    });
}

/// Breaks lines or turns the direction of writing.
fn turns(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl Dialect {
    /// The characters of `text` that the chat acts on: those that are markup, and neither
    /// escaped nor parted from what they would act on.
    fn acts(self, place: &str, text: &str) -> String {
        let is_plain = self == Self::Mattermost && Self::is_plain(place);
        let markup = match self {
            Self::Mattermost if is_plain => "<>@:#~",
            Self::Mattermost => "<>@:;#~\\`*_{}[]()+-.!|$&",
            Self::Slack => "<>@:#.*_~`&",
            Self::Discord => "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
        };
        let has_escapes = self == Self::Discord || self == Self::Mattermost && !is_plain;
        let has_entities = self == Self::Slack || self == Self::Mattermost && !is_plain;
        let mut acts = String::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let after = &rest[c.len_utf8()..];
            let next = after.chars().next();
            let entity = has_entities.then(|| entity(rest)).flatten();
            if let Some(length) = entity {
                rest = &rest[length..];
            } else if has_escapes && c == '\\' && next.is_some_and(|c| c.is_ascii_punctuation()) {
                rest = &after[1..];
            } else {
                let is_parted = PARTED.contains(c) && next == Some(APART);
                if markup.contains(c) && !is_parted {
                    acts.push(c);
                }
                rest = after;
            }
        }
        acts
    }

    /// Whether Mattermost understands no markup there.
    fn is_plain(place: &str) -> bool {
        place.ends_with("fallback") || place.ends_with("title")
    }
}

/// The length of the entity with which `text` begins.
fn entity(text: &str) -> Option<usize> {
    let end = text.strip_prefix('&')?.find(';')?;
    let inner = &text[1..=end];
    let known = matches!(inner, "amp" | "lt" | "gt" | "#36" | "#92");
    known.then_some(end + 2)
}

fn name(text: &str) -> Name {
    Name::clean(text).expect("it is not empty")
}

/// Every text of every kind of message in which people and the room are called `name`.
fn texts(encoder: &Encoder, name: &Name) -> Texts {
    let room = RoomInfo {
        name: Some(name.to_string()),
        dashboard: Some("https://example.org/lookout/".to_owned()),
        join: None,
    };
    let mut texts = Texts::new();
    for (what, kind) in kinds(name) {
        let body = encoder.message(&Message::new(room.clone(), kind), &attempt());
        collect(what, &read(&body.expect("names can't break a template").body), &mut texts);
    }
    for (kind, state) in states(name) {
        let body = encoder.card(&Card { room: room.clone(), state });
        collect(kind, &read(&body.expect("names can't break a template").body), &mut texts);
    }
    texts
}

fn read(body: &[u8]) -> Value {
    serde_json::from_slice(body).expect("a body is JSON")
}

fn kinds(name: &Name) -> [(&'static str, MessageKind); 7] {
    let (names, nobody) = (|| vec![name.clone(); 2], Vec::new);
    [
        ("joined", MessageKind::Moves { joined: names(), left: names(), inside: 2 }),
        ("left", MessageKind::Moves { joined: nobody(), left: names(), inside: 0 }),
        ("sharing", MessageKind::Sharing { started: names(), stopped: names() }),
        ("started", MessageKind::Started { at: sample::NOW, by: names(), inside: 2 }),
        ("ended", MessageKind::Ended(summary(names()))),
        ("waiting", MessageKind::Waiting(Members { names: names(), others: 1 })),
        ("stranger", MessageKind::Stranger { joined: names(), inside: 2 }),
    ]
}

fn states(name: &Name) -> [(&'static str, CardState); 2] {
    let since = sample::NOW;
    let inside = vec![PersonInside { name: name.clone(), since }; 2];
    let sharing = vec![name.clone()];
    let strangers = vec![name.clone()];
    let waiting = Members { names: vec![name.clone(); 2], others: 1 };
    let (others, peak) = (1, 3);
    let open = CardState::Open { since, inside, others, peak, sharing, strangers, waiting };
    [("open", open), ("closed", CardState::Closed(summary(vec![name.clone(); 2])))]
}

fn summary(people: Vec<Name>) -> RoomSummary {
    let (from, until) = (sample::NOW, sample::NOW.plus(7_500));
    RoomSummary { from, until, peak: 3, people, others: 1 }
}

fn collect(place: &str, value: &Value, texts: &mut Texts) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                collect(&format!("{place}: {key}"), value, texts);
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                collect(&format!("{place} {number}"), item, texts);
            }
        }
        Value::String(text) => {
            texts.insert(place.to_owned(), text.clone());
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
