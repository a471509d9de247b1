//! Interning: each name and account id is stored once and referred to by a small number.
//!
//! The numbers depend on the order of arrival. They never leave a roster or a store, and numbers
//! of two rosters are never compared.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::hash::Hash;
use std::num::NonZeroU32;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::time::moment::Moment;
use crate::zoom::Name;

/// The interned texts of a roster.
#[derive(Debug, Clone, Default)]
pub(crate) struct SymbolTable {
    pub names: Interner<Name>,
    pub zoom_user_ids: Interner<Box<str>>,
    /// For each name, when it was last seen.
    seen: Vec<Option<Seen>>,
    /// Names whose `seen` has changed since the last [`take_seen`](Self::take_seen).
    changed: BTreeSet<Symbol>,
}

/// When a name was seen. Whatever is seen aside ranks below every event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Seen {
    /// By Zoom's API, or of somebody who waits to be let in: at the time of the fact.
    Aside(Moment),
    /// By any other event: at the time of the fact, and its `event_ts`.
    Event(Moment, i64),
}

impl Seen {
    /// The time of the fact.
    pub(crate) fn at(self) -> Moment {
        match self {
            Self::Aside(at) | Self::Event(at, _) => at,
        }
    }
}

impl SymbolTable {
    /// Records that a name was seen.
    pub(crate) fn see(&mut self, name: Symbol, seen: Seen) {
        if self.seen.len() <= name.index() {
            self.seen.resize(name.index() + 1, None);
        }
        let last = &mut self.seen[name.index()];
        if *last < Some(seen) {
            *last = Some(seen);
            self.changed.insert(name);
        }
    }

    /// When a name was last seen.
    pub(crate) fn seen(&self, name: Symbol) -> Option<Seen> {
        self.seen.get(name.index()).copied().flatten()
    }

    /// Each name and when it was last seen, in the order of the symbols.
    pub(super) fn names_seen(&self) -> impl Iterator<Item = (&Name, Option<Seen>)> {
        let seen = self.seen.iter().copied().chain(std::iter::repeat(None));
        self.names.values.iter().zip(seen).filter_map(|(name, seen)| Some((name.as_ref()?, seen)))
    }

    /// Whether some name has several forms and some name was seen after `moment`.
    pub(crate) fn has_form_seen_after(&self, moment: Moment) -> bool {
        self.names_seen().any(|(name, _)| matches!(name.comparable(), Cow::Owned(_)))
            && self.seen.iter().flatten().any(|seen| seen.at() > moment)
    }

    /// The names seen again since the last call, and when they were last seen.
    pub(crate) fn take_seen(&mut self) -> Vec<(Symbol, Seen)> {
        let names = std::mem::take(&mut self.changed);
        names.into_iter().filter_map(|name| Some((name, self.seen[name.index()]?))).collect()
    }
}

/// The number of a text in an [`Interner`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Symbol(NonZeroU32);

impl Symbol {
    /// The number, counted from 0.
    pub(crate) fn index(self) -> usize {
        self.0.get() as usize - 1
    }

    /// The number, counted from 1.
    pub(crate) fn number(self) -> u32 {
        self.0.get()
    }

    /// The inverse of [`number`](Self::number); `None` for 0.
    pub(crate) fn from_number(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Self)
    }

    fn from_index(index: usize) -> Self {
        let number = u32::try_from(index + 1).expect("four billion texts do not fit in memory");
        Self(NonZeroU32::new(number).expect("one more than an index is not zero"))
    }
}

/// Texts in the order in which they were first seen. Removed texts leave gaps.
#[derive(Debug, Clone)]
pub(crate) struct Interner<T> {
    values: Vec<Option<T>>,
    symbols: FxHashMap<T, Symbol>,
}

impl<T: Clone + Eq + Hash> Interner<T> {
    /// The symbol of `text`, which is added if it is new.
    pub(crate) fn intern<Q>(&mut self, text: &Q) -> Symbol
    where
        T: std::borrow::Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned: Into<T>> + ?Sized,
    {
        if let Some(symbol) = self.symbols.get(text) {
            return *symbol;
        }
        let symbol = Symbol::from_index(self.values.len());
        self.insert(symbol, text.to_owned().into());
        symbol
    }

    /// The symbol of `text`, if it was interned.
    pub(crate) fn get<Q>(&self, text: &Q) -> Option<Symbol>
    where
        T: std::borrow::Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.symbols.get(text).copied()
    }

    /// Gives `text` the number `symbol`.
    pub(crate) fn insert(&mut self, symbol: Symbol, text: T) {
        if self.values.len() <= symbol.index() {
            self.values.resize(symbol.index() + 1, None);
        }
        self.values[symbol.index()] = Some(text.clone());
        self.symbols.insert(text, symbol);
    }

    /// The text of a symbol of this interner.
    pub(crate) fn text(&self, symbol: Symbol) -> &T {
        self.values[symbol.index()].as_ref().expect("nothing refers to a removed text")
    }

    /// Whether `symbol` is one of this interner.
    pub(crate) fn has(&self, symbol: Symbol) -> bool {
        self.values.get(symbol.index()).is_some_and(Option::is_some)
    }

    /// All texts in the order of their symbols; `None` for a removed text.
    pub(crate) fn values(&self) -> impl ExactSizeIterator<Item = Option<&T>> {
        self.values.iter().map(Option::as_ref)
    }
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self { values: Vec::new(), symbols: FxHashMap::default() }
    }
}
