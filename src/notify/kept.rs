//! What is kept of a target, so that a crash loses nothing and repeats nothing: what it was
//! told, and what waits to be sent. Both change together.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::notify::forgotten::Mark;
use crate::notify::message::Message;
use crate::notify::told::Told;
use crate::time::moment::Moment;

/// So many letters wait at most; beyond, the oldest is given up. At a message every ten
/// seconds this is almost three hours.
const MOST: usize = 1_000;

/// All that is kept of one target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// `None` before the first look.
    pub told: Option<Told>,
    /// Messages that wait, the oldest first.
    pub letters: VecDeque<Letter>,
    /// The number of the next letter.
    pub next: u64,
    /// What became of the last one that is not waiting any more.
    pub last: Option<Fate>,
    /// The last one that was not delivered, and why.
    pub lost: Option<Fate>,
    /// Why the last attempt was not answered; `None` since something was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unanswered: Option<String>,
    /// Who was forgotten of late.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forgotten: Vec<Mark>,
}

/// A message that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Its number.
    pub number: u64,
    /// When it was written.
    pub made: Moment,
    /// What it says.
    pub message: Message,
}

/// What became of a message or a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fate {
    /// When.
    pub at: Moment,
    /// Why it was not delivered; `None` where it was.
    pub lost: Option<String>,
}

impl Kept {
    /// Puts `messages` behind those that wait; returns how many of these were given up for them.
    pub fn add(&mut self, messages: Vec<Message>, now: Moment) -> usize {
        for message in messages {
            self.letters.push_back(Letter { number: self.next, made: now, message });
            self.next += 1;
        }
        let too_many = self.letters.len().saturating_sub(MOST);
        self.letters.drain(..too_many);
        too_many
    }

    /// Takes out the letter of this number, whatever became of it.
    pub fn settle(&mut self, number: u64, fate: Fate) {
        self.letters.retain(|letter| letter.number != number);
        self.note(fate);
    }

    /// Notes what became of something.
    pub fn note(&mut self, fate: Fate) {
        if fate.lost.is_some() {
            self.lost = Some(fate.clone());
        }
        self.last = Some(fate);
    }

    /// Takes out what has waited for more than `give_up` seconds; returns how much.
    pub fn give_up(&mut self, give_up: i64, now: Moment) -> usize {
        let before = self.letters.len();
        self.letters.retain(|letter| now.since(letter.made) <= give_up);
        let mut given_up = before - self.letters.len();
        if let Some(told) = &mut self.told {
            let before = told.cards.len();
            told.cards.retain(|posted| posted.is_shown() || now.since(posted.made) <= give_up);
            given_up += before - told.cards.len();
        }
        if given_up > 0 {
            let why = "it could not be delivered for too long".to_owned();
            self.note(Fate { at: now, lost: Some(why) });
        }
        given_up
    }

    /// How many messages and cards wait, and since when.
    pub fn waiting(&self) -> (usize, Option<Moment>) {
        let cards = self.told.iter().flat_map(|told| &told.cards);
        let cards = cards.filter(|posted| !posted.is_shown()).map(|posted| posted.made);
        let all: Vec<_> = self.letters.iter().map(|letter| letter.made).chain(cards).collect();
        (all.len(), all.into_iter().min())
    }
}
