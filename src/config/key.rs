//! A key of the settings.

/// A key that settings understand.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Its section, without brackets.
    pub section: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its default as TOML; `None` where it has to be given.
    pub default: Option<String>,
}
