//! The format of the checkpoints that Lookout wrote before it had a store: postcard after a header.
//!
//! The order of fields and variants is the format; never change it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, anyhow, ensure};
use compact_str::{CompactString, format_compact};
use serde::Deserialize;

use crate::time::moment::Moment;
use crate::zoom::{Event, Name};

/// The first bytes of a checkpoint of the last version that wrote any.
const MAGIC: &[u8; 12] = b"lookout\0\x05\0\0\0";

/// Decodes a checkpoint.
///
/// # Errors
///
/// It is damaged, or of another version.
pub(super) fn decode(bytes: &[u8]) -> Result<(Header, Roster)> {
    let rest = bytes.strip_prefix(MAGIC).context("this version cannot read it")?;
    let (crc, body) = rest.split_first_chunk().context("it is cut off")?;
    ensure!(u32::from_le_bytes(*crc) == crc32fast::hash(body), "it is damaged");
    let failed = |_| anyhow!("it is damaged");
    let (_version, body) = postcard::take_from_bytes::<&str>(body).map_err(failed)?;
    let (header, body) = postcard::take_from_bytes(body).map_err(failed)?;
    Ok((header, postcard::from_bytes(body).map_err(failed)?))
}

#[derive(Deserialize)]
pub(super) struct Header {
    pub(super) journal: String,
    pub(super) position: u64,
    pub(super) last_key: Option<[u8; 32]>,
    #[expect(dead_code, reason = "part of the format")]
    pub(super) archive: Vec<u8>,
}

#[derive(Deserialize)]
pub(super) struct Roster {
    pub(super) texts: Texts,
    pub(super) meetings: Vec<(String, StoredMeeting)>,
    #[expect(dead_code, reason = "part of the format")]
    pub(super) newest: Option<Moment>,
    pub(super) past: Option<Past>,
    pub(super) future: BTreeSet<Event>,
}

#[derive(Deserialize)]
pub(super) struct Texts {
    pub(super) names: Vec<Name>,
    pub(super) zoom_user_ids: Vec<CompactString>,
    pub(super) seen: Vec<Option<(Moment, i64)>>,
}

/// When a spelling of a name was seen, and the spelling.
type Spelling<'a> = (Option<(Moment, i64)>, &'a Name);

impl Texts {
    /// The latest spelling of each name, by its comparable form.
    pub(super) fn latest_spellings(&self) -> BTreeMap<Name, Spelling<'_>> {
        let mut latest = BTreeMap::new();
        for (name, seen) in self.names.iter().zip(self.seen.iter().chain(std::iter::repeat(&None)))
        {
            let spelling = latest.entry(name.comparable().into_owned()).or_insert((*seen, name));
            *spelling = (*spelling).max((*seen, name));
        }
        latest
    }
}

#[derive(Deserialize)]
pub(super) struct StoredMeeting {
    pub(super) number: Option<(Moment, CompactString)>,
    pub(super) seen: Option<(Moment, Moment)>,
    pub(super) known: (Moment, Moment),
    pub(super) body: Body,
}

#[derive(Deserialize)]
pub(super) enum Body {
    Open(Facts),
    Packed(#[expect(dead_code, reason = "part of the format")] Spans, Vec<u8>),
}

type Spans = (Vec<(Option<u32>, Vec<u32>)>, Vec<(u32, Span)>);

#[derive(Deserialize)]
pub(super) struct Facts {
    pub(super) ended: Vec<Moment>,
    pub(super) legs: Vec<(LegId, Leg)>,
    pub(super) connections: Vec<(Id, Identity)>,
}

#[derive(Deserialize)]
pub(super) enum LegId {
    User(Id),
    Connection(Id),
    Named(u32),
}

#[derive(Deserialize)]
pub(super) enum Id {
    Number(u64),
    Uuid([u8; 16]),
    Text(CompactString),
}

#[derive(Deserialize)]
pub(super) struct Leg {
    pub(super) marks: Vec<(Moment, Step)>,
    pub(super) connection: Option<(Moment, u32)>,
    pub(super) own: Option<Identity>,
}

#[derive(Clone, Copy, Deserialize)]
pub(super) enum Step {
    Join,
    StartSharing,
    StopSharing,
    Leave,
}

#[derive(Deserialize)]
pub(super) struct Identity {
    pub(super) sighting: Option<(Moment, i64, u32)>,
    pub(super) zoom_user_ids: Vec<u32>,
    pub(super) bound: Option<(Moment, LegId)>,
}

#[derive(Deserialize)]
pub(super) struct Past {
    #[expect(dead_code, reason = "part of the format")]
    pub(super) rules: u64,
    pub(super) room_numbers: Vec<CompactString>,
    #[expect(dead_code, reason = "part of the format")]
    pub(super) set_aside: u64,
    #[expect(dead_code, reason = "part of the format")]
    pub(super) horizon: Moment,
    #[expect(dead_code, reason = "part of the format")]
    pub(super) meetings: Vec<u64>,
    #[expect(dead_code, reason = "part of the format")]
    pub(super) firsts: BTreeMap<String, Vec<Moment>>,
    pub(super) people: BTreeMap<Name, PastPerson>,
}

#[derive(Deserialize)]
pub(super) struct PastPerson {
    #[expect(dead_code, reason = "part of the format")]
    pub(super) everywhere: (Option<Moment>, Option<Moment>),
    pub(super) rooms: BTreeMap<u32, (Option<Moment>, Option<Moment>)>,
    pub(super) loose: Vec<(u32, Span)>,
}

#[derive(Clone, Copy, Deserialize)]
pub(super) struct Span {
    pub(super) start: Moment,
    pub(super) end: SpanEnd,
}

#[derive(Clone, Copy, Deserialize)]
pub(super) enum SpanEnd {
    Open {
        #[expect(dead_code, reason = "part of the format")]
        sharing_since: Option<Moment>,
    },
    At(Moment),
    Unknown,
    Bare,
}

impl Id {
    /// As Zoom writes it.
    pub(super) fn text(&self) -> CompactString {
        match self {
            Self::Number(number) => format_compact!("{number}"),
            Self::Uuid(bytes) => {
                let hex = hex::encode_upper(bytes);
                let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
                parts.join("-").into()
            }
            Self::Text(text) => text.clone(),
        }
    }
}
