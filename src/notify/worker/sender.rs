//! Sends what waits in the outbox, one request at a time, and handles the outcomes.
//!
//! Messages go in order; cards go between them, and only their latest content is sent. If the
//! chat refuses them, messages replace cards. If it refuses the preferred endpoint, such as a bot, the
//! other one replaces that if there is one.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::rate_limit::RateLimit;
use crate::config::Privacy;
use crate::config::notify::NotifyEvent;
use crate::notify::answer::Outcome;
use crate::notify::attempt::Attempt;
use crate::notify::delivery_state::CardPost;
use crate::notify::message::{Message, MessageKind};
use crate::notify::metrics::{Loss, Metrics};
use crate::notify::outbox::{DeliveryResult, Outbox, Tombstone, WORDS_REMOVED};
use crate::notify::request::Request;
use crate::notify::target::{Endpoint, Target};
use crate::notify::timing::Timing;
use crate::time::moment::Moment;
use crate::zoom::Name;

/// How long the preferred endpoint or its cards pause after a refusal, in seconds.
const REFUSAL_PAUSE_S: i64 = 3600;

/// The outbox of one target, and the request that is in flight.
pub struct Sender {
    pub target: Arc<Target>,
    pub timing: Timing,
    pub metrics: Metrics,
    pub rate_limit: RateLimit,
    pub outbox: Outbox,
    /// Whether the outbox is saved as it is; nothing is sent otherwise.
    pub is_saved: bool,
    in_flight: Option<InFlight>,
    /// Until when the other endpoint replaces the preferred one, because the chat refused that.
    preferred_paused_until: Option<Moment>,
    /// The failure that was logged last; `None` while requests succeed.
    logged_failure: Option<String>,
}

/// A request that is in flight.
#[derive(Debug)]
struct InFlight {
    task: JoinHandle<Outcome>,
    content: Content,
    /// Whether it goes to the preferred endpoint.
    is_preferred: bool,
    /// Whether somebody was forgotten since it started, whom it may name.
    is_outdated: bool,
}

#[derive(Debug)]
enum Content {
    /// The message with this number.
    Message(u64),
    /// The card as it was sent.
    Card(Box<CardPost>),
}

impl InFlight {
    /// Once a card arrives, these people are on it without being known by name.
    fn redact(&mut self, is_meant: &dyn Fn(&Name) -> bool) {
        if let Content::Card(card) = &mut self.content {
            card.wanted.redact_shown(is_meant);
        }
    }
}

impl Sender {
    /// A sender with nothing to send.
    pub fn new(target: Arc<Target>, timing: Timing, metrics: Metrics, seed: [u8; 32]) -> Self {
        Self {
            target,
            timing,
            metrics,
            rate_limit: RateLimit::new(timing, seed),
            outbox: Outbox::default(),
            is_saved: true,
            in_flight: None,
            preferred_paused_until: None,
            logged_failure: None,
        }
    }

    /// Continues with a stored outbox.
    pub fn resume(&mut self, outbox: Outbox) {
        (self.outbox, self.is_saved) = (outbox, true);
        (self.in_flight, self.preferred_paused_until, self.logged_failure) = (None, None, None);
    }

    /// Forgets the people of the tombstones that are new, also in the request in flight.
    pub fn apply_tombstones(&mut self, tombstones: &[Tombstone]) {
        let new = self.outbox.apply_tombstones(tombstones);
        if let Some(in_flight) = &mut self.in_flight {
            in_flight.is_outdated = true;
            in_flight.redact(&|name| new.iter().any(|tombstone| tombstone.matches(name)));
        }
        self.is_saved = false;
    }

    /// Removes the names that the target may not see, also in the request in flight.
    pub fn redact_unpublished(&mut self) {
        let before = self.outbox.clone();
        let privacy = &self.target.rules.privacy;
        let is_hidden = |name: &Name| is_hidden(name, privacy);
        self.outbox.redact(&is_hidden, privacy.others);
        if let Some(in_flight) = &mut self.in_flight {
            in_flight.redact(&is_hidden);
        }
        self.is_saved &= self.outbox == before;
    }

    /// Whether a request is in flight.
    pub fn is_in_flight(&self) -> bool {
        self.in_flight.is_some()
    }

    /// Whether something waits that could be sent now, but for the rate limit.
    pub fn is_idle(&self) -> bool {
        self.in_flight.is_none() && self.is_saved && self.outbox.backlog().0 > 0
    }

    /// Waits for the outcome of the request in flight, for ever if there is none; `None` if its
    /// task panicked.
    pub async fn outcome(&mut self) -> Option<Outcome> {
        match &mut self.in_flight {
            Some(in_flight) => (&mut in_flight.task).await.ok(),
            None => std::future::pending().await,
        }
    }

    /// Sends what has waited longest.
    pub fn send_next(&mut self, now: Moment) {
        let expired = self.outbox.expire(self.timing.max_age_s, now);
        if expired > 0 {
            self.is_saved = false;
            self.metrics.lost(&self.target.label, Loss::Expired, expired);
            tracing::error!(
                "chat {}: dropped {expired} messages that waited too long",
                self.target.label
            );
        }
        // What can't be encoded is completed at once; then the next one is tried.
        while self.in_flight.is_none() {
            let message = self.outbox.queue.front().map(|queued| queued.queued_at);
            let card = self.next_card().map(|card| card.wanted_since);
            self.in_flight = match (message, card) {
                (None, None) => return,
                (Some(message), card) if card.is_none_or(|card| message <= card) => {
                    self.send_message(now)
                }
                _ => self.send_card(now),
            };
        }
        self.rate_limit.started(Instant::now().into_std());
    }

    fn next_card(&self) -> Option<&CardPost> {
        let cards = self.outbox.state.iter().flat_map(|state| &state.cards);
        cards.filter(|card| !card.is_shown()).min_by_key(|card| (card.wanted_since, card.number))
    }

    fn send_message(&mut self, now: Moment) -> Option<InFlight> {
        let is_preferred = !self.is_preferred_paused(now);
        let endpoints = &self.target.endpoints;
        let endpoint = if is_preferred { endpoints.first() } else { endpoints.last() }?;
        let queued = self.outbox.queue.front()?;
        let number = queued.number;
        let attempt = Attempt::new(&self.target.id, number, queued.queued_at, now);
        match endpoint.encoder.message(&queued.message, &attempt) {
            Ok(request) => {
                let task = send(endpoint, request);
                let content = Content::Message(number);
                Some(InFlight { task, content, is_preferred, is_outdated: false })
            }
            Err(error) => {
                let error = Some(self.encoding_failed(&error));
                self.outbox.complete(number, DeliveryResult { at: now, error });
                None
            }
        }
    }

    fn send_card(&mut self, now: Moment) -> Option<InFlight> {
        let card = self.next_card()?.clone();
        let endpoint = self.target.endpoints.first();
        let endpoint = endpoint.filter(|it| it.can_edit);
        let Some(endpoint) = endpoint.filter(|_| !self.is_preferred_paused(now)) else {
            self.replace_cards_by_messages(now);
            return None;
        };
        let request = match (&card.post_id, &card.shown) {
            (Some(id), _) => endpoint.encoder.edit(&card.wanted, id),
            (None, Some(_)) => endpoint.encoder.replacement(&card.wanted),
            (None, None) => endpoint.encoder.card(&card.wanted),
        };
        let request = match request {
            Ok(request) => request,
            Err(error) => {
                let error = Some(self.encoding_failed(&error));
                if let Some(state) = &mut self.outbox.state {
                    state.cards.retain(|it| it.number != card.number);
                }
                self.outbox.record(DeliveryResult { at: now, error });
                return None;
            }
        };
        let (task, content) = (send(endpoint, request), Content::Card(Box::new(card)));
        Some(InFlight { task, content, is_preferred: true, is_outdated: false })
    }

    fn is_preferred_paused(&self, now: Moment) -> bool {
        self.preferred_paused_until.is_some_and(|until| now < until)
    }

    fn encoding_failed(&mut self, error: &anyhow::Error) -> String {
        self.is_saved = false;
        self.metrics.lost(&self.target.label, Loss::EncodingFailed, 1);
        tracing::error!("chat {}: cannot write a message: {error:#}", self.target.label);
        format!("it could not be written: {error:#}")
    }

    /// Handles the outcome of the request in flight.
    pub fn complete(&mut self, outcome: Option<Outcome>, now: Moment) {
        let Some(in_flight) = self.in_flight.take() else { return };
        let panicked =
            || Outcome::RetryLater { why: "a task panicked".to_owned(), retry_after: None };
        let words = |why| if in_flight.is_outdated { WORDS_REMOVED.to_owned() } else { why };
        match outcome.unwrap_or_else(panicked) {
            Outcome::NoAnswer(why) => {
                // These words are ours, so they contain no name.
                if self.outbox.no_answer.as_ref() != Some(&why) {
                    self.outbox.no_answer = Some(why.clone());
                    self.is_saved = false;
                }
                // Logs each cause, but not each answer of an overloaded server.
                self.logged_failure.take_if(|logged| *logged != why);
                return self.retry_later(why, None);
            }
            Outcome::RetryLater { why, retry_after } => {
                self.is_saved &= self.outbox.no_answer.take().is_none();
                return self.retry_later(why, retry_after);
            }
            Outcome::Accepted(post_id) => self.accepted(&in_flight, post_id, now),
            Outcome::Gone(why) => match &in_flight.content {
                Content::Card(card) => self.card_gone(card.number),
                Content::Message(_) => self.refused(&in_flight, &words(why), now),
            },
            Outcome::Refused(why) => self.refused(&in_flight, &words(why), now),
        }
        self.outbox.no_answer = None;
        self.is_saved = false;
        self.rate_limit.answered();
    }

    fn retry_later(&mut self, why: String, retry_after: Option<Duration>) {
        self.rate_limit.failed(Instant::now().into_std(), retry_after);
        self.metrics.retries(&self.target.label);
        if self.logged_failure.is_none() {
            tracing::warn!("chat {}: messages wait for the next attempt: {why}", self.target.label);
            self.logged_failure = Some(why);
        }
    }

    fn accepted(&mut self, in_flight: &InFlight, post_id: Option<String>, now: Moment) {
        if self.logged_failure.take().is_some() {
            tracing::info!("chat {}: it accepts messages again", self.target.label);
        }
        self.metrics.sent(&self.target.label);
        let result = DeliveryResult { at: now, error: None };
        let sent = match &in_flight.content {
            Content::Message(number) => return self.outbox.complete(*number, result),
            Content::Card(sent) => sent,
        };
        self.outbox.record(result);
        let Some(state) = &mut self.outbox.state else { return };
        if let Some(card) = state.cards.iter_mut().find(|card| card.number == sent.number) {
            card.post_id = sent.post_id.clone().or(post_id);
            card.shown = Some(sent.wanted.clone());
        }
        let is_final = |card: &CardPost| {
            card.number == sent.number && card.wanted == sent.wanted && !card.is_open(&card.room)
        };
        state.cards.retain(|card| !is_final(card));
        let has_no_id = |card: &CardPost| card.post_id.is_none() && card.number == sent.number;
        if state.cards.iter().any(has_no_id) {
            self.cards_refused("the server returned no id of the post, so it can't be edited", now);
        }
    }

    /// Somebody deleted the post: a new one replaces it while the room is open.
    fn card_gone(&mut self, number: u64) {
        let Some(state) = &mut self.outbox.state else { return };
        state.cards.retain(|card| card.number != number || card.is_open(&card.room));
        for card in state.cards.iter_mut().filter(|card| card.number == number) {
            card.post_id = None;
        }
    }

    fn refused(&mut self, in_flight: &InFlight, why: &str, now: Moment) {
        let label = &self.target.label;
        let has_other = self.target.endpoints.len() > 1;
        match &in_flight.content {
            Content::Card(card) => {
                if card.post_id.is_none() && has_other {
                    self.preferred_paused_until = Some(now.plus(REFUSAL_PAUSE_S));
                }
                self.cards_refused(why, now);
            }
            Content::Message(_) if in_flight.is_preferred && has_other => {
                tracing::error!(
                    "chat {label}: the bot was refused, the webhook is used instead: {why}"
                );
                self.preferred_paused_until = Some(now.plus(REFUSAL_PAUSE_S));
            }
            Content::Message(number) => {
                self.metrics.lost(label, Loss::Refused, 1);
                tracing::error!("chat {label}: a message was refused and is dropped: {why}");
                let result = DeliveryResult { at: now, error: Some(why.to_owned()) };
                self.outbox.complete(*number, result);
            }
        }
    }

    fn cards_refused(&mut self, why: &str, now: Moment) {
        self.metrics.lost(&self.target.label, Loss::Refused, 1);
        tracing::error!(
            "chat {}: cards were refused, messages replace them: {why}",
            self.target.label
        );
        let error = Some(format!("cards were refused: {why}"));
        self.outbox.record(DeliveryResult { at: now, error });
        self.replace_cards_by_messages(now);
    }

    /// Removes all cards, and queues messages with what they do not show yet.
    fn replace_cards_by_messages(&mut self, now: Moment) {
        self.is_saved = false;
        let Some(state) = &mut self.outbox.state else { return };
        state.cards_paused_until = Some(now.plus(REFUSAL_PAUSE_S));
        let events = &self.target.rules.events;
        let cards = std::mem::take(&mut state.cards);
        let messages = cards.into_iter().filter_map(|card| {
            let message = Message::replacing(card.wanted, card.shown)?;
            let is_wanted = match message.kind {
                MessageKind::Started { .. } => events.contains(&NotifyEvent::Started),
                MessageKind::Ended(_) => events.contains(&NotifyEvent::Ended),
                _ => events.contains(&NotifyEvent::Joined) || events.contains(&NotifyEvent::Left),
            };
            is_wanted.then_some(message)
        });
        let messages = messages.collect();
        self.outbox.push(messages, now);
    }
}

fn send(endpoint: &Endpoint, request: Request) -> JoinHandle<Outcome> {
    let client = endpoint.client.clone();
    tokio::spawn(async move { client.send(request).await })
}

/// Whether `privacy` hides a name. A telephone number is hidden unless `privacy.publish` has it.
fn is_hidden(name: &Name, privacy: &Privacy) -> bool {
    !privacy.allows(name) || name.telephone_mask().is_some() && !privacy.names(name)
}
