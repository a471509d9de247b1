//! Proof that the commented settings file and the settings are about the same keys.

use std::collections::BTreeSet;
use std::path::Path;

use crate::config::{COMMENTED, Environment, Settings, keys, parse};

/// The commented file with every key in force: a setting is commented out by `#`
/// alone, prose has a space behind it.
fn uncommented() -> String {
    let lines = COMMENTED.lines().map(|line| match line.strip_prefix('#') {
        Some(setting) if !setting.starts_with(' ') => setting,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_commented_file_loads_with_every_key_in_force() {
    let file = Path::new("lookout.toml");
    let settings = parse(&uncommented(), file, &Environment::default());
    let settings = settings.unwrap_or_else(|error| panic!("{error}"));
    let expected = Settings {
        rooms: settings.rooms.clone(),
        people: settings.people.clone(),
        faces: settings.faces.clone(),
        notify: settings.notify.clone(),
        archive: settings.archive.clone(),
        zoom_api: settings.zoom_api.clone(),
        origin: settings.origin.clone(),
        ..Settings::default()
    };
    assert_eq!(settings, expected, "a default in the file is not the one in the code");
    let file_without_values = parse("[archive]", file, &Environment::default()).expect("valid");
    assert_eq!(settings.archive, file_without_values.archive);
    let lists = (settings.rooms.len(), settings.people.len(), settings.notify.len());
    assert_eq!(lists, (1, 1, 1));
}

#[test]
fn the_commented_file_names_every_key_with_its_default() {
    let root: toml::Table = uncommented().parse().expect("the file is TOML");
    for key in keys() {
        let (outer, inner) = key.section.split_once('.').unwrap_or((key.section, ""));
        let section = match &root[outer] {
            toml::Value::Array(items) => &items[0],
            section if inner.is_empty() => section,
            section => &section[inner],
        };
        let written = section.get(key.name);
        let written =
            written.unwrap_or_else(|| panic!("`{}.{}` is missing", key.section, key.name));
        let is_example = matches!(key.section, "rooms" | "people" | "notify" | "zoom.api");
        if let Some(default) = key.default.filter(|_| !is_example) {
            assert_eq!(written.to_string(), default, "{}.{}", key.section, key.name);
        }
    }
}

#[test]
fn every_key_is_explained_right_above_it() {
    let lines: Vec<_> = COMMENTED.lines().collect();
    let names: BTreeSet<_> = keys().into_iter().map(|key| key.name).collect();
    let key_of = |line: &str| {
        let (name, _) = line.trim_start_matches('#').split_once(" = ")?;
        names.get(name).copied()
    };
    for (above, line) in lines.iter().zip(&lines[1..]) {
        if key_of(line).is_some() {
            assert!(above.starts_with("# "), "`{line}` is not explained");
        }
    }
}
