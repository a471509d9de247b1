//! Forgetting somebody of whom no events are left to leave out: those of a journal that was
//! pruned are only in its checkpoint.

use std::collections::BTreeSet;

use super::facts::{Facts, Identity, Leg, LegId};
use super::fold::{NeedsReplay, Roster};
use super::words::{Dictionary, Word, Words};
use crate::zoom::Name;

/// Whom to forget, as words of one roster.
struct Meant {
    names: BTreeSet<Word>,
    zoom_user_ids: BTreeSet<Word>,
}

impl Roster {
    /// Forgets everybody who has one of `names`, as they are [compared](Name::comparable), or of
    /// `zoom_user_ids`: their visits, and every trace of the words. Connections that are known under another name by now stay.
    ///
    /// # Errors
    ///
    /// [`NeedsReplay`] where packed facts are damaged; part of it is then done.
    pub fn forget(
        &mut self,
        names: &BTreeSet<Name>,
        zoom_user_ids: &BTreeSet<&str>,
    ) -> Result<(), NeedsReplay> {
        let meant = Meant {
            names: self.words.names.words_where(|name| names.contains(&*name.comparable())),
            zoom_user_ids: self.words.zoom_user_ids.words_where(|id| zoom_user_ids.contains(&**id)),
        };
        for meeting in self.meetings.values_mut() {
            meeting.edit(&self.words, |facts| meant.leave(facts))?;
        }
        if let Some(past) = &mut self.past {
            past.people.retain(|name, _| !names.contains(name));
        }
        self.future.retain(|event| {
            let participant = event.participant.as_ref();
            !participant.is_some_and(|participant| {
                let name = participant.name.as_ref();
                name.is_some_and(|name| names.contains(&*name.comparable()))
                    || participant.zoom_user_ids.iter().any(|id| zoom_user_ids.contains(&**id))
            })
        });
        self.words.overwrite(&meant);
        Ok(())
    }
}

impl Roster {
    /// All names that are known, in no order; some may mean nobody any more.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        let past = self.past.iter().flat_map(|past| past.people.keys());
        self.words.names.texts().chain(past)
    }
}

impl Meant {
    /// Takes their legs out of a meeting, and their names off its connections.
    fn leave(&self, facts: &mut Facts) {
        let theirs = self.connections(facts);
        let is_theirs = |id: &LegId, leg: &Leg| {
            let connection = leg.connection.is_some_and(|(_, place)| theirs[place as usize]);
            let own = leg.own.as_ref();
            let own = own.is_some_and(|said| self.is(said) || is_bound_to(said, facts, &theirs));
            connection || own || matches!(id, LegId::Named(name) if self.names.contains(name))
        };
        let stay: Vec<bool> = facts.legs.iter().map(|(id, leg)| !is_theirs(id, leg)).collect();
        let mut stay = stay.into_iter();
        facts.legs.retain(|_, _| stay.next().unwrap_or(true));
        for (said, is_theirs) in facts.connections.values_mut().zip(theirs) {
            if is_theirs {
                *said = Identity::default();
            }
        }
    }

    /// For each connection, whether it is theirs, also because it is bound to one of theirs.
    fn connections(&self, facts: &Facts) -> Vec<bool> {
        let mut theirs: Vec<bool> = facts.connections.values().map(|said| self.is(said)).collect();
        loop {
            let bound = facts.connections.values().enumerate().find_map(|(place, said)| {
                (!theirs[place] && is_bound_to(said, facts, &theirs)).then_some(place)
            });
            match bound {
                Some(place) => theirs[place] = true,
                None => return theirs,
            }
        }
    }

    fn is(&self, said: &Identity) -> bool {
        said.sighting.is_some_and(|sighting| self.names.contains(&sighting.name))
            || said.zoom_user_ids.iter().any(|id| self.zoom_user_ids.contains(id))
    }
}

/// Whether it is bound to one of the connections that are `theirs`.
fn is_bound_to(said: &Identity, facts: &Facts, theirs: &[bool]) -> bool {
    let bound = said.bound.as_ref();
    bound.and_then(|bound| facts.connection_of(&bound.to)).is_some_and(|place| theirs[place])
}

impl Words {
    /// Puts words that mean nobody in the place of those that nothing refers to any more.
    fn overwrite(&mut self, meant: &Meant) {
        let nobody = |n: usize| format!("nobody {n}");
        for &word in &meant.names {
            let name = |n| Name::clean(&nobody(n)).expect("it is not empty");
            self.names.overwrite(word, name);
            self.unsee(word);
        }
        for &word in &meant.zoom_user_ids {
            self.zoom_user_ids.overwrite(word, |n| nobody(n).into());
        }
    }
}

impl<T: Eq + std::hash::Hash> Dictionary<T> {
    /// Puts the first text of `candidate` that is not there yet in the place of `word`.
    fn overwrite(&mut self, word: Word, candidate: impl Fn(usize) -> T) {
        let mut numbers = 0..;
        while numbers.next().is_some_and(|n| !self.replace(word, candidate(n))) {}
    }
}
