//! The view model: turns presence, settings and a moment into formatted text.
//!
//! [`Dashboard`] is everything that is published, already formatted; templates only place it.
//! First telephone numbers are `masked`, then privacy is applied (`visible`), so a hidden person
//! never reaches a page, a count or a time.
//!
//! This module is pure: `now` is an argument.

mod badge;
mod calendar;
mod charts;
mod clock;
mod feed;
mod folder;
mod link_preview;
mod masked;
mod openings;
mod page;
mod presence_json;
mod sample;
mod table;
mod text_width;
mod visible;

use compact_str::CompactString;

use crate::config::{self, Room, Settings};
use crate::roster::Presence;
use crate::time::moment::Moment;

use charts::ChartBuilder;
use clock::TimeFormatter;
use folder::Folder;
use page::Pages;

pub use badge::{Badge, Shield};
pub use charts::{Bar, FourWeeks, HourMark, LastDay, Run, Strip, Week, WeekDay, Weekday};
pub use clock::Time;
pub use feed::{Feed, FeedEntry, FeedOpening};
pub use link_preview::LinkPreview;
pub(crate) use masked::masked;
pub(crate) use openings::{Opening, Openings};
pub use page::{Away, Member, Page, RoomCard, Row};
pub use presence_json::{PresenceJson, PresenceJsonMember, PresenceJsonRoom};
pub use sample::samples;
pub use table::TableRow;
pub(crate) use visible::Visible;

/// Everything that the site shows, as of one moment.
#[derive(Debug, Clone)]
pub struct Dashboard {
    /// The pages; the first is `index.html`.
    pub pages: Vec<Page>,
    /// The CSV's rows.
    pub table: Vec<TableRow>,
    /// The contents of `presence.json`.
    pub presence_json: PresenceJson,
    /// A badge for the top, and for each room with its own page.
    pub badges: Vec<Badge>,
    /// A feed for the top, and for each room with its own page.
    pub feeds: Vec<Feed>,
    /// When the site changes next even if no event arrives.
    pub next_change: Option<Moment>,
}

impl Dashboard {
    /// Formats what visitors may know of `presence` at `now`.
    pub fn new(presence: &Presence, settings: &Settings, now: Moment) -> Self {
        let presence = &*masked(presence, &settings.privacy);
        let translation = settings.site.language.translation();
        let zone = &settings.site.time_zone;
        let clock = TimeFormatter::new(zone, translation, now);
        let all = Visible::of(
            &presence.people,
            presence.nameless_present,
            &presence.waiting,
            &settings.privacy,
        );
        let rooms = visible_rooms(presence, settings);
        let charts = ChartBuilder::new(zone, translation, &clock, now);
        let pages = Pages {
            site_title: &settings.site.title,
            index: settings.site.index,
            address: address(&settings.site),
            zone: zone.name(),
            faces: &settings.faces,
            translation,
            clock: &clock,
            charts: charts.as_ref(),
            now,
        };
        let folders = Folder::all(settings, &all, &rooms);
        let feeds: Vec<Feed> =
            folders.iter().map(|folder| Feed::new(folder, &clock, now)).collect();
        let expiries = feeds.iter().filter_map(|feed| feed.next_change);
        let next_change = next_change(presence, &all, &rooms, charts.as_ref(), now);
        Self {
            pages: all_pages(&pages, &all, &rooms),
            table: table::rows(&all, zone),
            presence_json: PresenceJson::new(settings, &all, &rooms),
            badges: folders.iter().map(|folder| Badge::new(folder, translation)).collect(),
            next_change: next_change.into_iter().chain(expiries).min(),
            feeds,
        }
    }
}

/// Formats `moment` for a reader at `now`: the time alone if it is the same day, `20:38`, else with
/// the date.
pub fn short_time(site: &config::Site, moment: Moment, now: Moment) -> CompactString {
    TimeFormatter::new(&site.time_zone, site.language.translation(), now).short(moment)
}

/// The URL of the dashboard, if `site.base_url` is set.
fn address(site: &config::Site) -> Option<String> {
    (!site.base_url.is_empty()).then(|| format!("{}{}", site.base_url, site.path))
}

/// Each configured room with the people who may be shown in it.
fn visible_rooms<'a>(
    presence: &'a Presence,
    settings: &'a Settings,
) -> Vec<(&'a Room, Visible<'a>)> {
    let rooms = settings.rooms.iter().zip(&presence.rooms);
    rooms
        .map(|(room, found)| {
            let (people, nameless) = (&found.people, found.nameless_present);
            (room, Visible::of(people, nameless, &found.waiting, &settings.privacy))
        })
        .collect()
}

fn all_pages(pages: &Pages, all: &Visible, rooms: &[(&Room, Visible)]) -> Vec<Page> {
    let mut made = vec![pages.index(all, rooms)];
    if rooms.len() > 1 {
        made.extend(rooms.iter().map(|(room, v)| pages.room(room, v)));
    }
    made
}

/// When the next of these happens: a meeting becomes stale, a person drops out of the 35 days, a
/// chart changes, the day ends.
fn next_change(
    presence: &Presence,
    all: &Visible,
    rooms: &[(&Room, Visible)],
    charts: Option<&ChartBuilder>,
    now: Moment,
) -> Option<Moment> {
    let everybody = || std::iter::once(all).chain(rooms.iter().map(|(_, visible)| visible));
    let expiries = everybody().filter_map(|visible| visible.next_expiry(now));
    let charts = everybody().filter_map(|visible| charts?.next_change(visible));
    expiries.chain(charts).chain(presence.next_change).min()
}
