//! One page, as templates receive it: each public field of [`Page`] is a template variable of the
//! same name. Everything is formatted, so a template only places it.
//!
//! Names are hostile text; templates escape all they print.

use compact_str::CompactString;
use schemars::JsonSchema;
use serde::Serialize;

use super::charts::{ChartBuilder, Charts, FourWeeks, LastDay, Week};
use super::clock::{Time, TimeFormatter};
use super::link_preview::LinkPreview;
use super::visible::Visible;
use crate::config::{Emoji, Faces, Room};
use crate::roster;
use crate::time::moment::Moment;
use crate::words::{Labels, Translation};
use crate::zoom::Name;

/// The maximum number of people a page lists as recently seen.
const MAX_AWAY: usize = 12;

/// The highest count with its own favicon; above it is `more.svg`.
const MAX_FAVICON: usize = 9;

/// The path to the dashboard's directory from a page in it.
const TOP: &str = "./";

/// The path to the dashboard's directory from the page of one room of several.
const ABOVE: &str = "../";

/// The variables of a template.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Page {
    /// The file below `site.path`: `index.html`, `lounge/index.html`.
    #[serde(skip)]
    pub path: String,
    /// The template that makes it.
    #[serde(skip)]
    pub template: &'static str,
    /// The relative path from this page to the dashboard's directory: `./` or `../`.
    pub root: &'static str,
    /// The language, for `<html lang>`.
    pub lang: String,
    /// The direction of writing, for `<html dir>`: `ltr` or `rtl`.
    pub dir: &'static str,
    /// Whether search engines may list the page.
    pub index: bool,
    /// `site.title`.
    pub site_title: String,
    /// The URL of the page; null if `site.base_url` is not set.
    pub canonical: Option<String>,
    /// What chats show for a link to the page; null if `site.base_url` is not set.
    pub preview: Option<LinkPreview>,
    /// The title of the window, with the count: `(3) Lounge`.
    pub title: String,
    /// The static file of the icon with the count: `favicon/3.svg`, beyond nine `favicon/more.svg`.
    pub favicon: String,
    /// The room's name, or the site's title.
    pub heading: String,
    /// The room's emoji; null if it has none.
    pub icon: Option<Emoji>,
    /// A line below the heading; null if there is none.
    pub subtitle: Option<String>,
    /// How many people are in, as far as visitors may know.
    pub count: usize,
    /// The count as a sentence: `3 people are in`.
    pub summary: String,
    /// Who is in, in the order in which they came.
    pub members: Vec<Member>,
    /// How many more are in, as a sentence; null if none or hidden.
    pub others: Option<String>,
    /// How many wait to be let in, as a sentence; null if none or hidden.
    pub waiting: Option<String>,
    /// The latest 12 people who left in the last 35 days; `rows` has everybody.
    pub away: Vec<Away>,
    /// How many more people left, as a sentence; null if all are listed.
    pub more_away: Option<String>,
    /// The last 24 hours; null if nobody was in.
    pub last_day: Option<LastDay>,
    /// The hours of this week; null if nobody was in.
    pub week: Option<Week>,
    /// The last four weeks, hour by hour; null if nobody was in.
    pub four_weeks: Option<FourWeeks>,
    /// Everybody of the last 35 days, in the order of the CSV.
    pub rows: Vec<Row>,
    /// The rooms; empty except on the page of all rooms.
    pub rooms: Vec<RoomCard>,
    /// The link for "join"; null if there is none.
    pub join_url: Option<String>,
    /// The last visible change; null if there is none.
    pub updated: Option<Time>,
    /// The zone of all times except in charts, as a sentence: `Times in Europe/Istanbul`.
    pub zone: String,
    /// The fixed texts of the language.
    pub text: Labels,
}

/// A person who is in.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Member {
    /// The name shown.
    pub name: Name,
    /// One capital letter of the name, for the avatar.
    pub initial: String,
    /// The emoji to show instead of the letter; null if there is none.
    pub emoji: Option<Emoji>,
    /// The URL of the picture to show instead, relative to the page; null if there is none.
    pub picture: Option<String>,
    /// A colour from 0 to 7, always the same for a name.
    pub tint: u8,
    /// Since when.
    pub since: Time,
    /// The same as a sentence: `since 20:38`.
    pub since_text: String,
    /// Since when the person has been sharing a screen; null if not sharing.
    pub sharing: Option<Time>,
}

/// A person who is out.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Away {
    /// The name shown.
    pub name: Name,
    /// One capital letter of the name, for the avatar.
    pub initial: String,
    /// The emoji to show instead of the letter; null if there is none.
    pub emoji: Option<Emoji>,
    /// The URL of the picture to show instead, relative to the page; null if there is none.
    pub picture: Option<String>,
    /// A colour from 0 to 7, always the same for a name.
    pub tint: u8,
    /// The last join or the last leave, whichever is later.
    pub last_seen: Time,
    /// The same, short: `20:38` if it is today.
    #[schemars(with = "String")]
    pub last_seen_text: CompactString,
}

/// A row of the table.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Row {
    /// The name shown.
    pub name: Name,
    /// Whether the person is in.
    pub online: bool,
    /// The same, as a word.
    #[schemars(with = "String")]
    pub status: CompactString,
    /// Null if there is none.
    pub last_join: Option<Time>,
    /// Null if there is none.
    pub last_left: Option<Time>,
}

/// A room on the page of all rooms.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RoomCard {
    /// The room's name.
    pub name: String,
    /// The room's emoji; null if it has none.
    pub icon: Option<Emoji>,
    /// A line below the name; null if there is none.
    pub subtitle: Option<String>,
    /// The room's folder below the dashboard; its page is `{{ root }}{{ slug }}/`.
    pub slug: String,
    /// How many people are in, as far as visitors may know.
    pub count: usize,
    /// The count as a sentence.
    pub summary: String,
    /// Who is in, in the order in which they came.
    pub members: Vec<Member>,
    /// How many more are in, as a sentence; null if none or hidden.
    pub others: Option<String>,
    /// How many wait to be let in, as a sentence; null if none or hidden.
    pub waiting: Option<String>,
    /// The person seen last, if nobody is in; at most one.
    pub away: Vec<Away>,
    /// The link for "join"; null if there is none.
    pub join_url: Option<String>,
}

/// Builds pages from who is visible.
pub(super) struct Pages<'a> {
    pub(super) site_title: &'a str,
    /// `site.index`.
    pub(super) index: bool,
    /// The URL of the dashboard, if it is known; ends with `/`.
    pub(super) address: Option<String>,
    pub(super) zone: &'a str,
    pub(super) faces: &'a Faces,
    pub(super) translation: &'a Translation,
    pub(super) clock: &'a TimeFormatter<'a>,
    /// `None` only outside of chrono's years.
    pub(super) charts: Option<&'a ChartBuilder<'a>>,
    pub(super) now: Moment,
}

impl Pages<'_> {
    /// The page at the top: all rooms, or the only one, or all meetings as one room.
    pub(super) fn index(&self, visible: &Visible, rooms: &[(&Room, Visible)]) -> Page {
        let page = self.page(visible, TOP);
        match rooms {
            [] => page,
            [(room, _)] => self.about(page, room),
            several => {
                Page { rooms: several.iter().map(|(room, v)| self.card(room, v)).collect(), ..page }
            }
        }
    }

    /// The page of one room of several.
    pub(super) fn room(&self, room: &Room, visible: &Visible) -> Page {
        Page {
            path: format!("{}/index.html", room.slug),
            template: "room.html",
            canonical: self.address.as_ref().map(|address| format!("{address}{}/", room.slug)),
            ..self.about(self.page(visible, ABOVE), room)
        }
    }

    fn about(&self, page: Page, room: &Room) -> Page {
        Page {
            title: title(page.count, &room.name),
            heading: room.name.clone(),
            icon: room.icon.clone(),
            subtitle: room.subtitle.clone(),
            join_url: join_url(room),
            ..page
        }
    }

    fn page(&self, visible: &Visible, root: &'static str) -> Page {
        let count = visible.count();
        let recent: Vec<&roster::Person> = visible.recent(self.now).collect();
        let out = || recent.iter().filter(|p| p.present_since.is_none());
        let more_away = out().count().saturating_sub(MAX_AWAY);
        let updated = visible.updated().map(|moment| self.clock.time(moment));
        let preview = |home: &String| {
            LinkPreview::new(home, count, updated.as_ref(), self.zone, self.translation)
        };
        let charts = self.charts.map_or_else(Charts::default, |charts| charts.of(visible));
        Page {
            path: "index.html".to_owned(),
            template: "index.html",
            root,
            lang: self.translation.lang.clone(),
            dir: self.translation.dir,
            index: self.index,
            site_title: self.site_title.to_owned(),
            canonical: self.address.clone(),
            preview: self.address.as_ref().map(preview),
            title: title(count, self.site_title),
            favicon: favicon(count),
            heading: self.site_title.to_owned(),
            icon: None,
            subtitle: None,
            count,
            summary: self.translation.summary.of(count),
            members: self.members(visible, root),
            others: self.others(visible),
            waiting: self.waiting(visible),
            away: out().filter_map(|person| self.away(person, root)).take(MAX_AWAY).collect(),
            more_away: (more_away > 0).then(|| self.translation.more.of(more_away)),
            last_day: charts.last_day,
            week: charts.week,
            four_weeks: charts.four_weeks,
            rows: recent.iter().map(|person| self.row(person)).collect(),
            rooms: Vec::new(),
            join_url: None,
            updated,
            zone: self.translation.zone.with("zone", self.zone),
            text: self.translation.labels.clone(),
        }
    }

    fn card(&self, room: &Room, visible: &Visible) -> RoomCard {
        let count = visible.count();
        let last_seen = visible.recent(self.now).find_map(|person| self.away(person, TOP));
        RoomCard {
            name: room.name.clone(),
            icon: room.icon.clone(),
            subtitle: room.subtitle.clone(),
            slug: room.slug.to_string(),
            count,
            summary: self.translation.summary.of(count),
            members: self.members(visible, TOP),
            others: self.others(visible),
            waiting: self.waiting(visible),
            away: last_seen.filter(|_| count == 0).into_iter().collect(),
            join_url: join_url(room),
        }
    }

    fn members(&self, visible: &Visible, root: &str) -> Vec<Member> {
        let member = |(person, since): (&roster::Person, Moment)| Member {
            name: person.name.clone(),
            initial: self.initial(person.name.as_str()),
            emoji: self.faces.emoji(&person.name).cloned(),
            picture: self.picture(&person.name, root),
            tint: tint(person.name.as_str()),
            since: self.clock.time(since),
            since_text: self.translation.since.with("time", &self.clock.short(since)),
            sharing: person.sharing_since.map(|since| self.clock.time(since)),
        };
        visible.present().into_iter().map(member).collect()
    }

    fn others(&self, visible: &Visible) -> Option<String> {
        let named = visible.count() > visible.others;
        match (visible.others, named) {
            (0, _) => None,
            (others, true) => Some(self.translation.others.of(others)),
            (others, false) => Some(self.translation.only_others.of(others)),
        }
    }

    fn waiting(&self, visible: &Visible) -> Option<String> {
        (visible.waiting > 0).then(|| self.translation.waiting.of(visible.waiting))
    }

    fn away(&self, person: &roster::Person, root: &str) -> Option<Away> {
        let last_seen = person.last_action()?;
        Some(Away {
            name: person.name.clone(),
            initial: self.initial(person.name.as_str()),
            emoji: self.faces.emoji(&person.name).cloned(),
            picture: self.picture(&person.name, root),
            tint: tint(person.name.as_str()),
            last_seen: self.clock.time(last_seen),
            last_seen_text: self.clock.short(last_seen),
        })
    }

    fn row(&self, person: &roster::Person) -> Row {
        let words = self.translation;
        let online = person.present_since.is_some();
        Row {
            name: person.name.clone(),
            online,
            status: if online { &words.present } else { &words.absent }.into(),
            last_join: person.last_join.map(|moment| self.clock.time(moment)),
            last_left: person.last_left.map(|moment| self.clock.time(moment)),
        }
    }

    fn picture(&self, name: &Name, root: &str) -> Option<String> {
        Some(format!("{root}{}", self.faces.picture(name)?))
    }

    /// The first letter or digit of `name`, else its first character.
    fn initial(&self, name: &str) -> String {
        let letter = name.chars().find(|c| c.is_alphanumeric());
        match letter.or_else(|| name.chars().next()) {
            Some(letter) => self.translation.capital(letter),
            None => String::new(),
        }
    }
}

fn title(count: usize, heading: &str) -> String {
    match count {
        0 => heading.to_owned(),
        _ => format!("({count}) {heading}"),
    }
}

fn favicon(count: usize) -> String {
    match count {
        0..=MAX_FAVICON => format!("favicon/{count}.svg"),
        _ => "favicon/more.svg".to_owned(),
    }
}

fn join_url(room: &Room) -> Option<String> {
    (!room.join_url.is_empty()).then(|| room.join_url.clone())
}

/// The colour of a name, by FNV-1a, so that it is the same on every machine.
fn tint(name: &str) -> u8 {
    let hash = name
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (hash >> 16) as u8 % 8
}
