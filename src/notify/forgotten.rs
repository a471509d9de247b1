//! Forgetting somebody, as far as a target knows them: who is in, and what waits to be told; and
//! hiding those who may not be named any more.
//!
//! A process that sends has all of it in memory, and who is where comes to it from elsewhere,
//! at times late. So that neither brings the name back, a [`Mark`] of it stays in what is kept
//! until every such view is as new as the forgetting: a salted hash and the moment.
//!
//! Pure: salt and moment are arguments.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::notify::kept::Kept;
use crate::notify::message::{Card, CardState, News, Summary};
use crate::notify::told::{Changes, Posted, REMEMBERED, ToldRoom};
use crate::roster::{self, Person, Presence};
use crate::time::moment::Moment;
use crate::zoom::Name;

/// Instead of why a chat refused something: it says so in words that may be those it was sent.
pub const WORDS_GONE: &str = "the chat's words are not kept, as somebody was forgotten";

/// That somebody was forgotten, without saying who.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    salt: String,
    hash: String,
    /// When: what happened until then is not known any more.
    at: Moment,
}

impl Mark {
    /// A mark of `name`, forgotten at `at`.
    pub fn new(name: &Name, salt: String, at: Moment) -> Self {
        Self { hash: hash(&salt, name), salt, at }
    }

    /// Whether it is this name's.
    pub fn is_of(&self, name: &Name) -> bool {
        self.hash == hash(&self.salt, name)
    }

    /// Whether it is still needed at `now`, where `presence` is seen.
    pub fn is_needed(&self, presence: &Presence, now: Moment) -> bool {
        let knows = |person: &Person| {
            self.is_of(&person.name) && after(person, self.at).as_ref() != Some(person)
        };
        now.since(self.at) <= REMEMBERED
            || presence.people.iter().any(knows)
            || presence.rooms.iter().any(|room| room.people.iter().any(knows))
    }
}

fn hash(salt: &str, name: &Name) -> String {
    let name = name.comparable();
    hex::encode(Sha256::digest(format!("{salt}\0{name}")))
}

/// `presence` without what is forgotten: who came again later has come then.
pub fn without(presence: &Presence, marks: &[Mark]) -> Presence {
    let seen = |people: &[Person]| -> Vec<Person> {
        let seen = people.iter().filter_map(|person| {
            let at = marks.iter().filter(|mark| mark.is_of(&person.name)).map(|mark| mark.at).max();
            at.map_or_else(|| Some(person.clone()), |at| after(person, at))
        });
        seen.collect()
    };
    let rooms = presence.rooms.iter().map(|room| roster::Room {
        people: seen(&room.people),
        nameless_present: room.nameless_present,
    });
    Presence {
        people: seen(&presence.people),
        nameless_present: presence.nameless_present,
        rooms: rooms.collect(),
        next_change: presence.next_change,
    }
}

/// What there is of `person` from joining after `at`; `None` where that is nothing.
fn after(person: &Person, at: Moment) -> Option<Person> {
    let later = |moment: Option<Moment>| moment.filter(|moment| *moment > at);
    let last_join = later(person.last_join)?;
    let visits = person.visits.iter().filter(|visit| later(visit.start).is_some());
    Some(Person {
        name: person.name.clone(),
        visits: visits.copied().collect(),
        last_join: Some(last_join),
        last_left: later(person.last_left),
        present_since: later(person.present_since),
        sharing_since: later(person.sharing_since),
    })
}

impl Kept {
    /// Forgets those who are meant.
    pub fn forget(&mut self, is_meant: &dyn Fn(&Name) -> bool) {
        self.hide(is_meant);
        for fate in self.last.iter_mut().chain(&mut self.lost) {
            fate.lost = fate.lost.take().map(|_| WORDS_GONE.to_owned());
        }
        let Some(told) = &mut self.told else { return };
        told.rooms.values_mut().for_each(|room| room.leave_out(is_meant));
    }

    /// Takes those who are meant out of what waits to be told. A message of which nothing is left
    /// does not wait any more; a card is edited as soon as it can be. That they were in stays known, so
    /// that nobody is told of it again should they be shown once more.
    pub fn hide(&mut self, is_meant: &dyn Fn(&Name) -> bool) {
        self.letters.retain_mut(|letter| letter.message.news.forget(is_meant));
        let Some(told) = &mut self.told else { return };
        told.cards.retain_mut(|posted| posted.forget(is_meant));
        // What differs at the next look has not happened just now: it is seen in another way.
        told.rooms.values_mut().for_each(|room| room.looked = false);
    }

    /// Forgets those whose marks are news; returns these.
    pub fn adopt(&mut self, marks: &[Mark]) -> Vec<Mark> {
        let is_news = |mark: &&Mark| !self.forgotten.contains(mark);
        let news: Vec<_> = marks.iter().filter(is_news).cloned().collect();
        if !news.is_empty() {
            self.forget(&|name| news.iter().any(|mark| mark.is_of(name)));
            self.forgotten.extend(news.iter().cloned());
        }
        news
    }
}

impl ToldRoom {
    fn leave_out(&mut self, is_meant: &dyn Fn(&Name) -> bool) {
        self.people.retain(|name, _| !is_meant(name));
        if let Some(gathering) = &mut self.gathering {
            let changes = &mut gathering.changes;
            let Changes { joined, left, sharing, stopped, .. } = changes;
            for names in [joined, left, sharing, stopped] {
                leave_out(names, is_meant);
            }
        }
    }
}

impl Posted {
    /// Takes those who are meant off the card; whether anything of it is left, or stands in the
    /// chat.
    pub fn forget(&mut self, is_meant: &dyn Fn(&Name) -> bool) -> bool {
        if let Some(shown) = &mut self.shown {
            shown.forget_shown(is_meant);
        }
        let gone = self.card.forget(is_meant);
        gone == 0 || self.post.is_some() || self.card.names_or_counts()
    }
}

impl Card {
    /// Takes those who are meant off; returns how many these were.
    fn forget(&mut self, is_meant: &dyn Fn(&Name) -> bool) -> usize {
        match &mut self.state {
            CardState::Open { inside, sharing, .. } => {
                sharing.retain(|name| !is_meant(name));
                let before = inside.len();
                inside.retain(|one| !is_meant(&one.name));
                before - inside.len()
            }
            CardState::Closed(summary) => leave_out(&mut summary.people, is_meant),
        }
    }

    /// The same where this stands in the chat: it names them still, so they count among its
    /// others, and it differs from what is to stand there.
    pub fn forget_shown(&mut self, is_meant: &dyn Fn(&Name) -> bool) {
        let gone = self.forget(is_meant);
        let (CardState::Open { others, .. } | CardState::Closed(Summary { others, .. })) =
            &mut self.state;
        *others += gone;
    }

    fn names_or_counts(&self) -> bool {
        match &self.state {
            CardState::Open { inside, others, .. } => !inside.is_empty() || *others > 0,
            CardState::Closed(summary) => !summary.people.is_empty() || summary.others > 0,
        }
    }
}

impl News {
    /// Takes those who are meant out; whether anything is left to be told.
    fn forget(&mut self, is_meant: &dyn Fn(&Name) -> bool) -> bool {
        let (gone, left, others) = match self {
            Self::Moves { joined: some, left: more, .. }
            | Self::Sharing { started: some, stopped: more } => {
                let gone = leave_out(some, is_meant) + leave_out(more, is_meant);
                (gone, some.len() + more.len(), 0)
            }
            Self::Started { by, .. } => (leave_out(by, is_meant), by.len(), 0),
            Self::Ended(Summary { people, others, .. }) => {
                (leave_out(people, is_meant), people.len(), *others)
            }
            Self::Test => return true,
        };
        gone == 0 || left + others > 0
    }
}

fn leave_out(names: &mut Vec<Name>, is_meant: &dyn Fn(&Name) -> bool) -> usize {
    let before = names.len();
    names.retain(|name| !is_meant(name));
    before - names.len()
}
