//! Snapshots of every kind of message, in every language, for every service.

use lookout::config::access::{Credential, Ntfy, Statuses, Telegram};
use lookout::config::{Language, Secret, Settings};
use lookout::notify::attempt::Attempt;
use lookout::notify::{
    Card, CardState, Encoder, Members, Message, MessageKind, PersonInside, RoomInfo, RoomSummary,
    Service, WebhookSettings,
};
use lookout::time::moment::Moment;
use lookout::time::zone::Zone;
use lookout::zoom::Name;
use serde_json::Value;

/// Enough invented people for all tests.
const PEOPLE: [&str; 17] = [
    "Ada", "Grace", "Linus", "Zoë", "Bram", "Chidi", "Dilnoza", "Eithne", "Farid", "Grażyna",
    "Hiroko", "Iker", "Jana", "Kwame", "Leilani", "Mateus", "Nilüfer",
];

pub fn at(text: &str) -> Moment {
    Moment::parse_rfc3339(text).expect("moments of tests are RFC 3339")
}

pub fn people(count: usize) -> Vec<Name> {
    PEOPLE.iter().take(count).map(|name| Name::clean(name).expect("not empty")).collect()
}

/// A room with a name and all links.
pub fn lounge() -> RoomInfo {
    RoomInfo {
        name: Some("Lounge".to_owned()),
        dashboard: Some("https://example.org/lookout/lounge/".to_owned()),
        join: Some("https://zoom.example/j/123?pwd=a_b".to_owned()),
    }
}

/// Every kind of message with `names` in it, with the name of the kind.
pub fn messages(room: &RoomInfo, names: &[Name], others: usize) -> Vec<(&'static str, Message)> {
    let (names, nobody) = (|| names.to_vec(), Vec::new);
    let inside = names().len() + others;
    let friend = || vec![Name::clean("Uzoma").expect("not empty")];
    let started = at("2026-01-05T17:38:00Z");
    let kinds = [
        ("joined", MessageKind::Moves { joined: names(), left: nobody(), inside }),
        ("left", MessageKind::Moves { joined: nobody(), left: names(), inside: others }),
        ("joined and left", MessageKind::Moves { joined: names(), left: friend(), inside }),
        ("shares", MessageKind::Sharing { started: names(), stopped: nobody() }),
        ("shares no longer", MessageKind::Sharing { started: nobody(), stopped: names() }),
        ("shares instead", MessageKind::Sharing { started: names(), stopped: friend() }),
        ("started", MessageKind::Started { at: started, by: names(), inside }),
        ("ended", MessageKind::Ended(summary(names(), others))),
        ("waits", MessageKind::Waiting(Members { names: names(), others })),
        ("a stranger", MessageKind::Stranger { joined: names(), inside }),
        ("test", MessageKind::Test),
    ];
    kinds.map(|(name, kind)| (name, Message::new(room.clone(), kind))).to_vec()
}

/// Both states of a card with `names` on it.
pub fn cards(room: &RoomInfo, names: &[Name], others: usize) -> Vec<(&'static str, Card)> {
    let since = at("2026-01-05T17:38:00Z");
    let minutes = (0..).map(|n| since.plus(n * 420));
    let inside = names.iter().cloned().zip(minutes);
    let inside = inside.map(|(name, since)| PersonInside { name, since }).collect();
    let peak = names.len() + others + 1;
    let sharing = names.iter().skip(1).take(1).cloned().collect();
    let strangers = names.iter().take(1).cloned().collect();
    let waiting = Members { names: names.to_vec(), others };
    let open = CardState::Open { since, inside, others, peak, sharing, strangers, waiting };
    let closed = CardState::Closed(summary(names.to_vec(), others));
    [("card, open", open), ("card, closed", closed)]
        .map(|(kind, state)| (kind, Card { room: room.clone(), state }))
        .to_vec()
}

/// An evening that ends after midnight in Istanbul.
fn summary(people: Vec<Name>, others: usize) -> RoomSummary {
    let (from, until) = (at("2026-01-05T17:38:00Z"), at("2026-01-05T21:43:00Z"));
    RoomSummary { from, until, peak: people.len() + others, people, others }
}

pub fn encoder(service: Service, language: &str) -> Encoder {
    let mut settings = Settings::default();
    settings.site.templates_dir = "/nowhere".into();
    settings.site.time_zone = Zone::built_in("Europe/Istanbul").expect("known");
    settings.site.language = Language::built_in(language).expect("built in");
    Encoder::load(service, &settings).expect("the built-in templates have no fault")
}

pub fn secret(text: &str) -> Secret {
    Secret::new(text).expect("not empty")
}

pub fn mattermost() -> Service {
    Service::mattermost_webhook(&secret("https://chat.example/hooks/x")).expect("a URL")
}

pub fn bot() -> Service {
    let (server, channel) = ("https://chat.example", "4xp9fdt3d7n9xjqk1eqwsxc8ny");
    Service::mattermost_bot(server, &secret("t"), channel).expect("a URL")
}

pub fn slack() -> Service {
    Service::slack_webhook(&secret("https://hooks.slack.example/services/x")).expect("a URL")
}

pub fn discord() -> Service {
    Service::discord_webhook(&secret("https://discord.example/api/webhooks/1/x")).expect("a URL")
}

pub fn slack_bot() -> Service {
    Service::slack_bot("https://slack.example", &secret("t"), "C0123456789").expect("a URL")
}

pub fn telegram() -> Service {
    let token = Credential::Known(secret("1:t"));
    let (server, chat) = ("https://telegram.example".to_owned(), "-1001234567890".to_owned());
    let settings = Telegram { token, server, chat, thread: Some(7) };
    Service::telegram(&settings, &secret("1:t")).expect("a URL")
}

pub fn ntfy() -> Service {
    let settings = Ntfy {
        server: "https://ntfy.example".to_owned(),
        topic: "lounge".to_owned(),
        token: None,
        priority: Some(4),
        tags: vec!["door".to_owned()],
    };
    Service::ntfy(&settings, None).expect("a URL")
}

pub fn webhook() -> Service {
    let (url, success) = (secret("https://hook.example/in"), [Statuses { first: 200, last: 299 }]);
    let (method, headers, body, key) = ("POST", Vec::new(), "", None);
    let settings = WebhookSettings { url: &url, method, headers, body, success: &success, key };
    Service::webhook(&settings).expect("a URL")
}

/// The first attempt to send a message.
pub fn attempt() -> Attempt {
    let now = at("2026-01-05T17:38:00Z");
    Attempt::new("target", 0, now, now)
}

/// `body` as the chat shows it, with everything else in brackets, and with invisible separators made
/// visible.
fn seen(body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).expect("a body is JSON");
    let text = |value: &Value, keys: &[&str]| {
        let found = keys.iter().find_map(|key| value[*key].as_str());
        found.unwrap_or_default().to_owned()
    };
    let title = text(&body, &["title"]);
    let title = if title.is_empty() { title } else { format!("[{title}]\n") };
    let mut lines = vec![title + &text(&body, &["text", "content", "message"])];
    let sheets = body["attachments"].as_array().or(body["embeds"].as_array());
    for sheet in sheets.into_iter().flatten() {
        let link = text(sheet, &["title_link", "url"]);
        let link = if link.is_empty() { link } else { format!(" → {link}") };
        lines.push(format!("▌{}{link}", text(sheet, &["title"])));
        lines.extend(text(sheet, &["text", "description"]).lines().map(|line| format!("▌{line}")));
        for field in sheet["fields"].as_array().into_iter().flatten() {
            let (name, value) = (text(field, &["title", "name"]), text(field, &["value"]));
            lines.push(format!("▌{name}: {value}"));
        }
        lines.push(text(sheet, &["fallback"]));
        lines.retain(|line| !line.is_empty());
        let last = lines.last_mut().filter(|line| !line.starts_with('▌'));
        last.into_iter().for_each(|fallback| *fallback = format!("({fallback})"));
    }
    lines.join("\n").replace('\u{200b}', "¦")
}

#[test]
fn messages_read_as_from_a_friendly_doorman() {
    let alone = RoomInfo { name: None, dashboard: None, join: None };
    #[rustfmt::skip]
    let situations = [
        // what is special  room       names       others
        ("one name",        lounge(),  people(1),  0),
        ("three names",     lounge(),  people(3),  0),
        ("17 names",        lounge(),  people(17), 0),
        ("counted others",  lounge(),  people(3),  4),
        ("only others",     lounge(),  people(0),  4),
        ("no base_url",     alone,     people(2),  0),
    ];
    for tag in Language::all_built_in() {
        // The words are the same for each service; two languages show that the markup is.
        let services = if ["en", "tr"].contains(&tag) { 5 } else { 1 };
        for (service, name) in [
            (mattermost(), "mattermost"),
            (slack(), "slack"),
            (discord(), "discord"),
            (telegram(), "telegram"),
            (ntfy(), "ntfy"),
        ]
        .into_iter()
        .take(services)
        {
            let encoder = encoder(service, tag);
            let mut text = String::new();
            for (situation, room, names, others) in &situations {
                for (kind, message) in messages(room, names, *others) {
                    if names.is_empty() && !matches!(kind, "started" | "ended") {
                        continue;
                    }
                    let body =
                        encoder.message(&message, &attempt()).expect("it can be written").body;
                    text += &format!("{kind}, {situation}\n{}\n\n", seen(&body));
                }
                for (kind, card) in cards(room, names, *others) {
                    if name == "ntfy" {
                        continue;
                    }
                    let body = encoder.card(&card).expect("it can be written").body;
                    text += &format!("{kind}, {situation}\n{}\n\n", seen(&body));
                }
            }
            insta::assert_snapshot!(format!("{name}.{tag}"), text);
        }
    }
}

#[test]
fn each_service_gets_its_own_form() {
    let body = |bytes: Vec<u8>| {
        let body: Value = serde_json::from_slice(&bytes).expect("a body is JSON");
        serde_json::to_string_pretty(&body).expect("it is JSON").replace('\u{200b}', "¦")
    };
    let messages = messages(&lounge(), &people(1), 0);
    let mut forms = Vec::new();
    for (name, service) in [
        ("Mattermost, hook", mattermost()),
        ("Mattermost, bot", bot()),
        ("Slack", slack()),
        ("Slack, bot", slack_bot()),
        ("Discord", discord()),
        ("Telegram", telegram()),
        ("ntfy", ntfy()),
    ] {
        let encoder = encoder(service, "en");
        for wanted in ["joined", "started"] {
            let (kind, message) =
                messages.iter().find(|(kind, _)| *kind == wanted).expect("there is one");
            let written = encoder.message(message, &attempt()).expect("it can be written").body;
            forms.push(format!("{name}: {kind}\n{}", body(written)));
        }
    }
    for (name, service) in [
        ("Mattermost, bot", bot()),
        ("Slack, bot", slack_bot()),
        ("Discord", discord()),
        ("Telegram", telegram()),
    ] {
        let encoder = encoder(service, "en");
        let (_, card) = &cards(&lounge(), &people(2), 1)[0];
        let (posted, edited) = (encoder.card(card), encoder.edit(card, "17"));
        for (kind, written) in [("card", posted), ("card, edited", edited)] {
            let written = written.expect("it can be written");
            let place = format!("{} {}", written.method, written.url);
            forms.push(format!("{name}: {kind}\n{place}\n{}", body(written.body)));
        }
    }
    insta::assert_snapshot!("forms", forms.join("\n\n"));
}
