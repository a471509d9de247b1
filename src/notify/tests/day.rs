//! A day of a room with some thirty people, as the channel shows it.

use serde_json::Value;

use super::scenario::{Scenario, rules, show, watched};
use crate::config::Settings;
use crate::config::access::{Credential, Ntfy, Statuses, Telegram};
use crate::config::notify::NotifyEvent;
use crate::notify::attempt::Attempt;
use crate::notify::difference::{Rules, WatchedRoom};
use crate::notify::{Encoder, Service, WebhookSettings};
use crate::time::moment::Moment;
use crate::types::Secret;
use crate::zoom::Name;

/// A co-working room: an early bird, a stand-up, a quiet noon, an afternoon with breakouts and
/// bad networks, a talk in the evening to which many come at once, and night owls. Ada waits for
/// the host, and Kurt, a stranger, to be let in.
const DAY: &str = "
    07:58:12 +Barbara
    08:40:03 +Ken
    08:59:41 +Grace
    08:59:48 +Linus +Radia
    08:59:55 +Margaret
    09:00:04 +Dennis
    09:00:31 >Grace
    09:14:50 <Grace
    09:15:10 -Dennis -Linus
    09:15:15 -Margaret
    09:31:00 -Ken
    09:31:06 +Ken#2
    10:02:00 +Edsger
    10:02:07 -Edsger
    10:20:00 +Edsger#2
    11:55:00 -Radia -Grace
    12:01:00 -Edsger#2
    12:03:30 -Ken#2 -Barbara
    13:30:00 +Radia#2
    13:31:20 +Hedy
    13:40:00 +Frances +Mary +Dorothy +Katherine
    13:52:00 -Mary +Mary#b -Katherine +Katherine#b
    14:10:00 -Mary#b +Mary#c -Katherine#b +Katherine#c
    14:25:00 -Hedy
    14:25:21 +Hedy#2
    14:40:00 -Frances
    15:05:00 -Dorothy -Mary#c -Katherine#c
    16:00:00 -Hedy#2
    16:00:02 -Radia#2
    19:50:00 ?Ada
    19:52:00 +Ada
    19:55:30 +Charles
    19:56:02 +Sophie +Emmy
    19:57:00 ?Kurt
    19:57:45 ~Kurt +Kurt
    19:58:00 +Alan +Joan +Gordon +Rosalind +Vera +Cecilia +Lise +Chien +Maria +Rita +Jocelyn
    19:58:06 +Annie +Henrietta +Caroline
    20:00:10 >Ada
    20:31:00 -Kurt
    20:45:00 <Ada
    20:46:00 >Charles
    20:58:00 <Charles
    21:00:05 -Alan -Joan -Gordon -Vera -Lise -Chien -Maria -Rita
    21:00:09 -Jocelyn -Annie -Henrietta -Caroline -Cecilia
    21:14:00 -Charles -Sophie
    21:40:00 -Emmy
    21:58:00 -Rosalind
    22:30:00 -Ada
";

/// A target that watches the door, too. The settings know everybody but Kurt.
fn day_rules(lounge: WatchedRoom) -> Rules {
    let mut rules = Rules { rooms: vec![lounge], ..rules() };
    rules.events.extend([NotifyEvent::Waiting, NotifyEvent::Stranger]);
    let people = DAY.split_whitespace().filter_map(|word| word.strip_prefix('+'));
    let names = people.filter_map(|person| Name::clean(person.split('#').next()?));
    rules.known = names.filter(|name| name.as_str() != "Kurt").collect();
    rules
}

#[test]
fn a_day_of_a_room_reads_well() {
    let rules = day_rules(watched("1", Some(0), Some("Lounge")));
    let scenario = Scenario::started(rules).play(DAY);
    let settings = Settings::default();
    let address = Secret::new("https://chat.example/hooks/x").expect("not empty");
    let service = Service::mattermost_webhook(&address).expect("a URL");
    let encoder = Encoder::load(service, &settings).expect("the words are ours");
    let lines: Vec<_> = scenario
        .messages
        .iter()
        .map(|(at, message)| {
            let body = encoder.message(message, &Attempt::new("t", 0, *at, *at));
            let body = body.expect("it is written").body;
            format!("{} {}", show(*at), read(&serde_json::from_slice(&body).expect("JSON")))
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

fn secret(text: &str) -> Secret {
    Secret::new(text).expect("not empty")
}

/// The room of the day, with a page and a link to join.
fn lounge() -> WatchedRoom {
    let mut lounge = watched("1", Some(0), Some("Lounge"));
    lounge.info.dashboard = Some("https://example.org/lookout/".to_owned());
    lounge.info.join = Some("https://zoom.example/j/1".to_owned());
    lounge
}

#[test]
fn a_day_of_a_room_reads_well_as_cards() {
    let scenario = Scenario::started(Rules { has_cards: true, ..day_rules(lounge()) });
    let scenario = scenario.play(DAY);
    let (server, chat) = ("https://telegram.example".to_owned(), "1".to_owned());
    let token = Credential::Known(secret("1:t"));
    let settings = Telegram { token, server, chat, thread: None };
    let service = Service::telegram(&settings, &secret("1:t")).expect("a URL");
    let encoder = Encoder::load(service, &Settings::default()).expect("the words are ours");
    let text = |at: Moment, body: Vec<u8>| {
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        (at, format!("{}\n{}\n", show(at), body["text"].as_str().expect("a text")))
    };
    let cards = scenario.cards.iter();
    let cards = cards.map(|(at, card)| text(*at, encoder.card(card).expect("it is written").body));
    let messages = scenario.messages.iter().map(|(at, message)| {
        let body = encoder.message(message, &Attempt::new("t", 0, *at, *at));
        text(*at, body.expect("it is written").body)
    });
    let mut posts: Vec<_> = messages.chain(cards).collect();
    posts.sort_by_key(|(at, _)| *at);
    let texts: Vec<_> = posts.into_iter().map(|(_, text)| text).collect();
    insta::assert_snapshot!(texts.join("\n").replace('\u{200b}', ""));
}

#[test]
fn a_day_of_a_room_reads_well_on_a_phone_and_as_requests() {
    let scenario = Scenario::started(day_rules(lounge())).play(DAY);
    let (server, topic) = ("https://ntfy.example".to_owned(), "lounge".to_owned());
    let ntfy = Ntfy { server, topic, token: None, priority: None, tags: Vec::new() };
    let (url, success) = (secret("https://hook.example/in"), [Statuses { first: 200, last: 299 }]);
    let (method, headers, body, key) = ("POST", Vec::new(), "", None);
    let webhook = WebhookSettings { url: &url, method, headers, body, success: &success, key };
    for (form, service) in [
        ("phone", Service::ntfy(&ntfy, None).expect("a URL")),
        ("requests", Service::webhook(&webhook).expect("a URL")),
    ] {
        let encoder = Encoder::load(service, &Settings::default()).expect("the words are ours");
        let lines = (0..).zip(&scenario.messages).map(|(number, (at, message))| {
            let attempt = Attempt::new("t", number, *at, *at);
            let body = encoder.message(message, &attempt).expect("it is written").body;
            format!("{} {}", show(*at), String::from_utf8(body).expect("UTF-8"))
        });
        let lines = lines.collect::<Vec<_>>().join("\n").replace('\u{200b}', "");
        insta::assert_snapshot!(form, lines);
    }
}

/// What a reader sees: the text, or what the attachment says, field by field.
fn read(body: &Value) -> String {
    let text = body["text"].as_str().unwrap_or_default();
    let attachment = &body["attachments"][0];
    let mut lines = vec![text.to_owned()];
    lines.extend(attachment["fallback"].as_str().map(str::to_owned));
    for field in attachment["fields"].as_array().into_iter().flatten() {
        let part = |key: &str| field[key].as_str().unwrap_or_default().to_owned();
        lines.push(format!("    {}: {}", part("title"), part("value")));
    }
    lines.retain(|line| !line.is_empty());
    // What keeps a name from being a mention is not seen.
    lines.join("\n").replace('\u{200b}', "")
}
