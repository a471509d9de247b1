//! A day of a room with some thirty people, as the channel shows it.

use serde_json::Value;

use super::scenario::{Scenario, rules, show, watched};
use crate::config::Settings;
use crate::notify::{Encoder, Service};

/// A co-working room: an early bird, a stand-up, a quiet noon, an afternoon with breakouts and
/// bad networks, a talk in the evening to which many come at once, and night owls.
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
    19:52:00 +Ada
    19:55:30 +Charles
    19:56:02 +Sophie +Emmy
    19:57:45 +Kurt
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

#[test]
fn a_day_of_a_room_reads_well() {
    let mut rules = rules();
    rules.rooms = vec![watched("1", Some(0), Some("Lounge"))];
    let scenario = Scenario::started(rules).play(DAY);
    let settings = Settings::default();
    let encoder = Encoder::load(Service::MattermostWebhook, &settings).expect("the words are ours");
    let lines: Vec<_> = scenario
        .messages
        .iter()
        .map(|(at, message)| {
            let body = encoder.message(message).expect("it is written");
            format!("{} {}", show(*at), read(&serde_json::from_slice(&body).expect("JSON")))
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
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
