//! Finds the person of a connection from the names and accounts reported for it.
//!
//! Rules 10 and 16 of the [roster](crate::roster). The name of a `[[people]]` entry with
//! `zoom_user_ids` belongs to these accounts alone. A guest who uses that name is treated as
//! nameless: a second row of that name would mislead readers. Names that differ only in invisible
//! characters belong to one person, shown by the form seen last.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::identity::Identity;
use super::interner::{Seen, Symbol, SymbolTable};
use super::rules::Rules;
use crate::config;
use crate::zoom::Name;

/// Everybody who may be shown, and how to find them.
pub(crate) struct PersonResolver<'a> {
    /// The name shown for each person; people are referred to by their index here. The settings'
    /// people come first, in their order.
    people: Vec<&'a Name>,
    indexes: FxHashMap<Cow<'a, Name>, u32>,
    /// For each interned name, its person.
    by_name: Vec<Option<u32>>,
    /// For each interned Zoom account, its person.
    by_zoom_user_id: Vec<Option<u32>>,
}

impl<'a> PersonResolver<'a> {
    pub(crate) fn new(symbols: &'a SymbolTable, rules: &'a Rules) -> Self {
        let mut resolver = Self {
            people: Vec::new(),
            indexes: FxHashMap::default(),
            by_name: Vec::new(),
            by_zoom_user_id: Vec::new(),
        };
        for person in &rules.people {
            resolver.add(&person.name);
        }
        let accounts = people_by_account(&rules.people);
        for id in symbols.zoom_user_ids.values() {
            let name = id.and_then(|id| accounts.get(&**id));
            let person = name.map(|name| resolver.indexes[&*name.comparable()]);
            resolver.by_zoom_user_id.push(person);
        }
        let owners = people_by_name(&rules.people);
        let latest = latest_forms(symbols);
        for name in symbols.names.values() {
            let shown = name.and_then(|name| {
                let compared = name.comparable();
                match owners.get(&compared) {
                    Some(owner) => *owner,
                    None => Some(latest.get(&compared).map_or(name, |(_, form)| form)),
                }
            });
            let person = shown.map(|name| resolver.add(name));
            resolver.by_name.push(person);
        }
        resolver
    }

    /// The person with this identity; `None` if it can't be listed.
    pub(crate) fn resolve(&self, identity: &Identity) -> Option<u32> {
        let ids = identity.zoom_user_ids.iter();
        let by_id = ids.filter_map(|id| self.by_zoom_user_id[id.index()]).min();
        by_id.or_else(|| self.by_name[identity.name?.index()])
    }

    /// Adds a person shown as `name`, unless another form of that name is there already.
    fn add(&mut self, name: &'a Name) -> u32 {
        let next = u32::try_from(self.people.len());
        let next = next.expect("four billion people do not fit in memory");
        let index = *self.indexes.entry(name.comparable()).or_insert(next);
        if index == next {
            self.people.push(name);
        }
        index
    }

    /// The name shown for each person, in the order of their indexes.
    pub(crate) fn people(&self) -> &[&'a Name] {
        &self.people
    }

    /// Each name that resolves to a person, with the person's index.
    pub(crate) fn names(&self) -> impl Iterator<Item = (Symbol, u32)> {
        resolved(&self.by_name)
    }

    /// Each account that resolves to a person, with the person's index.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = (Symbol, u32)> {
        resolved(&self.by_zoom_user_id)
    }

    /// Whether some person has this name.
    pub(crate) fn has(&self, name: &Name) -> bool {
        self.indexes.contains_key(&*name.comparable())
    }
}

fn resolved(people: &[Option<u32>]) -> impl Iterator<Item = (Symbol, u32)> {
    let symbols = (1..).filter_map(Symbol::from_number);
    symbols.zip(people).filter_map(|(symbol, person)| Some((symbol, (*person)?)))
}

/// For each name seen in several forms, the form seen last. Keys are comparable names.
fn latest_forms(symbols: &SymbolTable) -> FxHashMap<Cow<'_, Name>, (Option<Seen>, &Name)> {
    let mut latest = FxHashMap::default();
    // Only a name with joiners has another form.
    for (name, seen) in symbols.names_seen() {
        let compared = name.comparable();
        if matches!(compared, Cow::Owned(_)) {
            let form = latest.entry(compared).or_insert((seen, name));
            *form = (*form).max((seen, name));
        }
    }
    if !latest.is_empty() {
        for (name, seen) in symbols.names_seen() {
            if let Some(form) = latest.get_mut(name) {
                *form = (*form).max((seen, name));
            }
        }
    }
    latest
}

/// For each account in the settings, its person; the first entry wins.
fn people_by_account(people: &[config::Person]) -> FxHashMap<&str, &Name> {
    let mut accounts = FxHashMap::default();
    for person in people {
        for id in &person.zoom_user_ids {
            accounts.entry(id.as_str()).or_insert(&person.name);
        }
    }
    accounts
}

/// For each name in the settings, its person; `None` if the name counts only with an account. Keys
/// are comparable names.
fn people_by_name(people: &[config::Person]) -> FxHashMap<Cow<'_, Name>, Option<&Name>> {
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
