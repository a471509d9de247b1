//! What is sent next, and what becomes of it.
//!
//! Messages go in order, one at a time; between them cards, of which only the newest state
//! counts. A bot that is refused gives way: cards to messages, and these to the webhook,
//! where there is one.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::config::PublishList;
use crate::config::notify::Happening;
use crate::notify::desk::Desk;
use crate::notify::forgotten::{Mark, WORDS_GONE};
use crate::notify::kept::{Fate, Kept};
use crate::notify::message::{CardState, Inside, Message, News};
use crate::notify::metrics::Loss;
use crate::notify::request::Outcome;
use crate::notify::target::{Way, WayKind};
use crate::notify::told::Posted;
use crate::time::moment::Moment;
use crate::zoom::Name;

/// A bot that was refused is tried again after so long, in seconds.
const REST: i64 = 3600;

/// What waits for one target, and how it goes.
pub struct Sending {
    /// What is kept of it.
    pub kept: Kept,
    /// Whether all of it is kept: nothing is sent before.
    pub is_kept: bool,
    /// Until when the webhook is used, because the bot was refused.
    bot_rests_until: Option<Moment>,
    /// Why attempts fail, as logged last; `None` while they do not.
    failing: Option<String>,
}

/// A request under way.
#[derive(Debug)]
pub struct Flight {
    /// Ends with what came of it.
    pub task: JoinHandle<Outcome>,
    of: Cargo,
    by: WayKind,
    /// Whether somebody was forgotten meanwhile, whom it may name.
    is_outdated: bool,
}

#[derive(Debug)]
enum Cargo {
    /// The message of this number.
    Letter(u64),
    /// The card as it was sent.
    Card(Box<Posted>),
}

impl Flight {
    /// Those who are meant stand on the card, once it has landed, without being known by name.
    fn forget(&mut self, is_meant: &dyn Fn(&Name) -> bool) {
        if let Cargo::Card(posted) = &mut self.of {
            posted.card.forget_shown(is_meant);
        }
    }
}

impl Sending {
    /// Goes on with what was kept.
    pub fn new(kept: Kept) -> Self {
        Self { kept, is_kept: true, bot_rests_until: None, failing: None }
    }

    /// Forgets those whose marks are news, also in what is under way.
    pub fn adopt(&mut self, marks: &[Mark], flight: Option<&mut Flight>) {
        let news = self.kept.adopt(marks);
        if let Some(flight) = flight {
            flight.is_outdated = true;
            flight.forget(&|name| news.iter().any(|mark| mark.is_of(name)));
        }
        self.is_kept = false;
    }

    /// Hides whoever is not published, also in what is under way.
    pub fn hide(&mut self, publish: &PublishList, flight: Option<&mut Flight>) {
        let before = self.kept.clone();
        // Nobody is told of a number by name, unless it is published so.
        let is_number = |name: &Name| name.telephone_mask().is_some() && !publish.names(name);
        let is_hidden = |name: &Name| !publish.allows(name) || is_number(name);
        self.kept.hide(&is_hidden);
        if let Some(flight) = flight {
            flight.forget(&is_hidden);
        }
        self.is_kept &= self.kept == before;
    }

    /// Begins to send what has waited longest.
    pub fn next(&mut self, desk: &Desk, now: Moment) -> Option<Flight> {
        let given_up = self.kept.give_up(desk.pace.give_up, now);
        if given_up > 0 {
            self.is_kept = false;
            desk.metrics.lost(&desk.target.label, Loss::GivenUp, given_up);
            tracing::error!(
                "chat {}: {given_up} messages waited too long and are given up",
                desk.target.label
            );
        }
        loop {
            let letter = self.kept.letters.front().map(|letter| letter.made);
            let card = self.next_card().map(|posted| posted.made);
            let flight = match (letter, card) {
                (None, None) => return None,
                (Some(letter), Some(card)) if letter <= card => self.send_letter(desk, now),
                (_, Some(_)) => self.send_card(desk, now),
                (Some(_), None) => self.send_letter(desk, now),
            };
            // What can't be written is settled already.
            if flight.is_some() {
                return flight;
            }
        }
    }

    fn next_card(&self) -> Option<&Posted> {
        let cards = self.kept.told.iter().flat_map(|told| &told.cards);
        cards.filter(|posted| !posted.is_shown()).min_by_key(|posted| (posted.made, posted.number))
    }

    fn send_letter(&mut self, desk: &Desk, now: Moment) -> Option<Flight> {
        let way = self.way(desk, now)?;
        let letter = self.kept.letters.front()?;
        let number = letter.number;
        match way.encoder.message(&letter.message) {
            Ok(body) => {
                let route = way.route.clone();
                let task = tokio::spawn(async move { route.post(body).await });
                Some(Flight { task, of: Cargo::Letter(number), by: way.kind, is_outdated: false })
            }
            Err(error) => {
                let why = self.unwritten(desk, &error);
                self.kept.settle(number, Fate { at: now, lost: Some(why) });
                None
            }
        }
    }

    fn send_card(&mut self, desk: &Desk, now: Moment) -> Option<Flight> {
        let posted = self.next_card()?.clone();
        let bot = desk.target.ways.iter().find(|way| way.kind == WayKind::Bot);
        let Some(bot) = bot.filter(|_| self.bot_rests_until.is_none_or(|until| until <= now))
        else {
            self.without_cards(desk, now);
            return None;
        };
        let body = match &posted.post {
            None => bot.encoder.card(&posted.card),
            Some(_) => bot.encoder.edit(&posted.card),
        };
        let body = match body {
            Ok(body) => body,
            Err(error) => {
                let why = self.unwritten(desk, &error);
                self.forget_card(posted.number);
                self.kept.note(Fate { at: now, lost: Some(why) });
                return None;
            }
        };
        let (route, post) = (bot.route.clone(), posted.post.clone());
        let task = tokio::spawn(async move {
            match post {
                None => route.post(body).await,
                Some(id) => route.edit(&id, body).await,
            }
        });
        Some(Flight {
            task,
            of: Cargo::Card(Box::new(posted)),
            by: WayKind::Bot,
            is_outdated: false,
        })
    }

    /// How messages go: by the bot, unless it rests and there is a webhook.
    fn way<'d>(&self, desk: &'d Desk, now: Moment) -> Option<&'d Way> {
        let rests = self.bot_rests_until.is_some_and(|until| now < until);
        let ways = &desk.target.ways;
        if rests { ways.last() } else { ways.first() }
    }

    fn unwritten(&mut self, desk: &Desk, error: &anyhow::Error) -> String {
        self.is_kept = false;
        desk.metrics.lost(&desk.target.label, Loss::Unwritten, 1);
        tracing::error!("chat {}: a message cannot be written: {error:#}", desk.target.label);
        format!("it could not be written: {error:#}")
    }

    /// Takes note of what came of `flight`.
    pub fn settle(
        &mut self,
        desk: &mut Desk,
        flight: &Flight,
        outcome: Option<Outcome>,
        now: Moment,
    ) {
        let panicked = || Outcome::Later { why: "a task panicked".to_owned(), wait: None };
        let words = |why| if flight.is_outdated { WORDS_GONE.to_owned() } else { why };
        match outcome.unwrap_or_else(panicked) {
            Outcome::Unanswered(why) => {
                // The words are ours: nobody's name is among them.
                if self.kept.unanswered.as_ref() != Some(&why) {
                    self.kept.unanswered = Some(why.clone());
                    self.is_kept = false;
                }
                // Another cause is news, unlike another answer of a server that is overloaded.
                self.failing.take_if(|logged| *logged != why);
                return self.try_again(desk, why, None);
            }
            Outcome::Later { why, wait } => {
                self.is_kept &= self.kept.unanswered.take().is_none();
                return self.try_again(desk, why, wait);
            }
            Outcome::Taken(id) => self.taken(desk, flight, id, now),
            Outcome::Gone(why) => match &flight.of {
                Cargo::Card(posted) => self.gone(posted.number),
                Cargo::Letter(_) => self.refused(desk, flight, &words(why), now),
            },
            Outcome::Refused(why) => self.refused(desk, flight, &words(why), now),
        }
        self.kept.unanswered = None;
        self.is_kept = false;
        desk.rhythm.goes_on();
    }

    fn try_again(&mut self, desk: &mut Desk, why: String, wait: Option<Duration>) {
        desk.rhythm.failed(Instant::now().into_std(), wait);
        desk.metrics.retries(&desk.target.label);
        if self.failing.is_none() {
            tracing::warn!("chat {}: messages wait, it is tried again: {why}", desk.target.label);
            self.failing = Some(why);
        }
    }

    fn taken(&mut self, desk: &Desk, flight: &Flight, id: Option<String>, now: Moment) {
        if self.failing.take().is_some() {
            tracing::info!("chat {}: it takes messages again", desk.target.label);
        }
        desk.metrics.sent(&desk.target.label);
        let fate = Fate { at: now, lost: None };
        let sent = match &flight.of {
            Cargo::Letter(number) => return self.kept.settle(*number, fate),
            Cargo::Card(sent) => sent,
        };
        self.kept.note(fate);
        let Some(told) = &mut self.kept.told else { return };
        if let Some(posted) = told.cards.iter_mut().find(|posted| posted.number == sent.number) {
            posted.post = sent.post.clone().or(id);
            posted.shown = Some(sent.card.clone());
        }
        told.cards.retain(|posted| !posted.is_shown() || posted.is_open(&posted.room));
        let is_lost =
            told.cards.iter().any(|posted| posted.post.is_none() && posted.number == sent.number);
        if is_lost {
            self.refuse_cards(desk, "the server named no post that could be edited", now);
        }
    }

    /// Somebody deleted the card: another one takes its place while the room is open.
    fn gone(&mut self, number: u64) {
        let Some(told) = &mut self.kept.told else { return };
        told.cards.retain(|posted| posted.number != number || posted.is_open(&posted.room));
        for posted in told.cards.iter_mut().filter(|posted| posted.number == number) {
            (posted.post, posted.shown) = (None, None);
        }
    }

    fn refused(&mut self, desk: &Desk, flight: &Flight, why: &str, now: Moment) {
        let has_hook = desk.target.ways.iter().any(|way| way.kind == WayKind::Hook);
        match &flight.of {
            Cargo::Card(posted) => {
                if posted.post.is_none() && has_hook {
                    self.bot_rests_until = Some(now.plus(REST));
                }
                self.refuse_cards(desk, why, now);
            }
            Cargo::Letter(_) if flight.by == WayKind::Bot && has_hook => {
                tracing::error!(
                    "chat {}: the bot was refused, the webhook is used: {why}",
                    desk.target.label
                );
                self.bot_rests_until = Some(now.plus(REST));
            }
            Cargo::Letter(number) => {
                desk.metrics.lost(&desk.target.label, Loss::Refused, 1);
                tracing::error!(
                    "chat {}: a message was refused for good: {why}",
                    desk.target.label
                );
                self.kept.settle(*number, Fate { at: now, lost: Some(why.to_owned()) });
            }
        }
    }

    fn refuse_cards(&mut self, desk: &Desk, why: &str, now: Moment) {
        desk.metrics.lost(&desk.target.label, Loss::Refused, 1);
        tracing::error!(
            "chat {}: cards were refused, messages take their place: {why}",
            desk.target.label
        );
        self.kept.note(Fate { at: now, lost: Some(format!("cards were refused: {why}")) });
        self.without_cards(desk, now);
    }

    /// Says in messages what the cards were to show, and did not.
    fn without_cards(&mut self, desk: &Desk, now: Moment) {
        self.is_kept = false;
        let Some(told) = &mut self.kept.told else { return };
        told.no_cards_until = Some(now.plus(REST));
        let events = &desk.target.rules.events;
        let cards = std::mem::take(&mut told.cards);
        let messages = cards.into_iter().filter_map(|posted| {
            let news = in_words(posted.card.state, posted.shown.map(|card| card.state))?;
            let is_told = match news {
                News::Started { .. } => events.contains(&Happening::Started),
                News::Ended(_) => events.contains(&Happening::Ended),
                _ => events.contains(&Happening::Joined) || events.contains(&Happening::Left),
            };
            is_told.then_some(Message { room: posted.card.room, news })
        });
        let messages = messages.collect();
        self.kept.add(messages, now);
    }

    fn forget_card(&mut self, number: u64) {
        if let Some(told) = &mut self.kept.told {
            told.cards.retain(|posted| posted.number != number);
        }
    }
}

/// What a card was to show, where `shown` stands instead of it.
fn in_words(card: CardState, shown: Option<CardState>) -> Option<News> {
    match (card, shown) {
        (CardState::Closed(summary), _) => Some(News::Ended(summary)),
        (CardState::Open { since: at, inside, others, .. }, None) => {
            let count = inside.len() + others;
            Some(News::Started { at, by: names(inside), inside: count })
        }
        (CardState::Open { inside, others, .. }, Some(CardState::Open { inside: before, .. })) => {
            let count = inside.len() + others;
            let (now, before) = (names(inside), names(before));
            let not_in = |others: &[Name], names: &[Name]| -> Vec<_> {
                names.iter().filter(|name| !others.contains(name)).cloned().collect()
            };
            let (joined, left) = (not_in(&before, &now), not_in(&now, &before));
            let differs = !joined.is_empty() || !left.is_empty();
            differs.then_some(News::Moves { joined, left, inside: count })
        }
        (CardState::Open { .. }, Some(CardState::Closed(_))) => None,
    }
}

fn names(inside: Vec<Inside>) -> Vec<Name> {
    inside.into_iter().map(|one| one.name).collect()
}
