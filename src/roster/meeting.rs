//! One meeting: its outline always at hand, its facts packed away while nothing is said of it.
//!
//! Nearly all of the meetings that a roster knows are over. Of those only the
//! traces are needed to derive presence, and they never change again unless a
//! late event comes; so their facts rest as bytes, a fraction of the size, and
//! reading a checkpoint need not take them apart. Packing is invisible from
//! outside: the facts are the same.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::facts::Facts;
use super::fold::NeedsReplay;
use super::spans::Traces;
use super::words::Words;
use crate::moment::Moment;

/// What is known of one meeting.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Meeting {
    /// The room's number, with the time of the fact that said so last.
    pub number: Option<(Moment, Box<str>)>,
    /// First and last time seen.
    pub seen: Option<Stretch>,
    /// First and last fact, whether it made the meeting seen or not.
    pub known: Stretch,
    body: Body,
}

/// A first and a last moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stretch {
    pub first: Moment,
    pub last: Moment,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Body {
    Open(Facts),
    Packed {
        traces: Traces,
        #[serde(with = "bytes")]
        facts: Box<[u8]>,
    },
}

impl Meeting {
    /// A meeting of which one fact is known.
    pub(super) fn new(at: Moment) -> Self {
        Self {
            number: None,
            seen: None,
            known: Stretch::new(at),
            body: Body::Open(Facts::default()),
        }
    }

    /// The room's number, as text.
    pub(super) fn number(&self) -> Option<&str> {
        self.number.as_ref().map(|(_, text)| &**text)
    }

    /// Whether `text`, said at `at`, is news about the number: the later by (time, text) holds.
    pub(super) fn is_newer_number(&self, at: Moment, text: &str) -> bool {
        let known = self.number.as_ref();
        known.is_none_or(|(since, number)| (*since, &**number) < (at, text))
    }

    /// Takes a number said at `at`.
    pub(super) fn learn_number(&mut self, at: Moment, text: &str) {
        if let Some((since, number)) = &mut self.number
            && **number == *text
        {
            // What nearly every event says; no need to copy the text for it.
            *since = at.max(*since);
        } else if self.is_newer_number(at, text) {
            self.number = Some((at, text.into()));
        }
    }

    /// Widens when it was seen.
    pub(super) fn see(&mut self, stretch: Stretch) {
        self.seen = Some(self.seen.map_or(stretch, |seen| seen.and(stretch)));
    }

    /// The facts, to be added to.
    ///
    /// # Errors
    ///
    /// [`NeedsReplay`] where they were packed and can't be read, which takes a checkpoint that was
    /// tampered with.
    pub(super) fn open(&mut self, words: &Words) -> Result<&mut Facts, NeedsReplay> {
        if let Body::Packed { facts, .. } = &self.body {
            self.body = Body::Open(unpack(facts, words)?);
        }
        match &mut self.body {
            Body::Open(facts) => Ok(facts),
            Body::Packed { .. } => Err(NeedsReplay),
        }
    }

    /// Changes the facts, also packed ones; errors as those of [`open`](Self::open).
    pub(super) fn edit(
        &mut self,
        words: &Words,
        change: impl FnOnce(&mut Facts),
    ) -> Result<(), NeedsReplay> {
        let is_packed = matches!(self.body, Body::Packed { .. });
        change(self.open(words)?);
        if is_packed {
            self.pack(words);
        }
        Ok(())
    }

    /// The facts, to be looked at; errors as those of [`open`](Self::open).
    pub(super) fn facts(&self, words: &Words) -> Result<Cow<'_, Facts>, NeedsReplay> {
        match &self.body {
            Body::Open(facts) => Ok(Cow::Borrowed(facts)),
            Body::Packed { facts, .. } => unpack(facts, words).map(Cow::Owned),
        }
    }

    /// Who was in and when, by what is known of this meeting alone.
    pub(super) fn traces(&self, words: &Words) -> Cow<'_, Traces> {
        match &self.body {
            Body::Open(facts) => Cow::Owned(Traces::of(facts, words)),
            Body::Packed { traces, .. } => Cow::Borrowed(traces),
        }
    }

    /// Packs the facts away.
    pub(super) fn pack(&mut self, words: &Words) {
        if let Body::Open(facts) = &self.body {
            let traces = Traces::of(facts, words);
            let facts = postcard::to_stdvec(facts).expect("numbers, texts and lists always encode");
            self.body = Body::Packed { traces, facts: facts.into() };
        }
    }

    /// Whether everything that is referred to is there. Packed facts are looked at when they are opened.
    pub(super) fn is_consistent(&self, words: &Words) -> bool {
        match &self.body {
            Body::Open(facts) => facts.is_consistent(words),
            Body::Packed { traces, .. } => traces.is_consistent(words),
        }
    }
}

impl Stretch {
    pub(super) fn new(at: Moment) -> Self {
        Self { first: at, last: at }
    }

    /// The stretch that holds both.
    pub(super) fn and(self, other: Self) -> Self {
        Self { first: self.first.min(other.first), last: self.last.max(other.last) }
    }
}

fn unpack(bytes: &[u8], words: &Words) -> Result<Facts, NeedsReplay> {
    let facts: Facts = postcard::from_bytes(bytes).map_err(|_| NeedsReplay)?;
    if facts.is_consistent(words) { Ok(facts) } else { Err(NeedsReplay) }
}

/// Bytes as one piece: serde would take each for a number of its own.
mod bytes {
    use serde::de::{Deserializer, Error, Visitor};
    use serde::ser::Serializer;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Box<[u8]>, D::Error> {
        from.deserialize_bytes(Bytes)
    }

    struct Bytes;

    impl Visitor<'_> for Bytes {
        type Value = Box<[u8]>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("bytes")
        }

        fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
            Ok(bytes.into())
        }
    }
}
