//! `feed.xml`: when a room opened and when it emptied, not every join and leave.

use compact_str::CompactString;
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::clock::{Time, TimeFormatter};
use super::folder::Folder;
use super::openings::{Opening, Openings};
use crate::roster::{End, VISITS_LISTED_S};
use crate::time::moment::Moment;
use crate::words::{Text, Translation};
use crate::zoom::Name;

/// The maximum number of entries in a feed.
const MAX_ENTRIES: usize = 30;

/// The maximum number of openings in a feed.
const MAX_OPENINGS: usize = 100;

/// The maximum number of people an entry names; the rest are counted.
const MAX_NAMES: usize = 10;

/// The variables of the template `feed.xml`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Feed {
    /// The feed's folder below `site.path`: empty, or a room's slug followed by `/`.
    #[serde(skip)]
    pub folder: String,
    /// When the feed changes next even if no event arrives, because an entry becomes older than 35 days.
    #[serde(skip)]
    pub next_change: Option<Moment>,
    /// The language, for `xml:lang`.
    pub lang: String,
    /// Stays the same when entries change.
    pub id: String,
    /// The room's name, or the site's title.
    pub title: String,
    /// `site.title`.
    pub site_title: String,
    /// The time of the latest entry, even if it has expired, RFC 3339 in UTC; the epoch if there never
    /// was an entry.
    pub updated: String,
    /// The URL of the feed; null if `site.base_url` is not set.
    pub address: Option<String>,
    /// The URL of the page: absolute if `site.base_url` is set, else relative to the feed.
    pub page: String,
    /// At most 30 entries of the last 35 days, the latest first.
    pub entries: Vec<FeedEntry>,
    /// When the room was open: at most 100 times of the last 35 days, the latest first.
    pub openings: Vec<FeedOpening>,
}

/// A time at which somebody was in.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FeedOpening {
    /// Never changes.
    pub id: String,
    /// When the first one came.
    pub start: Time,
    /// The same for iCalendar: `20260105T173000Z`.
    #[schemars(with = "String")]
    pub start_ical: CompactString,
    /// When the last one left; null while somebody is in, and where that is not known.
    pub end: Option<Time>,
    /// The same for iCalendar: `20260105T191500Z`.
    #[schemars(with = "Option<String>")]
    pub end_ical: Option<CompactString>,
    /// Whether somebody is in.
    pub open: bool,
    /// Who was in, in the order in which they came; ten are named, further ones counted.
    pub names: String,
}

/// An entry: the room opened, or it emptied.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FeedEntry {
    /// Never changes.
    pub id: String,
    /// What happened: `Lounge opened`.
    pub title: String,
    /// Who was in; empty if that is no longer known.
    pub text: String,
    /// When it happened, RFC 3339 in UTC.
    pub at: String,
}

/// An entry with its time and when it changes or disappears.
struct DatedEntry {
    at: Moment,
    expires: Moment,
    entry: FeedEntry,
}

impl Feed {
    /// The feed of a folder as of `now`.
    pub(super) fn new(folder: &Folder, clock: &TimeFormatter, now: Moment) -> Self {
        let translation = clock.translation();
        let openings = Openings::of(folder.visible.people.iter().copied());
        let writer = EntryWriter {
            folder,
            translation,
            clock,
            openings: &openings,
            horizon: now.plus(-VISITS_LISTED_S),
        };
        let listed: Vec<FeedOpening> = writer.listed().map(|it| writer.opening(it)).collect();
        let entries: Vec<DatedEntry> = openings
            .all()
            .iter()
            .rev()
            .enumerate()
            .flat_map(|(number, opening)| writer.entries(opening, listed.get(number)))
            .take(MAX_ENTRIES)
            .collect();
        let expiries = entries.iter().map(|entry| entry.expires);
        let oldest = writer.listed().last().map(|opening| expires(opening.start));
        // `updated` never goes back: an expired entry may still be the latest.
        let latest = entries.first().map(|entries| entries.at).or_else(|| folder.visible.updated());
        let updated = latest.unwrap_or(Moment::from_seconds(0));
        Self {
            folder: folder.prefix.clone(),
            next_change: expiries.chain(oldest).min(),
            lang: translation.lang.clone(),
            id: id(folder, "feed"),
            title: folder.name.to_owned(),
            site_title: folder.site_title.to_owned(),
            updated: updated.to_string(),
            address: folder.address.as_ref().map(|address| format!("{address}feed.xml")),
            page: folder.address.clone().unwrap_or_else(|| "./".to_owned()),
            entries: entries.into_iter().map(|entries| entries.entry).collect(),
            openings: listed,
        }
    }
}

struct EntryWriter<'a> {
    folder: &'a Folder<'a>,
    translation: &'a Translation,
    clock: &'a TimeFormatter<'a>,
    openings: &'a Openings<'a>,
    /// Earlier times are left out, because visits before it may be missing.
    horizon: Moment,
}

impl EntryWriter<'_> {
    /// The entries of an opening, the latest first. It is `listed` if it is known as a whole.
    fn entries(
        &self,
        opening: &Opening,
        listed: Option<&FeedOpening>,
    ) -> impl Iterator<Item = DatedEntry> + use<> {
        let emptied = match opening.end {
            End::At(end) => Some(self.emptied(opening, end, listed)),
            End::Open | End::Unknown => None,
        };
        let entries = [emptied, Some(self.opened(opening))].into_iter().flatten();
        let horizon = self.horizon;
        entries.filter(move |entries| entries.at >= horizon)
    }

    /// The openings to list, the latest first.
    fn listed(&self) -> impl Iterator<Item = &Opening> {
        let latest_first = self.openings.all().iter().rev();
        latest_first.take_while(|opening| opening.start >= self.horizon).take(MAX_OPENINGS)
    }

    fn opening(&self, opening: &Opening) -> FeedOpening {
        let end = match opening.end {
            End::At(end) => Some(end),
            End::Open | End::Unknown => None,
        };
        FeedOpening {
            id: id(self.folder, &format!("opening {}", opening.start)),
            start: self.clock.time(opening.start),
            start_ical: for_ical(opening.start),
            end: end.map(|end| self.clock.time(end)),
            end_ical: end.map(for_ical),
            open: opening.end == End::Open,
            names: self.names(&self.openings.people(opening)),
        }
    }

    fn opened(&self, opening: &Opening) -> DatedEntry {
        let texts = self.translation;
        let came = texts.came.with("name", self.openings.first(opening).as_str());
        self.entry("opened", &texts.opened, opening.start, came)
    }

    fn emptied(&self, opening: &Opening, end: Moment, listed: Option<&FeedOpening>) -> DatedEntry {
        let texts = self.translation;
        let text = listed.map(|listed| {
            let duration = texts.duration(end.since(opening.start));
            texts.open_for.fill(&[("duration", &duration), ("names", &listed.names)])
        });
        let entries = self.entry("emptied", &texts.emptied, end, text.unwrap_or_default());
        let expires = if listed.is_some() { expires(opening.start) } else { entries.expires };
        DatedEntry { expires, ..entries }
    }

    fn entry(&self, what: &str, sentence: &Text, at: Moment, text: String) -> DatedEntry {
        let id = id(self.folder, &format!("{what} {at}"));
        let title = sentence.with("room", self.folder.name);
        let entry = FeedEntry { id, title, text, at: at.to_string() };
        DatedEntry { at, expires: expires(at), entry }
    }

    fn names(&self, people: &[&Name]) -> String {
        let named = people.iter().take(MAX_NAMES).map(|name| name.as_str());
        let named = named.collect::<Vec<_>>().join(&self.translation.comma);
        match people.len().saturating_sub(MAX_NAMES) {
            0 => named,
            more => format!("{named} {}", self.translation.more.of(more)),
        }
    }
}

/// `moment` as iCalendar writes it (RFC 5545, 3.3.5).
fn for_ical(moment: Moment) -> CompactString {
    moment.to_rfc3339().chars().filter(|c| !matches!(c, '-' | ':')).collect()
}

/// When an entry of the moment `at` expires.
fn expires(at: Moment) -> Moment {
    at.plus(VISITS_LISTED_S + 1)
}

/// A UUID (RFC 9562, version 8) from the event and the folder. It depends on nothing that may still
/// change, such as who was in or the name of the room.
fn id(folder: &Folder, what: &str) -> String {
    let folder = [folder.base_url, folder.path, &folder.prefix].join("\n");
    let digest = Sha256::digest(format!("{folder}\n{what}"));
    let mut bytes: [u8; 16] = digest[..16].try_into().expect("a digest has 32 bytes");
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex::encode(bytes);
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    format!("urn:uuid:{}", parts.join("-"))
}
