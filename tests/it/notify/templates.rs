//! The operator's own templates.

use std::fs;

use lookout::config::{Language, Settings};
use lookout::notify::{Encoder, Message, MessageKind, RoomInfo, RoomSummary, Service};
use lookout::time::moment::Moment;
use lookout::zoom::Name;
use serde_json::Value;
use tempfile::TempDir;

use super::messages::{
    attempt, cards, discord, lounge, mattermost, messages, ntfy, people, slack, telegram,
};
use crate::support::chat::telegram::without_tags;

/// An encoder with the operator's `templates`, or what is wrong with them.
fn encoder(service: Service, templates: &[(&str, &str)]) -> Result<Encoder, String> {
    let directory = TempDir::new().expect("a temporary directory");
    fs::create_dir(directory.path().join("messages")).expect("the directory can be made");
    for (name, source) in templates {
        fs::write(directory.path().join(name), source).expect("the file can be written");
    }
    let mut settings = Settings::default();
    settings.site.templates_dir = directory.path().to_owned();
    settings.site.language = Language::built_in("en").expect("built in");
    Encoder::load(service, &settings).map_err(|error| format!("{error:#}"))
}

/// The message that Ada joined.
fn joined(encoder: &Encoder, name: &str) -> String {
    let joined = vec![Name::clean(name).expect("not empty")];
    let kind = MessageKind::Moves { joined, left: Vec::new(), inside: 1 };
    let body = encoder.message(&Message::new(lounge(), kind), &attempt());
    let body = body.expect("it can be written").body;
    let body: Value = serde_json::from_slice(&body).expect("a body is JSON");
    body["text"].as_str().or(body["content"].as_str()).expect("it is a line").to_owned()
}

#[test]
fn own_words_replace_built_in_ones() {
    let whole = "{% component moves(joined, left, inside, room) %}🎉 {{ joined.names }}{% endcomponent moves %}";
    let short = "{% component moves(joined) %}🎉 {{ joined.names }}!{% endcomponent moves %}";
    let bold = "{% component moves(joined) %}🎉 {{ joined.names | bold }}{% endcomponent moves %}";
    let safe = "{% component moves(joined) %}🎉 {{ joined.names | safe }}{% endcomponent moves %}";
    let with_part = "{% component moves(joined) %}🎉 {{<cheer names={joined.names} />}}{% endcomponent moves %}\
                     {% component cheer(names) %}{{ names }}, hooray{% endcomponent cheer %}";
    #[rustfmt::skip]
    let cases = [
        // what is special             file                source     name     line
        ("one text",                   "messages/en.txt",  whole,     "Ada",   "🎉 Ada"),
        ("fewer arguments",            "messages/en.txt",  short,     "Ada",   "🎉 Ada!"),
        ("escaped unasked",            "messages/en.txt",  short,     "@_all", "🎉 @¦\\_all!"),
        ("a filter escapes, too",      "messages/en.txt",  bold,      "_Ada_", "🎉 **\\_Ada\\_**"),
        ("nothing is safe",            "messages/en.txt",  safe,      "_Ada_", "🎉 \\_Ada\\_"),
        ("with a component of its own","messages/en.txt",  with_part, "_Ada_", "🎉 \\_Ada\\_, hooray"),
        ("in a file of another name",  "messages/own.txt", whole,     "Ada",   "🎉 Ada"),
        ("another language",           "messages/tr.txt",  whole,     "Ada",   "👋 Ada joined · 1 in [Lounge](https://example.org/lookout/lounge/)"),
        ("a page",                     "index.html",       whole,     "Ada",   "👋 Ada joined · 1 in [Lounge](https://example.org/lookout/lounge/)"),
    ];
    for (what, file, source, name, expected) in cases {
        let encoder = encoder(mattermost(), &[(file, source)]).expect(what);
        assert_eq!(joined(&encoder, name).replace('\u{200b}', "¦"), expected, "{what}");
    }
}

#[test]
fn a_fault_is_found_before_anybody_comes() {
    #[rustfmt::skip]
    let cases = [
        // what is special        source                                                                            in the error
        ("a fault in the syntax", "\n{% component moves(joined) %}{% if %}{% endcomponent moves %}",                vec!["the templates of `", "messages/en.txt:2:"]),
        ("an unknown filter",     "\n{% component test() %}{{ 1 | shout }}{% endcomponent test %}",                 vec!["Unknown filter `shout`", "messages/en.txt:2:"]),
        ("an unknown variable",   "\n{% component moves(joined) %}\n👋 {{ jointed.names }}{% endcomponent moves %}", vec!["failed to render `moves` of `messages/en.txt`", "messages/en.txt:3:", "{{ jointed.names }}"]),
        ("an unknown argument",   "\n{% component moves(jointed) %}👋{% endcomponent moves %}",                     vec!["failed to render `moves`", "jointed"]),
        ("an unknown attribute",  "\n{% component moves(joined) %}👋 {{ joined.name }}{% endcomponent moves %}",     vec!["messages/en.txt:2:", "joined.name"]),
        ("nothing to say",        "\n{% component moves(joined) %} {% endcomponent moves %}",                       vec!["`moves`", "empty", "`events`"]),
    ];
    for (what, source, expected) in cases {
        let Err(error) = encoder(slack(), &[("messages/en.txt", source)]) else {
            panic!("{what}: nobody noticed");
        };
        for part in expected {
            assert!(error.contains(part), "{what}: `{part}` is missing in\n{error}");
        }
    }
}

/// Templates that repeat `text` in all positions.
fn very_long(text: &str) -> String {
    let text = text.repeat(9_000);
    let texts = [
        ["moves", "sharing", "started_text", "started_title", "started_fallback", "ended_text"],
        ["ended_title", "ended_fallback", "since_title", "since_value", "join_title", "join_value"],
        [
            "duration_title",
            "duration_value",
            "peak_title",
            "peak_value",
            "when_title",
            "when_value",
        ],
        ["waiting", "stranger", "waiting_title", "waiting_value", "card_title", "card_text"],
    ];
    let texts = texts.into_iter().flatten().chain(["people_title", "people_value"]);
    let component = |name| format!("{{% component {name}() %}}{text}{{% endcomponent {name} %}}");
    texts.map(component).collect()
}

/// With any template, no message is longer than the service accepts.
#[test]
fn nothing_is_longer_than_a_service_takes() {
    // Words and escapes are not cut, so only text without them has the maximum length.
    let (marked, plain) = (very_long("<& "), very_long("xyz"));
    let all = [[("messages/en.txt", marked.as_str())], [("messages/en.txt", plain.as_str())]];
    let very = |name: &str| Name::clean(&name.repeat(100)).expect("not empty");
    let names: Vec<Name> = (0..17).map(|_| very("🟢<*")).collect();
    #[rustfmt::skip]
    let limits = [
        // service               longest line  longest body
        (mattermost(), 16_383,       300_000),
        (slack(),           4_000,       300_000),
        (telegram(), 4_096,       300_000),
        (ntfy(),     4_096,       8_192),
        (discord(),         2_000,       300_000),
    ];
    let mut too_long = Vec::new();
    for (service, line, body) in limits {
        for templates in [&all[0][..], &all[1], &[]] {
            let encoder = encoder(service.clone(), templates).expect("long, but without a fault");
            let messages = messages(&lounge(), &names, 1).into_iter();
            let messages =
                messages.map(|(kind, message)| (kind, encoder.message(&message, &attempt())));
            let cards = cards(&lounge(), &names, 1).into_iter();
            let cards = cards.map(|(kind, card)| (kind, encoder.card(&card)));
            for (kind, written) in messages.chain(cards) {
                let bytes = written.expect("it can be written").body;
                let mut at_most = |what: &str, length: usize, most: usize| {
                    if length > most {
                        too_long.push(format!("{service:?}, {kind}: {what}, {length}"));
                    }
                };
                at_most("bytes", bytes.len(), body);
                let json: Value = serde_json::from_slice(&bytes).expect("a body is JSON");
                let keys = ["text", "content", "message"];
                let text = keys.iter().find_map(|key| json[*key].as_str()).unwrap_or_default();
                let text = match json["parse_mode"] == "HTML" {
                    true => without_tags(text).unwrap_or_else(|why| panic!("{kind}: {why}")),
                    false => text.to_owned(),
                };
                at_most("text", text.encode_utf16().count(), line);
                if let Some(message) = json["message"].as_str() {
                    at_most("bytes of ntfy", message.len(), line);
                }
                if let Some(embed) = json["embeds"].get(0) {
                    at_most("an embed", length(embed), 6_000);
                    at_most("a title", length(&embed["title"]), 256);
                    at_most("a description", length(&embed["description"]), 4_096);
                    for field in embed["fields"].as_array().expect("a list") {
                        at_most("a field's name", length(&field["name"]), 256);
                        at_most("a field's value", length(&field["value"]), 1_024);
                    }
                }
            }
        }
    }
    assert_eq!(too_long, Vec::<String>::new());
}

/// The length of an embed, as Discord counts it.
fn length(embed: &Value) -> usize {
    match embed {
        Value::String(text) => text.encode_utf16().count(),
        Value::Array(list) => list.iter().map(length).sum(),
        Value::Object(map) => map.values().map(length).sum(),
        _ => 0,
    }
}

#[test]
fn the_duration_is_in_hours_and_minutes() {
    let encoder = encoder(mattermost(), &[]).expect("the built-in ones have no fault");
    #[rustfmt::skip]
    let cases = [
        // what is special    seconds   in words
        ("seconds",           59,       "less than a minute"),
        ("no time at all",    0,        "less than a minute"),
        ("before it began",   -5,       "less than a minute"),
        ("a minute",          60,       "1 min"),
        ("almost an hour",    3_599,    "59 min"),
        ("an hour",           3_600,    "1 h"),
        ("hours and minutes", 7_500,    "2 h 5 min"),
        ("days",              180_000,  "50 h"),
    ];
    for (what, seconds, expected) in cases {
        let from = Moment::from_seconds(1_767_637_800);
        let until = from.plus(seconds);
        let summary = RoomSummary { from, until, peak: 1, people: people(1), others: 0 };
        let message = Message::new(room(), MessageKind::Ended(summary));
        let body = encoder.message(&message, &attempt()).expect("it can be written").body;
        let body: Value = serde_json::from_slice(&body).expect("a body is JSON");
        assert_eq!(body["attachments"][0]["fields"][0]["value"], expected, "{what}");
    }
}

fn room() -> RoomInfo {
    RoomInfo { name: None, dashboard: None, join: None }
}
