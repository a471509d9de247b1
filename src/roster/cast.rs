//! Who is who: from what was said of a connection to the person shown.
//!
//! Rule 10 of `presence.md`. The name of a `[[people]]` entry with
//! `zoom_user_ids` belongs to those accounts alone: a guest who calls himself so
//! is nobody, as if he had no name, for a second row of that name would deceive.

use rustc_hash::FxHashMap;

use super::rules::Rules;
use super::spans::Said;
use super::words::Words;
use crate::config;
use crate::zoom::Name;

/// All who may be shown, with the means to tell who a connection is.
pub(super) struct Cast<'a> {
    /// The names shown, each once; a person is known by the place here. The settings' people are
    /// first, in their order.
    shown: Vec<&'a Name>,
    places: FxHashMap<&'a Name, u32>,
    /// For each name of the dictionary, who goes by it.
    by_name: Vec<Option<u32>>,
    /// For each Zoom account of the dictionary, whose it is.
    by_zoom_user_id: Vec<Option<u32>>,
}

impl<'a> Cast<'a> {
    /// Everybody whom the roster's words or the settings name.
    pub(super) fn new(words: &'a Words, rules: &'a Rules) -> Self {
        let mut cast = Self {
            shown: Vec::new(),
            places: FxHashMap::default(),
            by_name: Vec::new(),
            by_zoom_user_id: Vec::new(),
        };
        for person in &rules.people {
            cast.place(&person.name);
        }
        let accounts = accounts(&rules.people);
        let account = |id: &str| Some(cast.places[accounts.get(id)?]);
        cast.by_zoom_user_id = words.zoom_user_ids.texts().map(|id| account(id)).collect();
        let owners = owners(&rules.people);
        for name in words.names.texts() {
            let shown = owners.get(name).copied().unwrap_or(Some(name));
            let place = shown.map(|name| cast.place(name));
            cast.by_name.push(place);
        }
        cast
    }

    /// Who somebody is, by all that was said; `None` where nobody can be listed.
    pub(super) fn who(&self, said: &Said) -> Option<u32> {
        let ids = said.zoom_user_ids.iter();
        let by_id = ids.filter_map(|id| self.by_zoom_user_id[id.index()]).min();
        by_id.or_else(|| self.by_name[said.name?.index()])
    }

    /// The place of the person shown as `name`.
    pub(super) fn place(&mut self, name: &'a Name) -> u32 {
        *self.places.entry(name).or_insert_with(|| {
            self.shown.push(name);
            u32::try_from(self.shown.len() - 1).expect("four billion people do not fit in memory")
        })
    }

    /// All names shown, in the order of their places.
    pub(super) fn shown(&self) -> &[&'a Name] {
        &self.shown
    }
}

/// For each account of the settings, whose it is; the first entry holds.
fn accounts(people: &[config::Person]) -> FxHashMap<&str, &Name> {
    let mut accounts = FxHashMap::default();
    for person in people {
        for id in &person.zoom_user_ids {
            accounts.entry(id.as_str()).or_insert(&person.name);
        }
    }
    accounts
}

/// For each name in the settings, who goes by it; `None`: nobody may without an account.
fn owners(people: &[config::Person]) -> FxHashMap<&Name, Option<&Name>> {
    let (by_name, by_id): (Vec<_>, Vec<_>) =
        people.iter().partition(|person| person.zoom_user_ids.is_empty());
    let mut owners = FxHashMap::default();
    for person in by_name {
        for name in std::iter::once(&person.name).chain(&person.aliases) {
            owners.entry(name).or_insert(Some(&person.name));
        }
    }
    for person in by_id {
        owners.entry(&person.name).or_insert(None);
    }
    owners
}
