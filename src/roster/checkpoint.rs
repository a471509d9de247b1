//! A roster kept between two runs: bytes and back.
//!
//! A checkpoint is a cache. One that is damaged, or that another version or another
//! journal made, is not an error: it is [`Ignored`], and the journal is replayed.
//!
//! Layout: eight bytes of magic, the format's number and a CRC-32 of the rest
//! (little-endian, four bytes each), then the version of Lookout, the [`Header`]
//! and the roster in postcard's encoding. It is private to the version that wrote it.

use serde::{Deserialize, Serialize};

use super::fold::Roster;

const MAGIC: &[u8; 8] = b"lookout\0";
/// To be raised with every change of what is encoded; versions of Lookout in the making share a number.
const FORMAT: u32 = 5;
/// The length of what precedes the encoded part: magic, format and checksum.
const HEAD: usize = 16;
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What a checkpoint is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Identifies the journal whose events were applied.
    pub journal: String,
    /// How far: the position of the last event applied.
    pub position: u64,
    /// The key of that event: another one may have its place in a journal that was put back.
    pub last_key: Option<[u8; 32]>,
    /// How far the archive was read, in the archive's own words; empty where it was not.
    pub archive: Vec<u8>,
}

/// Why a checkpoint is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Ignored {
    /// It is not whole, or not a checkpoint at all.
    #[error("the checkpoint is damaged")]
    Damaged,
    /// Another version of Lookout made it.
    #[error("the checkpoint was made by another version of Lookout")]
    OtherVersion,
    /// It is of another journal.
    #[error("the checkpoint belongs to another journal")]
    OtherJournal,
}

/// The checkpoint of `roster`.
pub fn encode(roster: &Roster, header: &Header) -> Vec<u8> {
    let with_roster = |bytes| postcard::to_extend(roster, bytes);
    sealed(header, |bytes| with_roster(bytes).expect("numbers, texts and lists always encode"))
}

/// Magic, format, checksum, version and header; `rest` adds what follows.
fn sealed(header: &Header, rest: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    let mut head = [0; HEAD];
    head[..8].copy_from_slice(MAGIC);
    head[8..12].copy_from_slice(&FORMAT.to_le_bytes());
    let bytes = postcard::to_extend(&(VERSION, header), head.to_vec());
    let mut bytes = rest(bytes.expect("numbers and texts always encode"));
    let crc = crc32fast::hash(&bytes[HEAD..]);
    bytes[12..HEAD].copy_from_slice(&crc.to_le_bytes());
    bytes
}

/// The roster in a checkpoint of `journal`, and up to where it goes. It may have been
/// [summed up](Roster::summed_under) by other rules.
///
/// # Errors
///
/// [`Ignored`], saying why, where only a replay will do.
pub fn decode(bytes: &[u8], journal: &str) -> Result<(Roster, Header), Ignored> {
    let (header, body) = header(bytes)?;
    if header.journal != journal {
        return Err(Ignored::OtherJournal);
    }
    let (roster, rest) = take::<Roster>(body)?;
    if !rest.is_empty() || !is_consistent(&roster) {
        return Err(Ignored::Damaged);
    }
    Ok((roster, header))
}

/// The journal that a checkpoint is of.
///
/// # Errors
///
/// Bytes that are no checkpoint of this version.
pub fn journal(bytes: &[u8]) -> Result<String, Ignored> {
    Ok(header(bytes)?.0.journal)
}

/// The same checkpoint, for a journal that is a copy of its own.
///
/// # Errors
///
/// Bytes that are no checkpoint of this version.
pub fn relabel(bytes: &[u8], journal: &str) -> Result<Vec<u8>, Ignored> {
    let (header, roster) = header(bytes)?;
    let header = Header { journal: journal.to_owned(), ..header };
    Ok(sealed(&header, |bytes| [&bytes[..], roster].concat()))
}

/// The header of a checkpoint that is whole, and the bytes of its roster.
fn header(bytes: &[u8]) -> Result<(Header, &[u8]), Ignored> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(Ignored::Damaged)?;
    let (format, rest) = rest.split_first_chunk().ok_or(Ignored::Damaged)?;
    if u32::from_le_bytes(*format) != FORMAT {
        return Err(Ignored::OtherVersion);
    }
    let (crc, body) = rest.split_first_chunk().ok_or(Ignored::Damaged)?;
    if u32::from_le_bytes(*crc) != crc32fast::hash(body) {
        return Err(Ignored::Damaged);
    }
    let (version, body) = take::<&str>(body)?;
    if version != VERSION {
        return Err(Ignored::OtherVersion);
    }
    take::<Header>(body)
}

fn take<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<(T, &'a [u8]), Ignored> {
    postcard::take_from_bytes(bytes).map_err(|_| Ignored::Damaged)
}

fn is_consistent(roster: &Roster) -> bool {
    let mut meetings = roster.meetings.values();
    meetings.all(|meeting| meeting.is_consistent(&roster.words))
}
