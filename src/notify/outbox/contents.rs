//! The contents of an outbox. The stored names never change.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::tombstone::Tombstone;
use crate::notify::delivery_state::DeliveryState;
use crate::notify::message::Message;
use crate::time::moment::Moment;

/// How many messages may wait; beyond that the oldest are dropped. With one message every ten
/// seconds this is almost three hours.
const MAX_QUEUED: usize = 1_000;

/// Everything that is stored of one target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outbox {
    /// What the target has been told; `None` before the first comparison.
    #[serde(rename = "told")]
    pub state: Option<DeliveryState>,
    /// The messages that wait, oldest first.
    #[serde(rename = "letters")]
    pub queue: VecDeque<QueuedMessage>,
    /// The number of the next message.
    #[serde(rename = "next")]
    pub next_number: u64,
    /// The latest result.
    #[serde(rename = "last")]
    pub last_result: Option<DeliveryResult>,
    /// The latest result of something that was not delivered.
    #[serde(rename = "lost")]
    pub last_loss: Option<DeliveryResult>,
    /// Why the chat did not answer the latest attempt; `None` once it answers.
    #[serde(rename = "unanswered", default, skip_serializing_if = "Option::is_none")]
    pub no_answer: Option<String>,
    /// Who was forgotten recently.
    #[serde(rename = "forgotten", default, skip_serializing_if = "Vec::is_empty")]
    pub tombstones: Vec<Tombstone>,
}

/// A message that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuedMessage {
    /// Its number.
    pub number: u64,
    /// When it was queued.
    #[serde(rename = "made")]
    pub queued_at: Moment,
    /// The message.
    pub message: Message,
}

/// How the delivery of a message or card ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryResult {
    /// When.
    pub at: Moment,
    /// Why it was not delivered; `None` if it was.
    #[serde(rename = "lost")]
    pub error: Option<String>,
}

impl Outbox {
    /// Queues `messages`; returns how many older ones were dropped because too many wait.
    pub fn push(&mut self, messages: Vec<Message>, now: Moment) -> usize {
        for message in messages {
            let number = self.next_number;
            self.queue.push_back(QueuedMessage { number, queued_at: now, message });
            self.next_number += 1;
        }
        let excess = self.queue.len().saturating_sub(MAX_QUEUED);
        self.queue.drain(..excess);
        excess
    }

    /// Removes the message with this number, and records the result.
    pub fn complete(&mut self, number: u64, result: DeliveryResult) {
        self.queue.retain(|queued| queued.number != number);
        self.record(result);
    }

    /// Records a result.
    pub fn record(&mut self, result: DeliveryResult) {
        if result.error.is_some() {
            self.last_loss = Some(result.clone());
        }
        self.last_result = Some(result);
    }

    /// Removes what has waited for more than `max_age_s` seconds; returns how much.
    pub fn expire(&mut self, max_age_s: i64, now: Moment) -> usize {
        let before = self.backlog().0;
        self.queue.retain(|queued| now.since(queued.queued_at) <= max_age_s);
        if let Some(state) = &mut self.state {
            state.cards.retain(|card| card.is_shown() || now.since(card.wanted_since) <= max_age_s);
        }
        let expired = before - self.backlog().0;
        if expired > 0 {
            let error = "it could not be delivered for too long".to_owned();
            self.record(DeliveryResult { at: now, error: Some(error) });
        }
        expired
    }

    /// How many messages and cards wait, and since when.
    pub fn backlog(&self) -> (usize, Option<Moment>) {
        let cards = self.state.iter().flat_map(|state| &state.cards);
        let cards = cards.filter(|card| !card.is_shown()).map(|card| card.wanted_since);
        let messages = self.queue.iter().map(|queued| queued.queued_at);
        let (count, oldest) = messages.chain(cards).fold((0, None), |(count, oldest), since| {
            (count + 1, Some(oldest.map_or(since, |oldest: Moment| oldest.min(since))))
        });
        (count, oldest)
    }
}
