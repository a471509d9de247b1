//! The environment, laid over the settings file: `LOOKOUT_<SECTION>__<KEY>`.
//!
//! A value is read as TOML, so that lists can be given; what is not a text, a list
//! or a table in TOML is the text itself, so that nothing needs quotes.

use std::collections::BTreeMap;

use toml::de::DeValue;

use super::environment::Environment;
use super::key::Key;
use super::problem::Diagnostic;
use super::source::{Sources, Span};
use super::suggestion::{did_you_mean, suggest};
use super::tree::{self, Entry, Node, Table, Value};
use super::unknown::is_list;

/// What the names of all our variables begin with.
const PREFIX: &str = "LOOKOUT_";

/// Lays every variable of ours over `root`; those that name no key are noted.
pub(super) fn apply(
    env: &Environment,
    keys: &[Key],
    root: &mut Table,
    sources: &mut Sources,
) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    let ours = env.starting_with(PREFIX).filter(|(name, _)| !set_by_platform(name));
    for (variable, value) in ours {
        let source = sources.add_variable(variable, value.unwrap_or_default());
        let span = Span::new(source, 0..value.unwrap_or_default().len());
        let target = target(variable, keys);
        match (target, value) {
            (Ok(key), Some(value)) => set(root, key, node(source, value)),
            (Ok(_), None) => {
                diagnostics.push(Diagnostic::new(span, "the value is not UTF-8; set it anew"))
            }
            (Err(message), _) => diagnostics.push(Diagnostic::new(span, message)),
        }
    }
    diagnostics
}

/// Kubernetes and Docker give every container the addresses of a service named
/// `lookout` in variables of these names; they are not ours to judge.
fn set_by_platform(variable: &str) -> bool {
    let rest = variable.trim_start_matches(PREFIX);
    rest == "PORT" || rest.starts_with("PORT_") || rest.starts_with("SERVICE_")
}

/// The variable that sets `key`.
fn variable(key: &Key) -> String {
    format!("{PREFIX}{}__{}", key.section, key.name).to_uppercase()
}

/// The key that `name` sets, else what to say.
fn target<'k>(name: &str, keys: &'k [Key]) -> Result<&'k Key, String> {
    let single = |key: &&Key| !is_list(key.section);
    let names: BTreeMap<String, &Key> =
        keys.iter().filter(single).map(|k| (variable(k), k)).collect();
    if let Some(key) = names.get(name) {
        return Ok(key);
    }
    let section = name.trim_start_matches(PREFIX).split('_').next();
    let section = section.unwrap_or_default().to_lowercase();
    if is_list(&section) {
        return Err(format!("`[[{section}]]` can be set in the settings file only; unset it"));
    }
    let one_underscore = |long: &&String| long.replace("__", "_") == name;
    if let Some(long) = names.keys().find(one_underscore) {
        return Err(format!(
            "no setting has this name; did you mean `{long}`, with two underscores between section and key?"
        ));
    }
    let meant = suggest(name, names.keys().map(String::as_str));
    Err(format!(
        "no setting has this name{}",
        match meant {
            Some(_) => did_you_mean(meant),
            None => "; settings are named `LOOKOUT_<SECTION>__<KEY>`, others have to be unset"
                .to_owned(),
        }
    ))
}

fn node(source: usize, value: &str) -> Node {
    match DeValue::parse(value) {
        Ok(typed)
            if typed.get_ref().is_str()
                || typed.get_ref().is_array()
                || typed.get_ref().is_table() =>
        {
            tree::node(source, typed)
        }
        _ => Node { span: Span::new(source, 0..value.len()), value: Value::Text(value.to_owned()) },
    }
}

/// Puts `node` in the place of what the file says; a section that is no table is left for its own error.
fn set(root: &mut Table, key: &Key, node: Node) {
    let section = root.entry(key.section.to_owned()).or_insert_with(|| Entry {
        key: node.span.clone(),
        node: Node { span: node.span.clone(), value: Value::Table(Table::new()) },
    });
    if let Value::Table(table) = &mut section.node.value {
        let entry = Entry { key: node.span.clone(), node };
        table.insert(key.name.to_owned(), entry);
    }
}
