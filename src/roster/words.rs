//! Texts that recur, each kept once and referred to by a small number.
//!
//! The numbers depend on the order of arrival, so they never leave a roster or a store and are
//! never compared across two of them.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::hash::Hash;
use std::num::NonZeroU32;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::time::moment::Moment;
use crate::zoom::Name;

/// The dictionaries of a roster.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words {
    pub names: Dictionary<Name>,
    pub zoom_user_ids: Dictionary<Box<str>>,
    /// For each name, when it was last seen.
    seen: Vec<Option<Seen>>,
    /// Names seen later than before since they were asked for.
    seen_anew: BTreeSet<Word>,
}

/// When a name was seen: the time of the fact, and its `event_ts`.
pub(crate) type Seen = (Moment, i64);

impl Words {
    /// Takes note that a name was seen.
    pub(crate) fn see(&mut self, name: Word, seen: Seen) {
        if self.seen.len() <= name.index() {
            self.seen.resize(name.index() + 1, None);
        }
        let last = &mut self.seen[name.index()];
        if *last < Some(seen) {
            *last = Some(seen);
            self.seen_anew.insert(name);
        }
    }

    /// Each name with when it was last seen, in the order of the words.
    pub(super) fn names_seen(&self) -> impl Iterator<Item = (&Name, Option<Seen>)> {
        let seen = self.seen.iter().copied().chain(std::iter::repeat(None));
        self.names.slots.iter().zip(seen).filter_map(|(name, seen)| Some((name.as_ref()?, seen)))
    }

    /// Whether a name that has several forms was seen in one of them after `moment`.
    pub(crate) fn has_form_seen_after(&self, moment: Moment) -> bool {
        self.names_seen().any(|(name, _)| matches!(name.comparable(), Cow::Owned(_)))
            && self.seen.iter().flatten().any(|(at, _)| *at > moment)
    }

    /// The names that were seen later than before, and when, since this was last asked.
    pub(crate) fn take_seen(&mut self) -> Vec<(Word, Seen)> {
        let names = std::mem::take(&mut self.seen_anew);
        names.into_iter().filter_map(|name| Some((name, self.seen[name.index()]?))).collect()
    }
}

/// The place of one text in a [`Dictionary`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Word(NonZeroU32);

impl Word {
    /// The place counted from 0.
    pub(crate) fn index(self) -> usize {
        self.0.get() as usize - 1
    }

    /// The number, from 1.
    pub(crate) fn number(self) -> u32 {
        self.0.get()
    }

    /// The word of a number; `None` for 0.
    pub(crate) fn of(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Self)
    }

    fn at(index: usize) -> Self {
        let number = u32::try_from(index + 1).expect("four billion texts do not fit in memory");
        Self(NonZeroU32::new(number).expect("one more than an index is not zero"))
    }
}

/// Texts in the order in which they were first met. Those that were forgotten leave gaps.
#[derive(Debug, Clone)]
pub(crate) struct Dictionary<T> {
    slots: Vec<Option<T>>,
    words: FxHashMap<T, Word>,
}

impl<T: Clone + Eq + Hash> Dictionary<T> {
    /// The word for `text`, which is taken in if it is new.
    pub(crate) fn word<Q>(&mut self, text: &Q) -> Word
    where
        T: std::borrow::Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned: Into<T>> + ?Sized,
    {
        if let Some(word) = self.words.get(text) {
            return *word;
        }
        let word = Word::at(self.slots.len());
        self.put(word, text.to_owned().into());
        word
    }

    /// The word for `text`, if it is there.
    pub(crate) fn find<Q>(&self, text: &Q) -> Option<Word>
    where
        T: std::borrow::Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.words.get(text).copied()
    }

    /// Makes `text` the text of `word`.
    pub(crate) fn put(&mut self, word: Word, text: T) {
        if self.slots.len() <= word.index() {
            self.slots.resize(word.index() + 1, None);
        }
        self.slots[word.index()] = Some(text.clone());
        self.words.insert(text, word);
    }

    /// The text of a word of this dictionary.
    pub(crate) fn text(&self, word: Word) -> &T {
        self.slots[word.index()].as_ref().expect("what is forgotten is referred to by nothing")
    }

    /// All texts, in the order of their words; `None` in the place of one that was forgotten.
    pub(crate) fn texts(&self) -> impl ExactSizeIterator<Item = Option<&T>> {
        self.slots.iter().map(Option::as_ref)
    }
}

impl<T> Default for Dictionary<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), words: FxHashMap::default() }
    }
}
