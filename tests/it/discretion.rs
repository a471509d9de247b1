//! What log and metrics say: enough to find a fault, and nothing of anybody.

use std::collections::BTreeSet;

use crate::evening;
use crate::support::lookout::{SECRET, WEBHOOK, now, signed};
use crate::support::{Lookout, Request};

/// Every text of the evening that is somebody's: names, addresses, words, credentials.
fn personal() -> BTreeSet<String> {
    let keys = [
        "user_name",
        "sender_name",
        "invitee_name",
        "email",
        "host_email",
        "sender_email",
        "operator",
        "public_ip",
        "private_ip",
        "device_ip",
        "phone_number",
        "from_number",
        "message_content",
        "password",
        "download_token",
        "recording_play_passcode",
        "play_url",
        "share_url",
        "topic",
        "summary",
        "leave_reason",
        "participant_uuid",
        "uuid",
    ];
    let mut found = BTreeSet::from([SECRET.to_owned()]);
    for (_, body) in evening::bodies() {
        let Ok(body) = serde_json::from_slice(&body) else { continue };
        collect(&body, &keys, &mut found);
    }
    found.retain(|text| text.trim().len() > 3);
    assert!(found.len() > 50, "the evening names people");
    found
}

fn collect(value: &serde_json::Value, keys: &[&str], found: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(entries) => {
            for (key, value) in entries {
                if let (Some(text), true) = (value.as_str(), keys.contains(&key.as_str())) {
                    found.insert(text.to_owned());
                }
                collect(value, keys, found);
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, keys, found)),
        _ => {}
    }
}

#[test]
fn a_whole_evening_leaves_nobodys_name_address_or_words_in_log_and_metrics() {
    let personal = personal();
    for format in ["text", "json"] {
        let mut lookout = Lookout::new();
        lookout.serve_with(&["-vvv", "--log-format", format]);
        let mut signatures = Vec::new();
        for (name, body) in evening::bodies() {
            let request = signed(WEBHOOK, &body, now());
            signatures.extend(request.headers.iter().map(|(_, value)| value.clone()));
            assert!(request.send(lookout.public()).status < 300, "{name}");
        }
        // What is refused, too late, or not to be read is told as discreetly.
        let body = evening::bodies().swap_remove(20).1;
        Request::post(WEBHOOK, &body).header("x-zm-signature", "v0=00").send(lookout.public());
        let never_stored = [&body[..], b"\n"].concat();
        signed(WEBHOOK, &never_stored, now() - 10_000).send(lookout.public());
        lookout.deliver(&[&body[..], b"}"].concat());
        lookout.deliver(&body[..body.len() / 2]);
        lookout.wait_for("_data/zoom-room-dashboard.csv", |csv| csv.contains("Wanjiru"));
        let told = ["/metrics", "/readyz", "/healthz"]
            .map(|path| Request::get(path).send(lookout.admin()).text());
        let log = lookout.stop();
        assert!(log.contains("quarantined") && log.contains("away from our clock"), "{log}");
        let hashes = signatures.iter().filter(|value| value.starts_with("v0="));
        for text in personal.iter().chain(hashes) {
            for said in told.iter().chain([&log]) {
                assert!(!said.contains(text.as_str()), "{format}: `{text}` is in\n{said}");
            }
        }
        assert!(!log.contains("payload"), "{format}: a body is in\n{log}");
        if format == "json" {
            for line in log.lines() {
                let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
                assert!(line["message"].is_string() && line["level"].is_string(), "{line}");
            }
        } else {
            assert!(!log.contains("skew_s="), "a sentence has its numbers in it: {log}");
        }
    }
}

#[test]
fn metrics_are_named_as_prometheus_wants_them() {
    let mut lookout = Lookout::new();
    lookout.serve();
    lookout.deliver(b"{\"event\":\"x\"}");
    lookout.wait_for("lookout/index.html", |page| !page.is_empty());
    let reply = Request::get("/metrics").send(lookout.admin());
    let kind = reply.header("content-type").unwrap_or_default();
    assert!(kind.starts_with("application/openmetrics-text; version=1.0.0"), "{kind}");
    let text = reply.text();
    let (body, end) = text.trim_end().rsplit_once('\n').expect("several lines");
    assert_eq!(end, "# EOF");
    let mut helped = BTreeSet::new();
    let mut family = (String::new(), String::new());
    for line in body.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ').expect("a name and its help");
            assert!(help.len() > 10 && help.ends_with('.'), "{line}");
            assert!(helped.insert(name.to_owned()), "told twice: {line}");
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').expect("a name and its type");
            assert!(helped.contains(name), "no help: {line}");
            let plain = |c: char| c.is_ascii_lowercase() || c == '_';
            assert!(name.starts_with("lookout_") && name.chars().all(plain), "{line}");
            assert!(!name.ends_with("_total") && !name.ends_with("_count"), "{line}");
            family = (name.to_owned(), kind.to_owned());
        } else if !line.starts_with('#') {
            let (series, value) = line.rsplit_once(' ').expect("a series and its value");
            let name = series.split('{').next().expect("a name");
            let suffix = if family.1 == "counter" { "_total" } else { "" };
            assert_eq!(name, format!("{}{suffix}", family.0), "{line}");
            value.parse::<f64>().expect("a number");
        }
    }
    assert!(text.contains("lookout_events_stored_total 1"), "{text}");
}
