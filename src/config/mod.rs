//! Settings: `lookout.toml` and the environment, parsed once into types that can't be wrong.
//! Defaults are defined only here: each beside its key, in the file of its section.
//!
//! [`mod@load`] parses the text into a [`tree`] that keeps the position of every key and value.
//! [`overrides`] puts the values of environment variables into it, and the [`reader`] has each
//! of the [`sections`] read its keys. Each problem is recorded with its position, so one
//! [`SettingsError`] lists all of them. Serde is not used: it stops at the first problem, and
//! its messages quote values, some of which are secret.

pub mod access;
mod characters;
mod commented;
mod context;
mod credentials;
mod effective;
mod emoji;
mod environment;
pub mod faces;
mod key;
mod languages;
mod load;
mod masking;
pub mod notify;
mod overlap;
mod overrides;
pub mod people;
mod problem;
mod reader;
mod schema;
mod secret_file;
mod section;
mod sections;
mod settings;
pub mod slug;
mod source;
mod suggestion;
mod supervisor;
#[cfg(test)]
mod tests;
mod tree;
mod unknown;
mod url;
mod values;
pub mod zones;

pub use commented::{CommentedKey, CommentedSection, commented_sections};
pub use credentials::credential_name;
pub use emoji::Emoji;
pub use environment::Environment;
pub use faces::{Face, Faces};
pub use key::Key;
pub use load::{keys, load, load_effective, parse};
pub use notify::Notify;
pub use people::{HideList, Person, PublishList};
pub use problem::{Problem, SettingsError};
pub use schema::schema;
pub use settings::{
    Acknowledge, Admin, Archive, Csv, Journal, Origin, Others, Presence, Privacy, Room,
    SecretSource, Settings, Site, StaleAfter, Zoom, ZoomApi,
};
pub use slug::Slug;
pub use suggestion::{suggest, suggest_name};
pub use supervisor::Supervisor;
pub use values::{duration, listen};
pub use zones::ZoneRules;

pub use crate::types::Secret;
pub use crate::words::Language;

/// A settings file that documents every key with its default: what `init` writes.
pub const COMMENTED: &str = include_str!("lookout.toml");
