//! The recipes of the guide are settings that work.

use std::fs;
use std::path::Path;

use lookout::config::access::{Access, Webhook};
use lookout::config::{Environment, Notify, parse};
use lookout::notify::{RoomInfo, Service, WebhookSettings};
use serde_json::Value;

use super::messages::{attempt, encoder, lounge, messages, people, secret};

/// The settings of each recipe, with its heading.
fn recipes() -> Vec<(String, Notify)> {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/guide/notifications.md");
    let guide = fs::read_to_string(guide).expect("the page is there");
    let parts = guide.split("```toml\n").collect::<Vec<_>>();
    let recipe = |pair: &[&str]| {
        let heading = pair[0].rsplit("\n\n").find(|text| text.starts_with("**"));
        let heading = heading.and_then(|text| text[2..].split("**").next()).unwrap_or_default();
        let text = pair[1].split("```").next().expect("it ends");
        let settings = parse(text, Path::new("lookout.toml"), &Environment::default());
        let settings = settings.unwrap_or_else(|error| panic!("{heading}: {error}"));
        (heading.to_owned(), settings.notify[0].clone())
    };
    parts.windows(2).map(recipe).collect()
}

/// The body of the first message of `room` by the recipe.
fn body(webhook: &Webhook, room: &RoomInfo) -> Value {
    let url = secret("https://hook.example/in");
    let Webhook { method, body, success, .. } = webhook;
    let settings =
        WebhookSettings { url: &url, method, headers: Vec::new(), body, success, key: None };
    let service = Service::webhook(&settings).unwrap_or_else(|error| panic!("{error:#}"));
    let (_, message) = messages(room, &people(1), 0).remove(0);
    let request = encoder(service, "en").message(&message, &attempt()).expect("written");
    serde_json::from_slice(&request.body).expect("JSON")
}

/// Where the text stands in a body.
type TextOf = fn(&Value) -> Option<String>;

#[test]
fn each_recipe_sends_what_its_service_documents() {
    let text = |body: &Value| body["text"].as_str().map(str::to_owned);
    #[rustfmt::skip]
    let expected: [(&str, TextOf); 5] = [
        // recipe           where the text stands
        ("Matrix.",          |body| body["body"].as_str().filter(|_| body["msgtype"] == "m.notice").map(str::to_owned)),
        ("Microsoft Teams.", |body| body["attachments"][0]["content"]["body"][0]["text"].as_str().map(str::to_owned)),
        ("Google Chat.",     text),
        ("Rocket.Chat.",     text),
        ("Apprise",          |body| body["body"].as_str().filter(|_| body["title"].is_string() && body["type"] == "info").map(str::to_owned)),
    ];
    let recipes = recipes();
    for (service, text) in expected {
        let found = recipes.iter().find(|(heading, _)| heading == service);
        let (_, recipe) = found.unwrap_or_else(|| panic!("no recipe for {service}"));
        let [Access::Webhook(webhook)] = &recipe.access[..] else { panic!("{service}") };
        let nameless = RoomInfo { name: None, dashboard: None, join: None };
        for room in [lounge(), nameless] {
            let body = body(webhook, &room);
            let text = text(&body).unwrap_or_else(|| panic!("{service}: {body}"));
            assert!(text.contains("Ada joined"), "{service}: {body}");
        }
    }
    assert_eq!(recipes.len(), 13, "each is valid: {recipes:?}");
}
