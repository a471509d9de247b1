//! Two rosters made one.

use super::facts::{self, Binding, Facts, Identity, LegId, Sighting};
use super::fold::{self, NeedsReplay, Roster};
use super::words::{Dictionary, Word};
use crate::zoom::Name;

impl Roster {
    /// Takes in every fact of `other`, as if its events had been applied here.
    ///
    /// # Errors
    ///
    /// [`NeedsReplay`] where either was [summed up](Self::sum_up); this roster is then unchanged.
    pub fn merge(&mut self, other: &Self) -> Result<(), NeedsReplay> {
        if self.past.is_some() || other.past.is_some() {
            return Err(NeedsReplay);
        }
        let names = other.words.names.texts();
        let ids = other.words.zoom_user_ids.texts();
        let to_ours = Translation {
            names: names.map(|name| self.words.names.word(name)).collect(),
            zoom_user_ids: ids.map(|id| self.words.zoom_user_ids.word(&**id)).collect(),
        };
        for (word, (_, seen)) in to_ours.names.iter().zip(other.words.names_seen()) {
            if let Some(seen) = seen {
                self.words.see(*word, seen);
            }
        }
        self.newest = self.newest.max(other.newest);
        self.future.extend(other.future.iter().cloned());
        for (uuid, theirs) in &other.meetings {
            let ours = fold::meeting(&mut self.meetings, uuid, theirs.known.first);
            ours.known = ours.known.and(theirs.known);
            if let Some((at, number)) = &theirs.number {
                ours.learn_number(*at, number);
            }
            if let Some(seen) = theirs.seen {
                ours.see(seen);
            }
            let facts = theirs.facts(&other.words)?;
            merge_facts(ours.open(&self.words)?, &facts, &to_ours, &self.words.names);
        }
        Ok(())
    }
}

/// For each word of the other roster's dictionaries, ours.
struct Translation {
    names: Vec<Word>,
    zoom_user_ids: Vec<Word>,
}

fn merge_facts(ours: &mut Facts, theirs: &Facts, to_ours: &Translation, names: &Dictionary<Name>) {
    for &at in &theirs.ended {
        facts::insert(&mut ours.ended, at);
    }
    for (id, identity) in &theirs.connections {
        let place = ours.connection(id);
        let connection = &mut ours.connections[place as usize];
        merge_identity(connection, identity, to_ours, names);
    }
    for (id, leg) in &theirs.legs {
        let id = match id {
            LegId::Named(name) => LegId::Named(to_ours.names[name.index()]),
            LegId::User(_) | LegId::Connection(_) => id.clone(),
        };
        let place = ours.leg(&id);
        let our_leg = &mut ours.legs[place];
        for &mark in &leg.marks {
            facts::insert(&mut our_leg.marks, mark);
        }
        if let Some(own) = &leg.own {
            let identity = our_leg.own.get_or_insert_default();
            merge_identity(identity, own, to_ours, names);
        }
        if let Some((at, connection)) = leg.connection {
            let connection = ours.connection(theirs.connection_id(connection));
            ours.learn_connection(place, at, connection);
        }
    }
}

fn merge_identity(
    ours: &mut Identity,
    theirs: &Identity,
    to_ours: &Translation,
    names: &Dictionary<Name>,
) {
    for id in &theirs.zoom_user_ids {
        ours.learn_id(to_ours.zoom_user_ids[id.index()]);
    }
    if let Some(sighting) = theirs.sighting {
        let name = to_ours.names[sighting.name.index()];
        ours.see(Sighting { name, ..sighting }, names);
    }
    if let Some(binding) = &theirs.bound {
        ours.bind(Binding::clone(binding));
    }
}
