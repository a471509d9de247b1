//! The encoding of facts and sessions in rows ("chunks").
//!
//! A chunk holds several facts, or the sessions of several groups: a meeting takes few rows, and an
//! event changes a small one. Each chunk begins with a CRC-32 of the rest, little-endian, so
//! damaged chunks are detected.

use anyhow::Result;
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use super::Damaged;
use crate::roster::{GroupId, Seen, Sessions};
use crate::time::moment::Moment;
use crate::zoom::{Event, Kind, Meeting, Participant};

/// The number of low bits of a row id that number the chunks of a meeting.
pub(super) const CHUNK_BITS: u32 = 24;

/// The maximum number of chunks of a meeting. A chunk has [`MAX_CHUNK_BYTES`], an event about a
/// hundred.
const CHUNKS_PER_MEETING: i64 = 1 << CHUNK_BITS;

/// The maximum size of a chunk of facts, unless a single fact is larger.
pub(super) const MAX_CHUNK_BYTES: usize = 16 << 10;

/// Longer than most facts, so that their buffer seldom grows.
const USUAL_FACT_BYTES: usize = 128;

/// The number of groups whose sessions are in one chunk.
const GROUPS_PER_CHUNK: u32 = 128;

const CHECKSUM_BYTES: usize = 4;

/// The id of a chunk.
pub(super) fn chunk_id(meeting: i64, chunk: u32) -> i64 {
    meeting * CHUNKS_PER_MEETING + i64::from(chunk)
}

/// The half-open range of chunk ids of a meeting.
pub(super) fn chunk_ids(meeting: i64) -> (i64, i64) {
    (chunk_id(meeting, 0), (meeting + 1) * CHUNKS_PER_MEETING)
}

/// The meeting and the number of a chunk, from its id.
pub(super) fn split_id(id: i64) -> (i64, u32) {
    let chunk = u32::try_from(id.rem_euclid(CHUNKS_PER_MEETING)).unwrap_or_default();
    (id.div_euclid(CHUNKS_PER_MEETING), chunk)
}

/// The chunk that holds the sessions of a group.
pub(super) fn chunk_of_group(GroupId(group): GroupId) -> u32 {
    group / GROUPS_PER_CHUNK
}

/// An event as it is stored, without the uuid of its meeting.
#[derive(Serialize, Deserialize)]
struct Fact {
    kind: Kind,
    at: Moment,
    stamp_ms: i64,
    number: Option<CompactString>,
    participant: Option<Participant>,
}

/// Encodes one fact. Equal events of one meeting give equal bytes.
pub(super) fn encode_fact(event: &Event) -> Vec<u8> {
    let number = event.meeting.as_ref().and_then(|meeting| meeting.number.as_ref());
    let fact = (event.kind, event.at, event.stamp_ms, number, &event.participant);
    let bytes = postcard::to_extend(&fact, Vec::with_capacity(USUAL_FACT_BYTES));
    bytes.expect("numbers and texts always encode")
}

/// Appends a fact to a chunk, with the id of its event in the journal, or 0.
pub(super) fn push_fact(chunk: &mut Vec<u8>, source: u64, fact: &[u8]) {
    let filled = postcard::to_extend(&(source, fact), std::mem::take(chunk));
    *chunk = filled.expect("numbers and bytes always encode");
}

/// The facts in a chunk of the meeting `uuid`: the journal id, the bytes, and the event.
pub(super) fn read_facts<'a>(
    chunk: &'a [u8],
    uuid: &'a str,
) -> impl Iterator<Item = Result<(u64, &'a [u8], Event)>> {
    let mut rest = chunk;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let read = postcard::take_from_bytes::<(u64, &[u8])>(rest).and_then(|(entry, behind)| {
            rest = behind;
            let (source, bytes) = entry;
            Ok((source, bytes, decode(bytes, uuid)?))
        });
        if read.is_err() {
            rest = &[];
        }
        Some(read.map_err(|_| Damaged.into()))
    })
}

fn decode(bytes: &[u8], uuid: &str) -> postcard::Result<Event> {
    let Fact { kind, at, stamp_ms, number, participant } = postcard::from_bytes(bytes)?;
    let meeting = Some(Meeting { uuid: uuid.into(), number });
    Ok(Event { kind, at, stamp_ms, meeting, participant })
}

/// Sessions by group, ordered by group.
pub(super) type Grouped = Vec<(GroupId, Sessions)>;

pub(super) fn encode_sessions(sessions: &Grouped) -> Vec<u8> {
    let entries: Vec<_> = sessions.iter().map(|(GroupId(id), sessions)| (id, sessions)).collect();
    add_checksum(postcard::to_stdvec(&entries).expect("numbers always encode"))
}

pub(super) fn decode_sessions(sealed: &[u8]) -> Result<Grouped> {
    let entries: Vec<(u32, Sessions)> =
        postcard::from_bytes(verify_checksum(sealed)?).map_err(|_| Damaged)?;
    Ok(entries.into_iter().map(|(id, sessions)| (GroupId(id), sessions)).collect())
}

/// The checksum of a row's values.
pub(super) fn row_checksum(row: &impl Serialize) -> u32 {
    crc32fast::hash(&postcard::to_stdvec(row).expect("numbers and texts always encode"))
}

/// The checksum of a name's row. A name that was seen aside has no `seen_stamp_ms`.
pub(super) fn name_checksum(id: u32, name: &str, seen: Option<Seen>) -> u32 {
    match seen {
        Some(Seen::Aside(at)) => row_checksum(&(id, name, at.seconds())),
        Some(Seen::Event(at, stamp_ms)) => {
            row_checksum(&(id, name, Some((at.seconds(), stamp_ms))))
        }
        None => row_checksum(&(id, name, None::<(i64, i64)>)),
    }
}

/// Fails unless `checksum` matches the row's values.
pub(super) fn verify_row(row: &impl Serialize, checksum: u32) -> Result<(), Damaged> {
    if row_checksum(row) == checksum { Ok(()) } else { Err(Damaged) }
}

/// Prefixes `bytes` with their checksum.
pub(super) fn add_checksum(bytes: Vec<u8>) -> Vec<u8> {
    let mut sealed = crc32fast::hash(&bytes).to_le_bytes().to_vec();
    sealed.extend(bytes);
    sealed
}

/// Verifies and removes the checksum added by [`add_checksum`].
pub(super) fn verify_checksum(sealed: &[u8]) -> Result<&[u8]> {
    let whole = sealed.split_first_chunk::<CHECKSUM_BYTES>();
    let whole = whole.filter(|(crc, bytes)| u32::from_le_bytes(**crc) == crc32fast::hash(bytes));
    Ok(whole.ok_or(Damaged)?.1)
}
