//! `feed.xml`: the room opened, the room emptied. Not every coming and going.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::openings::{Opening, Openings};
use super::place::Place;
use super::visible::WINDOW_S;
use super::words::Words;
use crate::roster::End;
use crate::time::moment::Moment;
use crate::zoom::Name;

/// How many entries a feed has at most.
const ENTRIES: usize = 30;

/// How many people an entry names; of the rest it says how many they are.
const NAMED: usize = 10;

/// The variables of the template `feed.xml`.
#[derive(Debug, Clone, Serialize)]
pub struct Feed {
    /// The folder below `site.path` that it lies in: empty, or a room's, with a `/`.
    #[serde(skip)]
    pub folder: String,
    /// The next moment at which it changes although nothing arrives: entries pass out of 35 days.
    #[serde(skip)]
    pub next_change: Option<Moment>,
    /// The language, for `xml:lang`.
    pub lang: &'static str,
    /// Never changes, also when entries do.
    pub id: String,
    /// The room's name, or the site's title.
    pub title: String,
    /// `site.title`.
    pub site_title: String,
    /// The latest entry's time, or what was the latest, RFC 3339 in UTC; the epoch where there never
    /// was one.
    pub updated: String,
    /// The feed's own address; null where `site.base_url` does not tell it.
    pub address: Option<String>,
    /// The page's address: absolute where `site.base_url` tells it, else relative to the feed.
    pub page: String,
    /// The latest first, at most 30, of the last 35 days.
    pub entries: Vec<Entry>,
}

/// The room opened, or it emptied.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// Never changes.
    pub id: String,
    /// What happened: `Lounge opened`.
    pub title: String,
    /// Who was there; empty where that is not known any more.
    pub text: String,
    /// When, RFC 3339 in UTC.
    pub at: String,
}

/// Something to tell, and until when it is told in this way.
struct News {
    at: Moment,
    fades: Moment,
    entry: Entry,
}

impl Feed {
    /// The feed of a place as of `now`.
    pub(super) fn new(place: &Place, words: &'static Words, now: Moment) -> Self {
        let openings = Openings::of(place.visible.people.iter().copied());
        let teller = Teller { place, words, openings: &openings, horizon: now.plus(-WINDOW_S) };
        let news: Vec<News> = openings
            .all()
            .iter()
            .rev()
            .flat_map(|opening| teller.news(opening))
            .take(ENTRIES)
            .collect();
        // It never goes back: what passes out of the 35 days was still the latest.
        let latest = news.first().map(|news| news.at).or_else(|| place.visible.updated());
        let updated = latest.unwrap_or(Moment::from_seconds(0));
        Self {
            folder: place.folder.clone(),
            next_change: news.iter().map(|news| news.fades).min(),
            lang: words.lang,
            id: id(place, "feed"),
            title: place.name.to_owned(),
            site_title: place.site_title.to_owned(),
            updated: updated.to_string(),
            address: place.address.as_ref().map(|address| format!("{address}feed.xml")),
            page: place.address.clone().unwrap_or_else(|| "./".to_owned()),
            entries: news.into_iter().map(|news| news.entry).collect(),
        }
    }
}

struct Teller<'a> {
    place: &'a Place<'a>,
    words: &'static Words,
    openings: &'a Openings<'a>,
    /// What was before is not told: visits of then may not be listed any more.
    horizon: Moment,
}

impl Teller<'_> {
    /// What an opening has to tell, the latest first.
    fn news(&self, opening: &Opening) -> impl Iterator<Item = News> {
        let emptied = match opening.end {
            End::At(end) => Some(self.emptied(opening, end)),
            End::Open | End::Unknown => None,
        };
        let news = [emptied, Some(self.opened(opening))].into_iter().flatten();
        let horizon = self.horizon;
        news.filter(move |news| news.at >= horizon)
    }

    fn opened(&self, opening: &Opening) -> News {
        let around = &self.words.around;
        let first = self.openings.first(opening);
        self.tell("opened", around.opened, opening.start, around.came.replace("{}", first.as_str()))
    }

    fn emptied(&self, opening: &Opening, end: Moment) -> News {
        let around = &self.words.around;
        let whole = opening.start >= self.horizon;
        let text = match whole {
            true => format!(
                "{}: {}",
                around.open_for.replace("{}", &self.duration(end.since(opening.start))),
                self.names(&self.openings.people(opening))
            ),
            false => String::new(),
        };
        let news = self.tell("emptied", around.emptied, end, text);
        let fades = if whole { fades(opening.start) } else { news.fades };
        News { fades, ..news }
    }

    fn tell(&self, what: &str, sentence: &str, at: Moment, text: String) -> News {
        let id = id(self.place, &format!("{what} {at}"));
        let title = sentence.replace("{}", self.place.name);
        let entry = Entry { id, title, text, at: at.to_string() };
        News { at, fades: fades(at), entry }
    }

    fn names(&self, people: &[&Name]) -> String {
        let named = people.iter().take(NAMED).map(|name| name.as_str());
        let named = named.collect::<Vec<_>>().join(", ");
        match people.len().saturating_sub(NAMED) {
            0 => named,
            more => format!("{named} {}", (self.words.more)(more)),
        }
    }

    fn duration(&self, seconds: i64) -> String {
        let around = &self.words.around;
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        match hours {
            0 => format!("{} {}", minutes.max(1), around.minutes),
            _ => format!("{hours} {} {minutes} {}", around.hours, around.minutes),
        }
    }
}

/// When something of `at` is too long ago to be told.
fn fades(at: Moment) -> Moment {
    at.plus(WINDOW_S + 1)
}

/// A UUID (RFC 9562, version 8) of what is told and where. It does not depend on anything
/// that may still change, such as who was there or what the room is called.
fn id(place: &Place, what: &str) -> String {
    let place = [place.base_url, place.path, &place.folder].join("\n");
    let digest = Sha256::digest(format!("{place}\n{what}"));
    let mut bytes: [u8; 16] = digest[..16].try_into().expect("a digest has 32 bytes");
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex::encode(bytes);
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    format!("urn:uuid:{}", parts.join("-"))
}
