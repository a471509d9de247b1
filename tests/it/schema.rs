//! The JSON Schemas that Lookout prints: real output, and settings as people write them, follow them.

use std::fs;
use std::path::Path;
use std::process::Command;

use lookout::config::{self, COMMENTED, Environment};
use lookout::dashboard::{Dashboard, samples};
use lookout::site::{self, Renderer};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::site::sample::{NOW, at, settings};
use crate::support::{Lookout, hostile};

/// What an independent validator says of each document.
#[track_caller]
fn validate(schema: &Value, documents: &[Value]) -> Vec<String> {
    let directory = TempDir::new().expect("a temporary directory");
    let mut python = Command::new("python3");
    python.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/schema.py"));
    for (number, document) in [schema].into_iter().chain(documents).enumerate() {
        let path = directory.path().join(number.to_string());
        fs::write(&path, document.to_string()).expect("written");
        python.arg(path);
    }
    let output = python.output().expect("it is installed; `tests/run.sh` does it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

/// Presence with people in every situation, with nobody, and with hostile names.
fn dashboards() -> Vec<(Renderer, Dashboard)> {
    let settings = settings(Path::new("/nowhere"));
    let mut all = samples(&settings, at(NOW));
    let (of_all, mut presence) = all[0].clone();
    let somebody = presence.people[0].clone();
    presence.people = hostile::names()
        .into_iter()
        .map(|(_, text)| lookout::roster::Person {
            name: crate::site::sample::name(&text),
            ..somebody.clone()
        })
        .collect();
    all.push((of_all, presence));
    let dashboard = |(settings, presence)| {
        let renderer = Renderer::load(&settings).expect("the built-in templates load");
        let dashboard = Dashboard::new(&presence, &settings, at(NOW));
        (renderer, dashboard)
    };
    all.into_iter().map(dashboard).collect()
}

fn json_of(value: impl serde::Serialize) -> Value {
    serde_json::to_value(value).expect("it is JSON")
}

#[test]
fn what_templates_receive_follows_its_schema() {
    let schema = site::model_schema().to_value();
    let mut documents: Vec<_> = dashboards()
        .iter()
        .map(|(renderer, dashboard)| json_of(renderer.models(dashboard)))
        .collect();
    let mut lacking = documents[0].clone();
    lacking["models"][0]["model"] = json!({});
    documents.push(lacking);
    let said = validate(&schema, &documents);
    let (last, others) = said.split_last().expect("there are some");
    assert!(others.iter().all(|line| line == "valid"), "{others:#?}");
    assert!(last.starts_with("$.models[0].model: {} is not valid"), "{last}");
}

#[test]
fn presence_json_follows_its_schema() {
    let schema = site::presence_schema().to_value();
    let mut documents: Vec<_> =
        dashboards().iter().map(|(_, dashboard)| json_of(&dashboard.presence_json)).collect();
    let mut lacking = documents[0].clone();
    lacking["members"][0]["since"] = Value::Null;
    documents.push(lacking);
    let said = validate(&schema, &documents);
    let (last, others) = said.split_last().expect("there are some");
    assert!(others.iter().all(|line| line == "valid"), "{others:#?}");
    assert_eq!(last, "$.members[0].since: None is not of type 'string'");
}

#[test]
fn each_name_in_a_schema_has_a_description() {
    let schemas = [
        ("the model", site::model_schema().to_value()),
        ("presence.json", site::presence_schema().to_value()),
        ("the settings", config::schema()),
    ];
    for (what, schema) in schemas {
        let mut lacking = Vec::new();
        undescribed(&schema, "$", &mut lacking);
        // A section whose name says it all has no comment.
        lacking.retain(|path| what != "the settings" || path.matches(".properties").count() > 1);
        assert_eq!(lacking, Vec::<String>::new(), "{what}");
    }
}

/// The paths in `schema` of properties without a description.
fn undescribed(schema: &Value, path: &str, found: &mut Vec<String>) {
    let Some(members) = schema.as_object() else { return };
    for (key, inner) in members {
        let path = format!("{path}.{key}");
        if let ("properties", Some(properties)) = (key.as_str(), inner.as_object()) {
            let lacking = properties.iter().filter(|(_, schema)| schema["description"].is_null());
            found.extend(lacking.map(|(name, _)| format!("{path}.{name}")));
        }
        undescribed(inner, &path, found);
    }
}

#[test]
fn the_schema_of_settings_agrees_with_the_reader() {
    let every_key = uncommented();
    #[rustfmt::skip]
    let cases = [
        // what is special                settings                                       said
        ("nothing",                       "",                                            "valid"),
        ("every key, as documented",      every_key.as_str(),                            "valid"),
        ("numbers and truth as such",     "[[rooms]]\nmeeting_id = 42\nname = 'A'\n[site]\nindex = true", "valid"),
        ("a token as a list",             "[zoom]\nsecret_token = ['a', 'b']",           "valid"),
        ("a token",                       "[zoom]\nsecret_token = 'a'",                  "valid"),
        ("a misspelt key",                "[site]\ntitel = 'A'",                         "$.site: Additional properties are not allowed ('titel' was unexpected)"),
        ("a misspelt section",            "[sight]\ntitle = 'A'",                        "$: Additional properties are not allowed ('sight' was unexpected)"),
        ("a list for a text",             "[site]\ntitle = ['A']",                       "$.site.title: ['A'] is not of type 'string', 'number', 'boolean'"),
        ("a text for a list",             "[privacy]\npublish = 'Ada'",                  "$.privacy.publish: 'Ada' is not of type 'array'"),
        ("neither true nor false",        "[site]\nindex = 'maybe'",                     "$.site.index: 'maybe' is not one of [True, False, 'true', 'false']"),
        ("one block for several",         "[rooms]\nname = 'A'",                         "$.rooms: {'name': 'A'} is not of type 'array'"),
        ("a room without a number",       "[[rooms]]\nname = 'A'",                       "$.rooms[0]: 'meeting_id' is a required property"),
    ];
    let parsed =
        cases.map(|(_, text, _)| json_of(text.parse::<toml::Table>().expect("it is TOML")));
    let said = validate(&config::schema(), &parsed);
    for ((what, text, expected), said) in cases.iter().zip(said) {
        assert_eq!(said, *expected, "{what}");
        if *what != "every key, as documented" {
            let read = config::parse(text, Path::new("lookout.toml"), &Environment::default());
            assert_eq!(read.is_ok(), said == "valid", "{what}: {read:?}");
        }
    }
}

/// The commented settings with every key in effect.
fn uncommented() -> String {
    let lines = COMMENTED.lines().map(|line| match line.strip_prefix('#') {
        Some(rest) if !rest.starts_with(' ') => rest,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_program_prints_each_schema() {
    let lookout = Lookout::new();
    let printed = |arguments: &[&str]| -> Value {
        let output = lookout.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        serde_json::from_slice(&output.stdout).expect("it is JSON")
    };
    assert_eq!(printed(&["print", "schema"]), config::schema());
    assert_eq!(printed(&["print", "schema", "presence"]), site::presence_schema().to_value());
    assert_eq!(printed(&["print", "schema", "model"]), site::model_schema().to_value());
    assert_eq!(printed(&["build", "--model", "--schema"]), site::model_schema().to_value());
    let alone = lookout.run(&["build", "--schema"]);
    assert_eq!(alone.status.code(), Some(2), "only with `--model`");
}

#[test]
fn init_writes_the_schema_that_its_settings_name() {
    let directory = TempDir::new().expect("a temporary directory");
    let lookout = Lookout::new();
    let there = directory.path().to_str().expect("UTF-8");
    lookout.ok(&["init", there]);
    let settings = fs::read_to_string(directory.path().join("lookout.toml")).expect("readable");
    let named = settings.lines().next().and_then(|line| line.strip_prefix("#:schema ./"));
    let file = directory.path().join(named.expect("the first line names it"));
    let schema: Value =
        serde_json::from_slice(&fs::read(file).expect("readable")).expect("it is JSON");
    let parsed = json_of(settings.parse::<toml::Table>().expect("it is TOML"));
    assert_eq!(validate(&schema, &[parsed]), ["valid"]);
}
