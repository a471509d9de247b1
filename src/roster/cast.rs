//! Who is who: from what was said of a connection to the person shown.
//!
//! Rules 10 and 16 of the [roster](crate::roster). The name of a `[[people]]` entry with
//! `zoom_user_ids` belongs to those accounts alone: a guest who calls himself so
//! is nobody, as if he had no name, for a second row of that name would deceive.
//! Names that differ only in what nobody can see are one person's, who is shown by the
//! form that was seen last.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::rules::Rules;
use super::spans::Said;
use super::words::{Seen, Word, Words};
use crate::config;
use crate::zoom::Name;

/// All who may be shown, with the means to tell who a connection is.
pub(crate) struct Cast<'a> {
    /// Each person once, known by the place here. The settings' people are first, in their order.
    people: Vec<Shown<'a>>,
    places: FxHashMap<Cow<'a, Name>, u32>,
    /// For each name of the dictionary, who goes by it.
    by_name: Vec<Option<u32>>,
    /// For each Zoom account of the dictionary, whose it is.
    by_zoom_user_id: Vec<Option<u32>>,
}

/// One person.
pub(crate) struct Shown<'a> {
    /// The name that is shown.
    pub name: &'a Name,
}

impl<'a> Cast<'a> {
    /// Everybody whom the roster's words or the settings name.
    pub(crate) fn new(words: &'a Words, rules: &'a Rules) -> Self {
        let mut cast = Self {
            people: Vec::new(),
            places: FxHashMap::default(),
            by_name: Vec::new(),
            by_zoom_user_id: Vec::new(),
        };
        for person in &rules.people {
            cast.place(&person.name);
        }
        let accounts = accounts(&rules.people);
        let account = |id: &str| Some(cast.places[&*accounts.get(id)?.comparable()]);
        let ids = words.zoom_user_ids.texts();
        cast.by_zoom_user_id = ids.map(|id| id.and_then(|id| account(id))).collect();
        let owners = owners(&rules.people);
        let latest = latest_forms(words);
        for name in words.names.texts() {
            let Some(name) = name else {
                cast.by_name.push(None);
                continue;
            };
            let compared = name.comparable();
            let form = || latest.get(&compared).map_or(name, |(_, form)| form);
            let shown = owners.get(&compared).copied().unwrap_or_else(|| Some(form()));
            let place = shown.map(|name| cast.place(name));
            cast.by_name.push(place);
        }
        cast
    }

    /// Who somebody is, by all that was said; `None` where nobody can be listed.
    pub(crate) fn who(&self, said: &Said) -> Option<u32> {
        let ids = said.zoom_user_ids.iter();
        let by_id = ids.filter_map(|id| self.by_zoom_user_id[id.index()]).min();
        by_id.or_else(|| self.by_name[said.name?.index()])
    }

    /// The place of the person shown as `name`, unless that person is there already, by another form.
    pub(crate) fn place(&mut self, name: &'a Name) -> u32 {
        let identity = name.comparable();
        if let Some(place) = self.places.get(&identity) {
            return *place;
        }
        let place = u32::try_from(self.people.len());
        let place = place.expect("four billion people do not fit in memory");
        self.places.insert(identity, place);
        self.people.push(Shown { name });
        place
    }

    /// Everybody, in the order of their places.
    pub(crate) fn people(&self) -> &[Shown<'a>] {
        &self.people
    }

    /// Each name with the place of whoever goes by it.
    pub(crate) fn names(&self) -> impl Iterator<Item = (Word, u32)> {
        places(&self.by_name)
    }

    /// Each account with the place of whoever has it.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = (Word, u32)> {
        places(&self.by_zoom_user_id)
    }

    /// Whether somebody goes by this name.
    pub(crate) fn has(&self, name: &Name) -> bool {
        self.places.contains_key(&*name.comparable())
    }
}

fn places(people: &[Option<u32>]) -> impl Iterator<Item = (Word, u32)> {
    let words = (1..).filter_map(Word::of);
    words.zip(people).filter_map(|(word, place)| Some((word, (*place)?)))
}

/// Of each name that was seen in several forms, the one that was seen last, by how it is compared.
fn latest_forms(words: &Words) -> FxHashMap<Cow<'_, Name>, (Option<Seen>, &Name)> {
    let mut latest = FxHashMap::default();
    // Only what has joiners has another form.
    for (name, seen) in words.names_seen() {
        let compared = name.comparable();
        if matches!(compared, Cow::Owned(_)) {
            let form = latest.entry(compared).or_insert((seen, name));
            *form = (*form).max((seen, name));
        }
    }
    if !latest.is_empty() {
        for (name, seen) in words.names_seen() {
            if let Some(form) = latest.get_mut(name) {
                *form = (*form).max((seen, name));
            }
        }
    }
    latest
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

/// For each name in the settings, as it is compared, who goes by it; `None`: nobody may without
/// an account.
fn owners(people: &[config::Person]) -> FxHashMap<Cow<'_, Name>, Option<&Name>> {
    let (by_name, by_id): (Vec<_>, Vec<_>) =
        people.iter().partition(|person| person.zoom_user_ids.is_empty());
    let mut owners = FxHashMap::default();
    for person in by_name {
        for name in person.known_names() {
            owners.entry(name.comparable()).or_insert(Some(&person.name));
        }
    }
    for person in by_id {
        owners.entry(person.name.comparable()).or_insert(None);
    }
    owners
}
