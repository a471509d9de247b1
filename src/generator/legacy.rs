//! The checkpoint of earlier versions: what it alone has of events that were removed from the
//! journal goes into the store.
//!
//! It holds facts that were folded, and of what was long over only Last Join and Last Left. Both are
//! said again as events, from which the same follows.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use compact_str::{CompactString, format_compact};
use serde::Deserialize;

use crate::files::regular_file;
use crate::files::sibling;
use crate::store::{LastVisitUpdate, Position, Store};
use crate::time::moment::Moment;
use crate::zoom::{Bound, Event, Key, Kind, Meeting, Name, Participant};

/// What a checkpoint of the last version that wrote any begins with.
const MAGIC: &[u8; 12] = b"lookout\0\x05\0\0\0";

/// The longest checkpoint, in bytes.
const LONGEST: u64 = 1 << 30;

const EXTENSION: &str = "checkpoint";

/// Files that earlier versions kept beside the journal and nobody needs any more.
const FORMER: [&str; 3] = ["checkpoint", "checkpoint.unusable", "checkpoint.lock"];

/// Stands for a place in the journal that is no more.
const REMOVED: u64 = 1;

/// The number of rooms that were never told apart.
const NO_NUMBER: &str = "lookout";

/// Takes what the checkpoint of the journal `id` at `path` has into `store`; whether there is one.
///
/// # Errors
///
/// The store can't be written.
pub fn take_over(path: &Path, id: &str, store: &mut Store, now: Moment) -> Result<bool> {
    for place in places(path) {
        let Ok(bytes) = regular_file::read(&place, LONGEST) else { continue };
        match decode(&bytes) {
            Ok((header, roster)) if header.journal == id => {
                for event in roster.events() {
                    store.take_in(REMOVED, &event, now)?;
                }
                let last_key = header.last_key.map(Key::from_bytes);
                let position = Position {
                    journal: header.journal,
                    former: String::new(),
                    last_id: header.position,
                    last_key,
                    archive: Vec::new(),
                    reread: None,
                };
                store.commit(&position, LastVisitUpdate::Now)?;
                tracing::info!("what `{}` has is in the store from now on", place.display());
                return Ok(true);
            }
            Ok(_) => {}
            Err(error) => tracing::warn!("`{}` is of no use: {error:#}", place.display()),
        }
    }
    Ok(false)
}

/// Removes the checkpoints of the journal `id` at `path`, which nobody needs any more: they hold
/// names. Those of other journals stay.
///
/// # Errors
///
/// The first that can't be removed.
pub fn remove(path: &Path, id: &str) -> Result<()> {
    let former = FORMER.iter().map(|extension| sibling::path(path, extension));
    let is_ours = |place: &PathBuf| {
        let bytes = regular_file::read(place, LONGEST).ok();
        let decoded = bytes.and_then(|bytes| decode(&bytes).ok());
        decoded.is_some_and(|(header, _)| header.journal == id)
    };
    let elsewhere = sibling::other_paths(path, EXTENSION).filter(is_ours);
    for place in former.chain(elsewhere) {
        match fs::remove_file(&place) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove `{}`", place.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Where the checkpoint of the journal at `path` may lie.
fn places(path: &Path) -> impl Iterator<Item = PathBuf> {
    std::iter::once(sibling::path(path, EXTENSION)).chain(sibling::other_paths(path, EXTENSION))
}

fn decode(bytes: &[u8]) -> Result<(Header, Roster)> {
    let rest = bytes.strip_prefix(MAGIC).context("this version cannot read it")?;
    let (crc, body) = rest.split_first_chunk().context("it is cut off")?;
    ensure!(u32::from_le_bytes(*crc) == crc32fast::hash(body), "it is damaged");
    let failed = |_| anyhow!("it is damaged");
    let (_version, body) = postcard::take_from_bytes::<&str>(body).map_err(failed)?;
    let (header, body) = postcard::take_from_bytes(body).map_err(failed)?;
    Ok((header, postcard::from_bytes(body).map_err(failed)?))
}

#[derive(Deserialize)]
struct Header {
    journal: String,
    position: u64,
    last_key: Option<[u8; 32]>,
    #[expect(dead_code, reason = "it is there")]
    archive: Vec<u8>,
}

#[derive(Deserialize)]
struct Roster {
    words: Words,
    meetings: Vec<(String, OneMeeting)>,
    #[expect(dead_code, reason = "it is there")]
    newest: Option<Moment>,
    past: Option<Past>,
    future: BTreeSet<Event>,
}

#[derive(Deserialize)]
struct Words {
    names: Vec<Name>,
    zoom_user_ids: Vec<CompactString>,
    seen: Vec<Option<(Moment, i64)>>,
}

/// When a name was seen, and how it is written.
type Form<'a> = (Option<(Moment, i64)>, &'a Name);

impl Words {
    /// Of each name, as it is compared, the form that was seen last.
    fn latest_forms(&self) -> BTreeMap<Name, Form<'_>> {
        let mut latest = BTreeMap::new();
        for (name, seen) in self.names.iter().zip(self.seen.iter().chain(std::iter::repeat(&None)))
        {
            let form = latest.entry(name.comparable().into_owned()).or_insert((*seen, name));
            *form = (*form).max((*seen, name));
        }
        latest
    }
}

#[derive(Deserialize)]
struct OneMeeting {
    number: Option<(Moment, CompactString)>,
    seen: Option<(Moment, Moment)>,
    known: (Moment, Moment),
    body: Body,
}

#[derive(Deserialize)]
enum Body {
    Open(Facts),
    Packed(#[expect(dead_code, reason = "it is there")] Traces, Vec<u8>),
}

type Traces = (Vec<(Option<u32>, Vec<u32>)>, Vec<(u32, Span)>);

#[derive(Deserialize)]
struct Facts {
    ended: Vec<Moment>,
    legs: Vec<(LegId, Leg)>,
    connections: Vec<(Id, Identity)>,
}

#[derive(Deserialize)]
enum LegId {
    User(Id),
    Connection(Id),
    Named(u32),
}

#[derive(Deserialize)]
enum Id {
    Number(u64),
    Uuid([u8; 16]),
    Text(CompactString),
}

#[derive(Deserialize)]
struct Leg {
    marks: Vec<(Moment, Step)>,
    connection: Option<(Moment, u32)>,
    own: Option<Identity>,
}

#[derive(Clone, Copy, Deserialize)]
enum Step {
    Join,
    StartSharing,
    StopSharing,
    Leave,
}

#[derive(Deserialize)]
struct Identity {
    sighting: Option<(Moment, i64, u32)>,
    zoom_user_ids: Vec<u32>,
    bound: Option<(Moment, LegId)>,
}

#[derive(Deserialize)]
struct Past {
    #[expect(dead_code, reason = "it is there")]
    rules: u64,
    room_numbers: Vec<CompactString>,
    #[expect(dead_code, reason = "it is there")]
    set_aside: u64,
    #[expect(dead_code, reason = "it is there")]
    horizon: Moment,
    #[expect(dead_code, reason = "it is there")]
    meetings: Vec<u64>,
    #[expect(dead_code, reason = "it is there")]
    firsts: BTreeMap<String, Vec<Moment>>,
    people: BTreeMap<Name, Departed>,
}

#[derive(Deserialize)]
struct Departed {
    #[expect(dead_code, reason = "it is there")]
    everywhere: (Option<Moment>, Option<Moment>),
    rooms: BTreeMap<u32, (Option<Moment>, Option<Moment>)>,
    loose: Vec<(u32, Span)>,
}

#[derive(Clone, Copy, Deserialize)]
struct Span {
    start: Moment,
    end: SpanEnd,
}

#[derive(Clone, Copy, Deserialize)]
enum SpanEnd {
    Open {
        #[expect(dead_code, reason = "nobody shares any more")]
        sharing_since: Option<Moment>,
    },
    At(Moment),
    Unknown,
    Bare,
}

impl Roster {
    /// All that it knows, as events.
    fn events(self) -> Vec<Event> {
        let mut events: Vec<Event> = self.future.into_iter().collect();
        for (uuid, meeting) in self.meetings {
            let telling = Telling { words: &self.words, uuid: uuid.into(), number: None };
            telling.meeting(meeting, &mut events);
        }
        if let Some(past) = self.past {
            past.tell(&self.words, &mut events);
        }
        events
    }
}

/// Telling of one meeting.
struct Telling<'a> {
    words: &'a Words,
    uuid: CompactString,
    number: Option<CompactString>,
}

impl Telling<'_> {
    fn meeting(self, meeting: OneMeeting, events: &mut Vec<Event>) {
        let OneMeeting { number, seen, known, body } = meeting;
        if let Some((at, number)) = number {
            let telling = Telling { number: Some(number), uuid: self.uuid.clone(), ..self };
            events.push(telling.event(Kind::Bound, at, None));
        }
        for at in seen.into_iter().flat_map(|(first, last)| [first, last]) {
            events.push(self.event(Kind::RoleChanged, at, None));
        }
        let facts = match body {
            Body::Open(facts) => facts,
            // What is damaged within a whole checkpoint was never written.
            Body::Packed(_, bytes) => match postcard::from_bytes(&bytes) {
                Ok(facts) => facts,
                Err(_) => return,
            },
        };
        events.extend(facts.ended.iter().map(|at| self.event(Kind::Ended, *at, None)));
        for (id, leg) in &facts.legs {
            self.leg(id, leg, &facts.connections, known.0, events);
        }
        for (id, identity) in &facts.connections {
            let connection = Some(id.text());
            let who = Participant { connection, ..Participant::default() };
            self.identity(&who, identity, known.0, events);
        }
    }

    fn leg(
        &self,
        id: &LegId,
        leg: &Leg,
        connections: &[(Id, Identity)],
        since: Moment,
        events: &mut Vec<Event>,
    ) {
        let mut who = Participant::default();
        match id {
            LegId::User(id) => who.user_id = Some(id.text()),
            LegId::Connection(id) => who.connection = Some(id.text()),
            LegId::Named(name) => {
                let sighted = leg.own.as_ref().and_then(|own| own.sighting);
                who.name = self.name(sighted.map_or(*name, |(_, _, form)| form));
            }
        }
        if let Some(own) = &leg.own {
            self.identity(&who, own, since, events);
        }
        let connection = leg.connection.and_then(|(_, place)| connections.get(place as usize));
        if let Some((id, _)) = connection {
            who.connection = Some(id.text());
        }
        for (at, step) in &leg.marks {
            let kind = match step {
                Step::Join => Kind::Joined,
                Step::StartSharing => Kind::SharingStarted,
                Step::StopSharing => Kind::SharingEnded,
                Step::Leave => Kind::Left,
            };
            events.push(self.event(kind, *at, Some(who.clone())));
        }
    }

    fn identity(
        &self,
        who: &Participant,
        identity: &Identity,
        since: Moment,
        events: &mut Vec<Event>,
    ) {
        let ids = identity.zoom_user_ids.iter();
        let zoom_user_ids: Vec<_> = ids.filter_map(|id| self.zoom_user_id(*id)).collect();
        let (at, stamp_ms, name) = match identity.sighting {
            Some((at, stamp_ms, name)) => (at, stamp_ms, self.name(name)),
            None => (since, since.seconds() * 1000, None),
        };
        if name.is_some() || !zoom_user_ids.is_empty() {
            let said = Participant { name, zoom_user_ids, ..who.clone() };
            events.push(Event { stamp_ms, ..self.event(Kind::Other, at, Some(said)) });
        }
        if let Some((at, to)) = &identity.bound {
            let bound_to = match to {
                LegId::User(id) => Bound { user_id: Some(id.text()), connection: None },
                LegId::Connection(id) => Bound { user_id: None, connection: Some(id.text()) },
                LegId::Named(_) => return,
            };
            let said = Participant { bound_to: Some(bound_to), ..who.clone() };
            events.push(self.event(Kind::Bound, *at, Some(said)));
        }
    }

    fn event(&self, kind: Kind, at: Moment, participant: Option<Participant>) -> Event {
        let meeting = Meeting { uuid: self.uuid.clone(), number: self.number.clone() };
        Event {
            kind,
            at,
            stamp_ms: at.seconds().saturating_mul(1000),
            meeting: Some(meeting),
            participant,
        }
    }

    fn name(&self, word: u32) -> Option<Name> {
        self.words.names.get(word.checked_sub(1)? as usize).cloned()
    }

    fn zoom_user_id(&self, word: u32) -> Option<CompactString> {
        self.words.zoom_user_ids.get(word.checked_sub(1)? as usize).cloned()
    }
}

impl Past {
    /// Tells of long visits of each person, each in a meeting of its own.
    fn tell(self, words: &Words, events: &mut Vec<Event>) {
        let number = |room: u32| {
            let number = self.room_numbers.get(room as usize).cloned();
            number.unwrap_or_else(|| NO_NUMBER.into())
        };
        let forms = words.latest_forms();
        let mut count = 0;
        for (name, departed) in self.people {
            let name = forms.get(&name).map_or(name, |(_, form)| (*form).clone());
            let lasts = departed.rooms.iter().flat_map(|(room, (join, left))| {
                spans_of(*join, *left).into_iter().map(|span| (*room, span))
            });
            for (room, span) in lasts.chain(departed.loose) {
                count += 1;
                let uuid = format_compact!("lookout.past.{count}");
                let telling = Telling { words, uuid, number: Some(number(room)) };
                telling.span(&name, span, events);
            }
        }
    }
}

impl Telling<'_> {
    fn span(&self, name: &Name, span: Span, events: &mut Vec<Event>) {
        let connection = Some(CompactString::from("1"));
        let name = Some(name.clone());
        let who = Participant { connection, name, ..Participant::default() };
        let mut said = |kind, at| events.push(self.event(kind, at, Some(who.clone())));
        match span.end {
            SpanEnd::At(end) => {
                said(Kind::Joined, span.start);
                said(Kind::Left, end);
            }
            SpanEnd::Bare => said(Kind::Left, span.start),
            SpanEnd::Open { .. } | SpanEnd::Unknown => {
                said(Kind::Joined, span.start);
                // A newer meeting of the number: so it is over, its end unknown.
                let uuid = format_compact!("{}.over", self.uuid);
                let newer = Telling { uuid, number: self.number.clone(), words: self.words };
                events.push(newer.event(Kind::Started, span.start.plus(1), None));
            }
        }
    }
}

/// Spans from which this Last Join and Last Left follow.
fn spans_of(join: Option<Moment>, left: Option<Moment>) -> Vec<Span> {
    let bare = |at| Span { start: at, end: SpanEnd::Bare };
    match (join, left) {
        (Some(start), Some(end)) if start <= end => vec![Span { start, end: SpanEnd::At(end) }],
        (join, left) => {
            let unknown = join.map(|start| Span { start, end: SpanEnd::Unknown });
            unknown.into_iter().chain(left.map(bare)).collect()
        }
    }
}

impl Id {
    fn text(&self) -> CompactString {
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
