//! Snapshots of every kind of message, in every language, for every service.

use lookout::config::{Language, Settings};
use lookout::notify::{
    Card, CardState, Encoder, Message, MessageKind, PersonInside, RoomInfo, RoomSummary, Service,
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
        ("test", MessageKind::Test),
    ];
    kinds.map(|(name, kind)| (name, Message { room: room.clone(), kind })).to_vec()
}

/// Both states of a card with `names` on it.
pub fn cards(room: &RoomInfo, names: &[Name], others: usize) -> Vec<(&'static str, Card)> {
    let since = at("2026-01-05T17:38:00Z");
    let minutes = (0..).map(|n| since.plus(n * 420));
    let inside = names.iter().cloned().zip(minutes);
    let inside = inside.map(|(name, since)| PersonInside { name, since }).collect();
    let peak = names.len() + others + 1;
    let sharing = names.iter().skip(1).take(1).cloned().collect();
    let open = CardState::Open { since, inside, others, peak, sharing };
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

pub fn bot() -> Service {
    Service::MattermostBot { channel: "4xp9fdt3d7n9xjqk1eqwsxc8ny".to_owned() }
}

/// `body` as the chat shows it, with everything else in brackets, and with invisible separators made
/// visible.
fn seen(body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).expect("a body is JSON");
    let text = |value: &Value, keys: &[&str]| {
        let found = keys.iter().find_map(|key| value[*key].as_str());
        found.unwrap_or_default().to_owned()
    };
    let mut lines = vec![text(&body, &["text", "content"])];
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
        let services = if ["en", "tr"].contains(&tag) { 3 } else { 1 };
        for (service, name) in [
            (Service::MattermostWebhook, "mattermost"),
            (Service::Slack, "slack"),
            (Service::Discord, "discord"),
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
                    let body = encoder.message(&message).expect("it can be written");
                    text += &format!("{kind}, {situation}\n{}\n\n", seen(&body));
                }
                for (kind, card) in cards(room, names, *others) {
                    let body = encoder.card(&card).expect("it can be written");
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
        ("Mattermost, hook", Service::MattermostWebhook),
        ("Mattermost, bot", bot()),
        ("Slack", Service::Slack),
        ("Discord", Service::Discord),
    ] {
        let encoder = encoder(service, "en");
        for wanted in ["joined", "started"] {
            let (kind, message) =
                messages.iter().find(|(kind, _)| *kind == wanted).expect("there is one");
            let written = encoder.message(message).expect("it can be written");
            forms.push(format!("{name}: {kind}\n{}", body(written)));
        }
    }
    let bot = encoder(bot(), "en");
    let (_, card) = &cards(&lounge(), &people(2), 1)[0];
    let (posted, edited) = (bot.card(card), bot.edit(card));
    for (kind, written) in [("card", posted), ("card, edited", edited)] {
        let written = written.expect("it can be written");
        forms.push(format!("Mattermost, bot: {kind}\n{}", body(written)));
    }
    insta::assert_snapshot!("forms", forms.join("\n\n"));
}
