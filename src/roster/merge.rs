//! Two rosters made one.

use super::dictionary::{Dictionary, Word};
use super::facts::{self, Identity, LegId, Meeting, Sighting};
use super::fold::{self, NeedsReplay, Roster};
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
        let names = other.names.texts();
        let ids = other.zoom_user_ids.texts();
        let words = Translation {
            names: names.map(|name| self.names.word(name)).collect(),
            zoom_user_ids: ids.map(|id| self.zoom_user_ids.word(&**id)).collect(),
        };
        self.newest = self.newest.max(other.newest);
        for (uuid, theirs) in &other.meetings {
            let ours = fold::meeting(&mut self.meetings, uuid, theirs.facts.first);
            merge_meeting(ours, theirs, &words, &self.names);
        }
        Ok(())
    }
}

/// For each word of the other roster's dictionaries, ours.
struct Translation {
    names: Vec<Word>,
    zoom_user_ids: Vec<Word>,
}

fn merge_meeting(
    ours: &mut Meeting,
    theirs: &Meeting,
    words: &Translation,
    names: &Dictionary<Name>,
) {
    ours.facts = ours.facts.and(theirs.facts);
    if let Some((at, number)) = &theirs.number {
        ours.learn_number(*at, number);
    }
    if let Some(seen) = theirs.seen {
        ours.see(seen);
    }
    for &at in &theirs.ended {
        facts::insert(&mut ours.ended, at);
    }
    for (id, identity) in &theirs.connections {
        let place = ours.connection(id);
        let connection = &mut ours.connections[place as usize];
        merge_identity(connection, identity, words, names);
    }
    for (id, leg) in &theirs.legs {
        let id = match id {
            LegId::Named(name) => LegId::Named(words.names[name.index()]),
            LegId::User(_) | LegId::Connection(_) => id.clone(),
        };
        let our_leg = ours.leg(&id);
        for &mark in &leg.marks {
            facts::insert(&mut our_leg.marks, mark);
        }
        if let Some(own) = &leg.own {
            merge_identity(our_leg.own.get_or_insert_default(), own, words, names);
        }
        if let Some((at, place)) = leg.connection {
            let place = ours.connection(theirs.connection_id(place));
            ours.learn_connection(&id, at, place);
        }
    }
}

fn merge_identity(
    ours: &mut Identity,
    theirs: &Identity,
    words: &Translation,
    names: &Dictionary<Name>,
) {
    for id in &theirs.zoom_user_ids {
        ours.learn_id(words.zoom_user_ids[id.index()]);
    }
    if let Some(sighting) = theirs.sighting {
        let name = words.names[sighting.name.index()];
        ours.see(Sighting { name, ..sighting }, names);
    }
}
