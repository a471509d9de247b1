//! Unknown keys and sections, with the key that was probably meant.

use super::key::Key;
use super::problem::Diagnostic;
use super::source::Span;
use super::suggestion::{did_you_mean, suggest};
use super::tree::{Node, Value};

/// A key or section that Lookout does not have.
pub(super) struct Unknown {
    /// The section that contains it; `None` at the top level.
    pub(super) section: Option<&'static str>,
    pub(super) name: String,
    pub(super) key: Span,
    pub(super) node: Node,
}

impl Unknown {
    /// Suggests which of `keys` was meant.
    pub(super) fn diagnostic(&self, keys: &[Key]) -> Diagnostic {
        let message = match self.section {
            Some(section) => self.in_section(section, keys),
            None => self.at_the_top(keys),
        };
        Diagnostic::new(self.key.clone(), message)
    }

    fn in_section(&self, section: &str, keys: &[Key]) -> String {
        let name = &self.name;
        let siblings = keys.iter().filter(|key| key.section == section);
        let meant = suggest(name, siblings.map(|key| key.name));
        let advice = match meant {
            Some(_) => did_you_mean(meant),
            None => homes(name, keys).unwrap_or_else(|| "; remove it".to_owned()),
        };
        format!("{} has no key `{name}`{advice}", header(section))
    }

    fn at_the_top(&self, keys: &[Key]) -> String {
        let name = &self.name;
        if matches!(self.node.value, Value::Table(_) | Value::List(_)) {
            let advice = match suggest(name, keys.iter().map(|key| key.section)) {
                None => format!("; there are {}", sections(keys)),
                meant => did_you_mean(meant),
            };
            return format!("there is no section `{name}`{advice}");
        }
        let advice = homes(name, keys);
        let advice =
            advice.unwrap_or_else(|| "; put it below the header of its section".to_owned());
        format!("`{name}` is outside of any section{advice}")
    }
}

/// Whether `section` is an array of tables, such as `[[rooms]]`.
pub(super) fn is_list(section: &str) -> bool {
    matches!(section, "rooms" | "people" | "notify")
}

/// The headers of all sections, in the order of the settings file.
fn sections(keys: &[Key]) -> String {
    let mut headers: Vec<_> = keys.iter().map(|key| header(key.section)).collect();
    headers.dedup();
    headers.join(", ")
}

/// The header of `section` in TOML.
fn header(section: &str) -> String {
    match is_list(section) {
        true => format!("`[[{section}]]`"),
        false => format!("`[{section}]`"),
    }
}

/// `; it belongs to …`, if another section has a key of that name.
fn homes(name: &str, keys: &[Key]) -> Option<String> {
    let named = keys.iter().filter(|key| key.name == name);
    let sections: Vec<_> = named.map(|key| header(key.section)).collect();
    (!sections.is_empty()).then(|| format!("; it belongs to {}", sections.join(" or ")))
}
