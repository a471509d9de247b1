//! Who waits to be let in, and strangers who came in.
//!
//! The target is told by a message in any form, because an edit of a card notifies nobody. So it
//! hears of who waits for the host of an empty room, too.

use super::{Difference, RoomComparison};
use crate::config::notify::NotifyEvent;
use crate::notify::delivery_state::{Changes, RoomState};
use crate::notify::message::{Members, MessageKind};
use crate::zoom::Name;

impl RoomComparison<'_> {
    /// The new waits and strangers that are to be announced.
    pub(super) fn door_changes(&self, state: &RoomState) -> Changes {
        if self.is_quiet {
            return Changes::default();
        }
        let Changes { waiting, waiting_nameless, strangers, .. } = self.people().changes(state);
        Changes { waiting, waiting_nameless, strangers, ..Changes::default() }
    }

    /// Adds messages about them.
    pub(super) fn announce_door(&self, changes: Changes, difference: &mut Difference) {
        let Changes { waiting, waiting_nameless, strangers, .. } = changes;
        if !strangers.is_empty() {
            let inside = self.room.everybody();
            let kind = MessageKind::Stranger { joined: strangers, inside };
            difference.messages.push(self.message(kind));
        }
        let waiting = Members { names: waiting, others: waiting_nameless };
        if !waiting.is_empty() {
            difference.messages.push(self.message(MessageKind::Waiting(waiting)));
        }
    }

    /// Who waits, as the card says it.
    pub(super) fn waiting(&self) -> Members {
        if !self.rules.events.contains(&NotifyEvent::Waiting) {
            return Members::default();
        }
        let mut people = self.room.waiting().to_vec();
        people.sort_by(|a, b| (a.since, &a.name).cmp(&(b.since, &b.name)));
        let names = people.into_iter().map(|person| person.name).collect();
        Members { names, others: self.room.waiting_nameless().len() }
    }

    /// The strangers who are in, as the card marks them.
    pub(super) fn strangers(&self) -> Vec<Name> {
        if !self.rules.events.contains(&NotifyEvent::Stranger) {
            return Vec::new();
        }
        let inside = self.room.inside().into_iter().map(|person| person.name);
        inside.filter(|name| self.rules.is_stranger(name)).collect()
    }
}
