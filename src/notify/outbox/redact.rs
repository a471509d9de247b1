//! Removes names from an outbox: of people who were forgotten, or who may not be named any more.

use super::contents::Outbox;
use super::tombstone::Tombstone;
use crate::config::Others;
use crate::notify::delivery_state::{CardPost, Changes, RoomState};
use crate::notify::message::{Card, CardState, Members, Message, MessageKind, RoomSummary};
use crate::zoom::Name;

/// Replaces what a chat said when it refused something: it may have quoted a name.
pub const WORDS_REMOVED: &str = "the chat's words are not kept, as somebody was forgotten";

impl Outbox {
    /// Forgets the people of the tombstones that are new, and keeps these; returns them.
    pub fn apply_tombstones(&mut self, tombstones: &[Tombstone]) -> Vec<Tombstone> {
        let is_new = |tombstone: &&Tombstone| !self.tombstones.contains(tombstone);
        let new: Vec<_> = tombstones.iter().filter(is_new).cloned().collect();
        if !new.is_empty() {
            self.forget(&|name| new.iter().any(|tombstone| tombstone.matches(name)));
            self.tombstones.extend(new.iter().cloned());
        }
        new
    }

    /// Removes all traces of the names for which `is_meant` is true.
    fn forget(&mut self, is_meant: &dyn Fn(&Name) -> bool) {
        self.redact(is_meant, Others::Counted);
        for result in self.last_result.iter_mut().chain(&mut self.last_loss) {
            result.error = result.error.take().map(|_| WORDS_REMOVED.to_owned());
        }
        for room in self.state.iter_mut().flat_map(|state| state.rooms.values_mut()) {
            room.forget(is_meant);
        }
    }

    /// Removes these names from the messages and cards that wait. A message with nothing left is
    /// dropped; a card is edited as soon as possible. The delivery state still knows who is in, so
    /// that nobody is announced again once they may be named again. `others` says whether people
    /// without a name count.
    pub fn redact(&mut self, is_meant: &dyn Fn(&Name) -> bool, others: Others) {
        self.queue.retain_mut(|queued| queued.message.redact(is_meant, others));
        let Some(state) = &mut self.state else { return };
        state.cards.retain_mut(|card| card.redact(is_meant));
        // A difference at the next comparison may come from this, and not have just happened.
        state.rooms.values_mut().for_each(|room| room.is_observed = false);
    }
}

impl RoomState {
    fn forget(&mut self, is_meant: &dyn Fn(&Name) -> bool) {
        self.people.retain(|name, _| !is_meant(name));
        if let Some(pending) = &mut self.pending {
            let Changes {
                joined, left, sharing_started, sharing_stopped, strangers, waiting, ..
            } = &mut pending.changes;
            for names in [joined, left, sharing_started, sharing_stopped, strangers, waiting] {
                names.retain(|name| !is_meant(name));
            }
        }
    }
}

impl CardPost {
    /// Removes these names; whether the card is still to be kept, because it is posted already or
    /// shows anybody.
    fn redact(&mut self, is_meant: &dyn Fn(&Name) -> bool) -> bool {
        if let Some(shown) = &mut self.shown {
            shown.redact_shown(is_meant);
        }
        let removed = self.wanted.redact(is_meant);
        removed == 0 || self.post_id.is_some() || !self.wanted.is_empty()
    }
}

impl Card {
    /// Removes these names; returns how many people were removed.
    fn redact(&mut self, is_meant: &dyn Fn(&Name) -> bool) -> usize {
        match &mut self.state {
            CardState::Open { inside, sharing, strangers, waiting, .. } => {
                for names in [sharing, strangers, &mut waiting.names] {
                    names.retain(|name| !is_meant(name));
                }
                let before = inside.len();
                inside.retain(|person| !is_meant(&person.name));
                before - inside.len()
            }
            CardState::Closed(summary) => remove(&mut summary.people, is_meant),
        }
    }

    /// Removes these names from what is known to be shown in the chat. The chat still shows them,
    /// so they count as others, and the card differs from the wanted one.
    pub fn redact_shown(&mut self, is_meant: &dyn Fn(&Name) -> bool) {
        let removed = self.redact(is_meant);
        let (CardState::Open { others, .. } | CardState::Closed(RoomSummary { others, .. })) =
            &mut self.state;
        *others += removed;
    }

    fn is_empty(&self) -> bool {
        match &self.state {
            CardState::Open { inside, others, .. } => inside.is_empty() && *others == 0,
            CardState::Closed(summary) => summary.people.is_empty() && summary.others == 0,
        }
    }
}

impl Message {
    /// Removes these names; whether the message still says anything.
    fn redact(&mut self, is_meant: &dyn Fn(&Name) -> bool, others: Others) -> bool {
        let removed = remove(&mut self.members.names, is_meant);
        if others == Others::Counted {
            self.members.others += removed;
        } else if let MessageKind::Moves { inside, .. }
        | MessageKind::Started { inside, .. }
        | MessageKind::Stranger { inside, .. } = &mut self.kind
        {
            *inside = inside.saturating_sub(removed);
        }
        self.kind.redact(is_meant)
    }
}

impl MessageKind {
    /// Removes these names; whether the message still says anything.
    fn redact(&mut self, is_meant: &dyn Fn(&Name) -> bool) -> bool {
        let (removed, remaining) = match self {
            Self::Moves { joined: some, left: more, .. }
            | Self::Sharing { started: some, stopped: more } => {
                (remove(some, is_meant) + remove(more, is_meant), some.len() + more.len())
            }
            Self::Started { by: names, .. } | Self::Stranger { joined: names, .. } => {
                (remove(names, is_meant), names.len())
            }
            Self::Waiting(Members { names, others }) => {
                (remove(names, is_meant), names.len() + *others)
            }
            Self::Ended(RoomSummary { people, others, .. }) => {
                (remove(people, is_meant), people.len() + *others)
            }
            Self::Test => return true,
        };
        removed == 0 || remaining > 0
    }
}

fn remove(names: &mut Vec<Name>, is_meant: &dyn Fn(&Name) -> bool) -> usize {
    let before = names.len();
    names.retain(|name| !is_meant(name));
    before - names.len()
}
