//! The list of valid keys consists of these.

/// A key of the settings.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Its section, without brackets.
    pub section: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its default as TOML; `None` if it is required.
    pub default: Option<String>,
}
