//! Meetings whose facts are in memory because events change them.

use rustc_hash::FxHashSet;
use std::collections::BTreeSet;

use anyhow::Result;

use super::{EncodedEvent, chunks};
use crate::roster::{ChangedSessions, GroupId, Meeting, MeetingInfo, SymbolTable, TimeRange};
use crate::zoom::Event;

/// The facts of a meeting, and which of them are not on disk yet.
#[derive(Debug)]
pub(super) struct LoadedMeeting {
    pub(super) uuid: Box<str>,
    pub(super) meeting: Meeting,
    /// The times of its first and last fact.
    pub(super) facts: Option<TimeRange>,
    /// The encoded facts, to store each fact once.
    known: FxHashSet<Box<[u8]>>,
    /// The last chunk, which is being filled, and its bytes.
    chunk: u32,
    filling: Vec<u8>,
    /// Full chunks that are not on disk yet.
    full: Vec<(u32, Vec<u8>)>,
    changes: Changes,
    /// The meeting info on disk.
    pub(super) written: MeetingInfo,
    /// The edition of the store at the last change.
    pub(super) last_used: u64,
}

/// The differences from what is on disk.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// There are new facts.
    pub(super) any: bool,
    /// The sessions of all groups may have changed.
    pub(super) all: bool,
    /// The groups whose sessions may have changed.
    pub(super) groups: BTreeSet<GroupId>,
}

impl LoadedMeeting {
    /// A meeting without facts.
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
            written: MeetingInfo::default(),
            last_used: 0,
        }
    }

    /// Adds a chunk from disk. Chunks are added in order.
    ///
    /// # Errors
    ///
    /// The chunk is damaged.
    pub(super) fn read(
        &mut self,
        chunk: u32,
        sealed: &[u8],
        symbols: &mut SymbolTable,
    ) -> Result<()> {
        let bytes = chunks::verify_checksum(sealed)?;
        for entry in chunks::read_facts(bytes, &self.uuid.clone()) {
            let (_, fact, event) = entry?;
            self.known.insert(fact.into());
            self.apply(&event, symbols);
        }
        self.chunk = chunk;
        self.filling = bytes.to_vec();
        Ok(())
    }

    /// Records that everything so far is on disk.
    pub(super) fn mark_as_written(&mut self) {
        self.written = self.meeting.info().clone();
        self.changes = Changes::default();
    }

    /// Applies an event of this meeting, unless it is known.
    pub(super) fn take_in(
        &mut self,
        source: u64,
        EncodedEvent { event, fact }: &EncodedEvent,
        symbols: &mut SymbolTable,
    ) {
        if !self.known.insert(fact.as_slice().into()) {
            return;
        }
        self.apply(event, symbols);
        self.changes.any = true;
        if !self.filling.is_empty() && self.filling.len() + fact.len() > chunks::MAX_CHUNK_BYTES {
            self.full.push((self.chunk, std::mem::take(&mut self.filling)));
            self.chunk += 1;
        }
        chunks::push_fact(&mut self.filling, source, fact);
    }

    fn apply(&mut self, event: &Event, symbols: &mut SymbolTable) {
        self.facts = Some(TimeRange::including(self.facts, event.at));
        match self.meeting.apply(event, symbols) {
            ChangedSessions::Nothing => {}
            ChangedSessions::Group(group) => {
                self.changes.groups.insert(group);
            }
            ChangedSessions::All => self.changes.all = true,
        }
    }

    /// The number of facts.
    pub(super) fn fact_count(&self) -> usize {
        self.known.len()
    }

    /// The chunks to write.
    pub(super) fn take_chunks(&mut self) -> Vec<(u32, Vec<u8>)> {
        let mut chunks = std::mem::take(&mut self.full);
        chunks.push((self.chunk, self.filling.clone()));
        chunks
    }

    /// The changes since the last call.
    pub(super) fn take_changes(&mut self) -> Changes {
        std::mem::take(&mut self.changes)
    }

    /// Whether there is anything to write.
    pub(super) fn has_changes(&self) -> bool {
        self.changes.any
    }
}
