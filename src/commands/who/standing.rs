//! What the settings say of a name: whose it is, and whether it is shown.

use crate::config::{Person, Settings};
use crate::generator::NameSeen;
use crate::zoom::Name;

/// What the settings say of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing<'a> {
    /// The `[[people]]` entry that it belongs to.
    pub entry: Option<&'a Person>,
    /// Whether pages show it.
    pub shown: Shown,
}

/// Whether pages show a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// They do.
    Published,
    /// `privacy.hide` names it.
    Hidden,
    /// `privacy.publish` does not name it.
    Unpublished,
    /// It is the name of an entry that counts only with an account, and came without.
    WithoutAccount,
}

impl Shown {
    /// As one word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Published => "yes",
            Self::Hidden => "hidden",
            Self::Unpublished => "no",
            Self::WithoutAccount => "account?",
        }
    }
}

impl<'a> Standing<'a> {
    /// What `settings` say of a name.
    pub(super) fn of(seen: &NameSeen, settings: &'a Settings) -> Self {
        let has_account =
            |person: &&Person| person.zoom_user_ids.iter().any(|id| seen.accounts.contains(id));
        let by_account = settings.people.iter().find(has_account);
        let by_name = || settings.people.iter().find(|person| has_name(person, &seen.name));
        let Some(entry) = by_account.or_else(by_name) else {
            return Self { entry: None, shown: shown(&seen.name, settings) };
        };
        let is_without_account = by_account.is_none() && !entry.zoom_user_ids.is_empty();
        let shown = match shown(&entry.name, settings) {
            Shown::Hidden => Shown::Hidden,
            _ if is_without_account => Shown::WithoutAccount,
            shown => shown,
        };
        Self { entry: Some(entry), shown }
    }
}

/// Whether an entry is known by `name`. With accounts, only the name shown is taken from others.
fn has_name(person: &Person, name: &Name) -> bool {
    person.known_names().any(|known| known.comparable() == name.comparable())
}

fn shown(name: &Name, settings: &Settings) -> Shown {
    match &settings.privacy {
        privacy if privacy.hide.names(name) => Shown::Hidden,
        privacy if privacy.allows(name) => Shown::Published,
        _ => Shown::Unpublished,
    }
}
