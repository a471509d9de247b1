//! Environment variables that override the settings file: `LOOKOUT_<SECTION>__<KEY>`.
//!
//! A value that is a string, an array or a table in TOML is read as such. Any other value is taken
//! as text, so it needs no quotes.

use std::collections::BTreeMap;

use toml::de::DeValue;

use super::environment::Environment;
use super::key::Key;
use super::problem::Diagnostic;
use super::source::{Sources, Span};
use super::suggestion::{did_you_mean, suggest};
use super::tree::{self, Entry, Node, Table, Value};
use super::unknown::is_list;

/// The prefix of all variables of Lookout.
const PREFIX: &str = "LOOKOUT_";

/// Puts the values of all variables of Lookout into `root`; reports those that name no key.
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
                diagnostics.push(Diagnostic::new(span, "the value is not UTF-8; set it again"))
            }
            (Err(message), _) => diagnostics.push(Diagnostic::new(span, message)),
        }
    }
    diagnostics
}

/// Whether Kubernetes or Docker set `variable`: they give every container the addresses of a service
/// named `lookout` in such variables.
fn set_by_platform(variable: &str) -> bool {
    let rest = variable.trim_start_matches(PREFIX);
    rest == "PORT" || rest.starts_with("PORT_") || rest.starts_with("SERVICE_")
}

/// The variable that sets `key`.
fn variable(key: &Key) -> String {
    let section = key.section.replace('.', "__");
    format!("{PREFIX}{section}__{}", key.name).to_uppercase()
}

/// The key that the variable `name` sets, else a message.
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

/// Replaces the value of `key` by `node`; a section that is not a table is reported later.
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
