//! Who is who, and who may appear.

use std::collections::BTreeSet;

use crate::zoom::Name;

/// One of `[[people]]`: a person with several names or Zoom ids.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Person {
    /// The name shown.
    pub name: Name,
    /// Further names of the same person.
    pub aliases: Vec<Name>,
    /// Where given, only these match: names are not authenticated.
    pub zoom_user_ids: Vec<String>,
}

impl Person {
    /// The names that mean this person: the display name, and the aliases where no accounts are
    /// given.
    pub fn known_names(&self) -> impl Iterator<Item = &Name> {
        let aliases = if self.zoom_user_ids.is_empty() { &self.aliases[..] } else { &[] };
        std::iter::once(&self.name).chain(aliases)
    }
}

/// `privacy.publish`: the names that may appear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublishList {
    /// `["*"]`
    Everybody,
    /// These names, compared after cleaning.
    Only(BTreeSet<Name>),
}

impl PublishList {
    /// Whether the person shown as `name` may appear.
    pub fn allows(&self, name: &Name) -> bool {
        match self {
            Self::Everybody => true,
            Self::Only(names) => names.contains(name),
        }
    }

    /// Whether nobody may appear.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Only(names) if names.is_empty())
    }
}
