//! People with several names, and the names that may appear.

use std::collections::BTreeSet;

use crate::types::Name;

/// One of `[[people]]`: a person with several names or Zoom ids.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Person {
    /// The name shown.
    pub name: Name,
    /// Further names of the same person.
    pub aliases: Vec<Name>,
    /// Zoom's user ids. If there are any, only these match: names are not authenticated.
    pub zoom_user_ids: Vec<String>,
}

impl Person {
    /// The names that identify this person: the display name, and the aliases if no user ids are given.
    pub fn known_names(&self) -> impl Iterator<Item = &Name> {
        let aliases = if self.zoom_user_ids.is_empty() { &self.aliases[..] } else { &[] };
        std::iter::once(&self.name).chain(aliases)
    }

    /// All names of this person in the settings.
    pub fn all_names(&self) -> impl Iterator<Item = &Name> {
        std::iter::once(&self.name).chain(&self.aliases)
    }
}

/// `privacy.publish`: the names that may appear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublishList {
    /// `["*"]`
    Everybody,
    /// These names, [comparable](Name::comparable).
    Only(BTreeSet<Name>),
}

impl PublishList {
    /// Only these names.
    pub fn only(names: impl IntoIterator<Item = Name>) -> Self {
        Self::Only(names.into_iter().map(|name| name.comparable().into_owned()).collect())
    }

    /// Whether the list contains `name` itself, not `*`.
    pub fn names(&self, name: &Name) -> bool {
        matches!(self, Self::Only(names) if names.contains(&*name.comparable()))
    }

    /// Whether the person shown as `name` may appear.
    pub fn allows(&self, name: &Name) -> bool {
        *self == Self::Everybody || self.names(name)
    }

    /// Whether nobody may appear.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Only(names) if names.is_empty())
    }
}
