//! Meetings whose facts are in memory, because something is said of them.

use rustc_hash::FxHashSet;
use std::collections::BTreeSet;

use anyhow::Result;

use super::chunks;
use crate::roster::{Changed, GroupId, Meeting, Outline, Stretch, Words};
use crate::zoom::Event;

/// A meeting's facts, and what of them is not on disk yet.
#[derive(Debug)]
pub(super) struct Hot {
    pub(super) uuid: Box<str>,
    pub(super) meeting: Meeting,
    /// The times of its first and last fact.
    pub(super) facts: Option<Stretch>,
    /// The bytes of all its facts: each is kept once.
    known: FxHashSet<Box<[u8]>>,
    /// The chunk that is being filled, and its bytes.
    chunk: u32,
    filling: Vec<u8>,
    /// Chunks that are full and not on disk yet.
    full: Vec<(u32, Vec<u8>)>,
    changes: Changes,
    /// The outline that is on disk.
    pub(super) written: Outline,
    /// When it was last of use, counted in commits.
    pub(super) used: u64,
}

/// What differs from what is on disk.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// There are new facts.
    pub(super) any: bool,
    /// The sessions of all groups may be others.
    pub(super) all: bool,
    /// The sessions of these may be others.
    pub(super) groups: BTreeSet<GroupId>,
}

impl Hot {
    /// A meeting of which nothing is known yet.
    pub(super) fn new(uuid: &str) -> Self {
        Self {
            uuid: uuid.into(),
            meeting: Meeting::default(),
            facts: None,
            known: FxHashSet::default(),
            chunk: 0,
            filling: Vec::new(),
            full: Vec::new(),
            changes: Changes::default(),
            written: Outline::default(),
            used: 0,
        }
    }

    /// Takes in a chunk from the disk; they come in order.
    ///
    /// # Errors
    ///
    /// It is damaged.
    pub(super) fn read(&mut self, chunk: u32, sealed: &[u8], words: &mut Words) -> Result<()> {
        let bytes = chunks::unseal(sealed)?;
        for entry in chunks::read_facts(bytes, &self.uuid.clone()) {
            let (_, fact, event) = entry?;
            self.known.insert(fact.into());
            self.apply(&event, words);
        }
        self.chunk = chunk;
        self.filling = bytes.to_vec();
        Ok(())
    }

    /// Ends the reading: all of this is on disk.
    pub(super) fn is_as_written(&mut self) {
        self.written = self.meeting.outline().clone();
        self.changes = Changes::default();
    }

    /// Takes in an event of this meeting, once.
    pub(super) fn take_in(&mut self, source: u64, event: &Event, words: &mut Words) {
        let fact = chunks::encode_fact(event);
        if !self.known.insert(fact.as_slice().into()) {
            return;
        }
        self.apply(event, words);
        self.changes.any = true;
        if !self.filling.is_empty() && self.filling.len() + fact.len() > chunks::FACTS {
            self.full.push((self.chunk, std::mem::take(&mut self.filling)));
            self.chunk += 1;
        }
        chunks::push_fact(&mut self.filling, source, &fact);
    }

    fn apply(&mut self, event: &Event, words: &mut Words) {
        self.facts = Some(Stretch::around(self.facts, event.at));
        match self.meeting.apply(event, words) {
            Changed::Nothing => {}
            Changed::Group(group) => {
                self.changes.groups.insert(group);
            }
            Changed::All => self.changes.all = true,
        }
    }

    /// How many facts it holds in memory.
    pub(super) fn size(&self) -> usize {
        self.known.len()
    }

    /// The chunks that have to be written.
    pub(super) fn take_chunks(&mut self) -> Vec<(u32, Vec<u8>)> {
        let mut chunks = std::mem::take(&mut self.full);
        chunks.push((self.chunk, self.filling.clone()));
        chunks
    }

    /// What has changed since this was last asked.
    pub(super) fn take_changes(&mut self) -> Changes {
        std::mem::take(&mut self.changes)
    }

    /// Whether anything has to be written.
    pub(super) fn has_changes(&self) -> bool {
        self.changes.any
    }
}
