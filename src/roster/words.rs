//! Texts that recur, each kept once and referred to by a small number.
//!
//! The numbers depend on the order of arrival, so they never leave the roster
//! and are never compared across two of them.

use std::collections::BTreeSet;
use std::hash::Hash;
use std::num::NonZeroU32;

use indexmap::{Equivalent, IndexSet};
use rustc_hash::FxBuildHasher;
use serde::{Deserialize, Serialize};

use crate::moment::Moment;
use crate::zoom::Name;

/// The dictionaries of a roster.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Words {
    pub names: Dictionary<Name>,
    pub zoom_user_ids: Dictionary<Box<str>>,
    /// For each name, when it was last seen.
    seen: Vec<Option<Seen>>,
}

/// When a name was seen: the time of the fact, and its `event_ts`.
pub(super) type Seen = (Moment, i64);

impl Words {
    /// Takes note that a name was seen.
    pub(super) fn see(&mut self, name: Word, seen: Seen) {
        if self.seen.len() <= name.index() {
            self.seen.resize(name.index() + 1, None);
        }
        let last = &mut self.seen[name.index()];
        *last = (*last).max(Some(seen));
    }

    /// Each name with when it was last seen, in the order of the words.
    pub(super) fn names_seen(&self) -> impl Iterator<Item = (&Name, Option<Seen>)> {
        let seen = self.seen.iter().copied().chain(std::iter::repeat(None));
        self.names.texts().zip(seen)
    }

    /// Forgets when a name was seen.
    pub(super) fn unsee(&mut self, name: Word) {
        if let Some(seen) = self.seen.get_mut(name.index()) {
            *seen = None;
        }
    }
}

/// The place of one text in a [`Dictionary`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Word(NonZeroU32);

impl Word {
    /// The place counted from 0.
    pub(super) fn index(self) -> usize {
        self.0.get() as usize - 1
    }

    fn at(index: usize) -> Self {
        let number = u32::try_from(index + 1).expect("four billion texts do not fit in memory");
        Self(NonZeroU32::new(number).expect("one more than an index is not zero"))
    }
}

/// Texts in the order in which they were first met.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de> + Eq + Hash"))]
pub(super) struct Dictionary<T>(IndexSet<T, FxBuildHasher>);

impl<T: Eq + Hash> Dictionary<T> {
    /// The word for `text`, which is taken in if it is new.
    pub(super) fn word<Q>(&mut self, text: &Q) -> Word
    where
        Q: Hash + Equivalent<T> + ToOwned<Owned: Into<T>> + ?Sized,
    {
        let known = self.0.get_index_of(text);
        Word::at(known.unwrap_or_else(|| self.0.insert_full(text.to_owned().into()).0))
    }

    /// The text of a word of this dictionary.
    pub(super) fn text(&self, word: Word) -> &T {
        &self.0[word.index()]
    }

    /// Whether `word` is one of this dictionary.
    pub(super) fn holds(&self, word: Word) -> bool {
        word.index() < self.0.len()
    }

    /// The words whose texts are `wanted`.
    pub(super) fn words_where(&self, wanted: impl Fn(&T) -> bool) -> BTreeSet<Word> {
        let found = self.0.iter().enumerate().filter(|(_, text)| wanted(text));
        found.map(|(index, _)| Word::at(index)).collect()
    }

    /// Puts another text in the place of a word's; not where that has a word of its own.
    pub(super) fn replace(&mut self, word: Word, text: T) -> bool {
        self.0.replace_index(word.index(), text).is_ok()
    }

    /// All texts, in the order of their words.
    pub(super) fn texts(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }
}

impl<T> Default for Dictionary<T> {
    fn default() -> Self {
        Self(IndexSet::default())
    }
}
