//! The topic of a meeting, which events carry and nothing but `lookout who` shows.

use serde::Deserialize;

use super::lenient::{Object, Text};

/// The number and the topic of the meeting of a stored document; `None` if it lacks either.
pub fn topic_of(document: &str) -> Option<(String, String)> {
    let wire: Wire<'_> = serde_json::from_str(document).ok()?;
    let object = wire.payload.0.object.0;
    let (number, topic) = (object.id.as_str(), object.topic.as_str());
    (!number.is_empty() && !topic.is_empty()).then(|| (number.to_owned(), topic.to_owned()))
}

#[derive(Deserialize, Default)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Wire<'a> {
    payload: Object<Payload<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Payload<'a> {
    object: Object<Meeting<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Meeting<'a> {
    id: Text<'a>,
    topic: Text<'a>,
}
