//! What the settings say of a name: whose it is, and whether it is shown.

use std::borrow::Cow;

use crate::config::{Person, Privacy, Settings};
use crate::zoom::Name;

/// What to know before a telephone number is published.
pub(super) const NUMBER_WARNING: &str = "a telephone number: published, it is shown in full";

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
    /// Whether pages show `name`, which belongs to no entry or is the name of one.
    pub(super) fn of(name: &Name, privacy: &Privacy) -> Self {
        if privacy.hide.names(name) {
            Self::Hidden
        } else if privacy.allows(&form_shown(name, privacy)) {
            Self::Published
        } else {
            Self::Unpublished
        }
    }

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
    /// What `settings` say of a name that came with these Zoom accounts.
    pub(super) fn of(name: &Name, accounts: &[impl AsRef<str>], settings: &'a Settings) -> Self {
        let is_theirs = |id: &String| accounts.iter().any(|account| account.as_ref() == id);
        let by_account =
            settings.people.iter().find(|person| person.zoom_user_ids.iter().any(is_theirs));
        let by_name = || settings.people.iter().find(|person| has_name(person, name));
        let Some(entry) = by_account.or_else(by_name) else {
            return Self { entry: None, shown: Shown::of(name, &settings.privacy) };
        };
        let is_without_account = by_account.is_none() && !entry.zoom_user_ids.is_empty();
        let shown = match Shown::of(&entry.name, &settings.privacy) {
            Shown::Hidden => Shown::Hidden,
            _ if is_without_account => Shown::WithoutAccount,
            shown => shown,
        };
        Self { entry: Some(entry), shown }
    }
}

/// The form of `name` that pages show: of a telephone number, its mask, unless `privacy.publish` has
/// the number itself.
pub(super) fn form_shown<'n>(name: &'n Name, privacy: &Privacy) -> Cow<'n, Name> {
    let mask = name.telephone_mask().filter(|_| !privacy.publish.names(name));
    mask.map_or(Cow::Borrowed(name), Cow::Owned)
}

/// Whether an entry is known by `name`. With accounts, only the name shown is taken from others.
fn has_name(person: &Person, name: &Name) -> bool {
    person.known_names().any(|known| known.comparable() == name.comparable())
}
