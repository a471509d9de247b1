//! Facts and sessions as bytes: several in a row, so that a meeting is few rows, and an event
//! changes a small one.
//!
//! Each begins with a CRC-32 of the rest, little-endian: a damaged one is never believed.

use anyhow::Result;
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use super::Damaged;
use crate::roster::{GroupId, Sessions};
use crate::time::moment::Moment;
use crate::zoom::{Event, Kind, Meeting, Participant};

/// So many bits of an id number the chunks of a meeting.
pub(super) const BITS: u32 = 24;

/// So many chunks a meeting may have: of [`FACTS`] bytes, of which each event has a hundred or so.
const CHUNKS: i64 = 1 << BITS;

/// At most so many bytes of facts are in one chunk, but for a single fact that has more.
pub(super) const FACTS: usize = 16 << 10;

/// So many groups have their sessions in one chunk.
const GROUPS: u32 = 128;

const CHECKSUM: usize = 4;

/// The id of a chunk.
pub(super) fn chunk_id(meeting: i64, chunk: u32) -> i64 {
    meeting * CHUNKS + i64::from(chunk)
}

/// The ids of all chunks of a meeting, from the first to behind the last.
pub(super) fn chunk_ids(meeting: i64) -> (i64, i64) {
    (chunk_id(meeting, 0), (meeting + 1) * CHUNKS)
}

/// The meeting and the number of a chunk.
pub(super) fn of_id(id: i64) -> (i64, u32) {
    let chunk = u32::try_from(id.rem_euclid(CHUNKS)).unwrap_or_default();
    (id.div_euclid(CHUNKS), chunk)
}

/// The chunk that a group's sessions are in.
pub(super) fn of_group(GroupId(group): GroupId) -> u32 {
    group / GROUPS
}

/// An event as it is kept: without its meeting's uuid, which all of a meeting share.
#[derive(Serialize, Deserialize)]
struct Fact {
    kind: Kind,
    at: Moment,
    stamp_ms: i64,
    number: Option<CompactString>,
    participant: Option<Participant>,
}

/// The bytes of one fact: equal for equal events of one meeting.
pub(super) fn encode_fact(event: &Event) -> Vec<u8> {
    let number = event.meeting.as_ref().and_then(|meeting| meeting.number.as_ref());
    let fact = (event.kind, event.at, event.stamp_ms, number, &event.participant);
    postcard::to_stdvec(&fact).expect("numbers and texts always encode")
}

/// Adds a fact to a chunk, with the place of its event in the journal, or 0.
pub(super) fn push_fact(chunk: &mut Vec<u8>, source: u64, fact: &[u8]) {
    let entry = postcard::to_stdvec(&(source, fact)).expect("numbers and bytes always encode");
    chunk.extend(entry);
}

/// The facts of a chunk of the meeting `uuid`: where each came from, its bytes, and the event.
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

/// Sessions by group, in order.
pub(super) type Grouped = Vec<(GroupId, Sessions)>;

pub(super) fn encode_sessions(sessions: &Grouped) -> Vec<u8> {
    let entries: Vec<_> = sessions.iter().map(|(GroupId(id), sessions)| (id, sessions)).collect();
    seal(postcard::to_stdvec(&entries).expect("numbers always encode"))
}

pub(super) fn decode_sessions(sealed: &[u8]) -> Result<Grouped> {
    let entries: Vec<(u32, Sessions)> =
        postcard::from_bytes(unseal(sealed)?).map_err(|_| Damaged)?;
    Ok(entries.into_iter().map(|(id, sessions)| (GroupId(id), sessions)).collect())
}

/// The checksum of a row.
pub(super) fn of_row(row: &impl Serialize) -> u32 {
    crc32fast::hash(&postcard::to_stdvec(row).expect("numbers and texts always encode"))
}

/// Believes a row only if `checksum` is its own.
pub(super) fn ensure_whole(row: &impl Serialize, checksum: u32) -> Result<(), Damaged> {
    if of_row(row) == checksum { Ok(()) } else { Err(Damaged) }
}

/// `bytes` behind their checksum.
pub(super) fn seal(bytes: Vec<u8>) -> Vec<u8> {
    let mut sealed = crc32fast::hash(&bytes).to_le_bytes().to_vec();
    sealed.extend(bytes);
    sealed
}

/// What was [sealed](seal), if it is whole.
pub(super) fn unseal(sealed: &[u8]) -> Result<&[u8]> {
    let whole = sealed.split_first_chunk::<CHECKSUM>();
    let whole = whole.filter(|(crc, bytes)| u32::from_le_bytes(**crc) == crc32fast::hash(bytes));
    Ok(whole.ok_or(Damaged)?.1)
}
