//! What templates receive is a promise: a change of its shape breaks somebody's template.

use std::path::Path;

use lookout::config::Emoji;
use lookout::dashboard::{Dashboard, samples};
use lookout::site::Renderer;
use serde_json::{Map, Value};

use super::sample::{NOW, at, room, settings};

/// The shape of `value`: each value's kind in its place; a list is as its items are together.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null => "null".into(),
        Value::Bool(_) => "yes or no".into(),
        Value::Number(_) => "number".into(),
        Value::String(_) => "text".into(),
        Value::Array(items) => {
            Value::Array(items.iter().map(shape).reduce(merge).into_iter().collect())
        }
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), shape(value)))
            .collect::<Map<_, _>>()
            .into(),
    }
}

/// The shape of what is sometimes one, sometimes the other.
fn merge(one: Value, other: Value) -> Value {
    match (one, other) {
        (one, other) if one == other => one,
        (Value::String(null), other) if null == "null" => or_null(other),
        (one, Value::String(null)) if null == "null" => or_null(one),
        (Value::Object(mut one), Value::Object(other)) => {
            for (name, shape) in other {
                let both = match one.remove(&name) {
                    Some(before) => merge(before, shape),
                    None => shape,
                };
                one.insert(name, both);
            }
            one.into()
        }
        (Value::Array(one), Value::Array(other)) => {
            Value::Array(one.into_iter().chain(other).reduce(merge).into_iter().collect())
        }
        (one, _) => one,
    }
}

fn or_null(shape: Value) -> Value {
    match shape {
        Value::String(kind) if !kind.ends_with("null") => format!("{kind} or null").into(),
        Value::Object(mut fields) => {
            fields.insert("(or null)".to_owned(), "".into());
            fields.into()
        }
        other => other,
    }
}

#[test]
fn the_model_has_the_shape_that_templates_rely_on() {
    let mut settings = settings(Path::new("/nowhere"));
    settings.rooms = vec![room("a", "A"), room("b", "B")];
    settings.rooms[0].icon = Emoji::parse("🦊").ok();
    settings.rooms[0].subtitle = Some("a line".to_owned());
    let renderer = Renderer::load(&settings).expect("the built-in templates load");
    let mut shapes = Map::new();
    for (settings, presence) in samples(&settings, at(NOW)) {
        let dashboard = Dashboard::new(&presence, &settings, at(NOW));
        let models = serde_json::to_value(renderer.models(&dashboard)).expect("it is JSON");
        for given in models["models"].as_array().expect("there are some") {
            let templates = given["files"].as_object().expect("there are some").values();
            let mut templates: Vec<&str> = templates.filter_map(Value::as_str).collect();
            templates.sort_unstable();
            let fresh = shape(&given["model"]);
            let both = match shapes.remove(&templates.join(", ")) {
                Some(before) => merge(before, fresh),
                None => fresh,
            };
            shapes.insert(templates.join(", "), both);
        }
    }
    let text = serde_json::to_string_pretty(&shapes).expect("it is JSON");
    insta::assert_snapshot!(text);
}
