//! What the site says: presence, settings and a moment become text.
//!
//! [`Dashboard`] is everything that is published, already formatted; rendering
//! it decides nothing. Privacy is applied on the way in (`visible`), so nobody
//! who is not published reaches a page, a count or a time; and before that, telephone numbers
//! are `masked`.
//!
//! This module is pure: `now` is an argument.

mod badge;
mod calendar;
mod charts;
mod clock;
mod feed;
mod letters;
mod masked;
mod openings;
mod page;
mod place;
mod sample;
mod table;
mod visible;
mod widget;
mod words;

use compact_str::CompactString;

use crate::config::{self, Room, Settings};
use crate::roster::Presence;
use crate::time::moment::Moment;

use charts::Drawing;
use clock::Clock;
use page::Pages;
use place::Place;

pub use badge::{Badge, Shield};
pub use charts::{Bar, FourWeeks, HourMark, Run, Strip, Today, Week, WeekDay, Weekday};
pub use clock::Time;
pub use feed::{Entry, Feed};
pub(crate) use masked::masked;
pub(crate) use openings::{Opening, Openings};
pub use page::{Away, Member, Page, RoomCard, Row};
pub use sample::samples;
pub use table::TableRow;
pub(crate) use visible::Visible;
pub use widget::{Widget, WidgetMember, WidgetRoom};
pub use words::{Labels, Words};

/// Everything the site says, as of one moment.
#[derive(Debug, Clone)]
pub struct Dashboard {
    /// The pages; the first is `index.html`.
    pub pages: Vec<Page>,
    /// The CSV's rows.
    pub table: Vec<TableRow>,
    /// The contents of `presence.json`.
    pub widget: Widget,
    /// A badge for the top, and for each room that has a page of its own.
    pub badges: Vec<Badge>,
    /// A feed for each of the same.
    pub feeds: Vec<Feed>,
    /// The next moment at which the site changes although nothing arrives.
    pub next_change: Option<Moment>,
}

impl Dashboard {
    /// Says what a visitor may know of `presence` at `now`.
    pub fn new(presence: &Presence, settings: &Settings, now: Moment) -> Self {
        let presence = &*masked(presence, &settings.privacy);
        let words = words::Words::of(settings.site.language);
        let zone = &settings.site.time_zone;
        let clock = Clock::new(zone, words, now);
        let all = Visible::of(&presence.people, presence.nameless_present, &settings.privacy);
        let rooms = visible_rooms(presence, settings);
        let drawing = Drawing::new(zone, words, &clock, now);
        let pages = Pages {
            site_title: &settings.site.title,
            address: address(&settings.site),
            zone: zone.name(),
            words,
            clock: &clock,
            drawing: drawing.as_ref(),
            now,
        };
        let places = Place::all(settings, &all, &rooms);
        let feeds: Vec<Feed> = places.iter().map(|place| Feed::new(place, words, now)).collect();
        let fading = feeds.iter().filter_map(|feed| feed.next_change);
        let next_change = next_change(presence, &all, &rooms, drawing.as_ref(), now);
        Self {
            pages: all_pages(&pages, &all, &rooms),
            table: table::rows(&all, zone),
            widget: Widget::new(settings, &all, &rooms),
            badges: places.iter().map(|place| Badge::new(place, words)).collect(),
            next_change: next_change.into_iter().chain(fading).min(),
            feeds,
        }
    }
}

/// `moment` as it is written for whoever reads it at `now`: the hour alone if it is of that
/// day, `20:38`, else the day as well.
pub fn short_time(site: &config::Site, moment: Moment, now: Moment) -> CompactString {
    Clock::new(&site.time_zone, words::Words::of(site.language), now).short(moment)
}

/// Where the dashboard is reached, where `site.base_url` tells it.
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
            let visible = Visible::of(&found.people, found.nameless_present, &settings.privacy);
            (room, visible)
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

/// The earliest of: a meeting goes stale, somebody passes out of the 35 days, a chart moves on,
/// "today" becomes yesterday.
fn next_change(
    presence: &Presence,
    all: &Visible,
    rooms: &[(&Room, Visible)],
    drawing: Option<&Drawing>,
    now: Moment,
) -> Option<Moment> {
    let everybody = || std::iter::once(all).chain(rooms.iter().map(|(_, visible)| visible));
    let fading = everybody().filter_map(|visible| visible.next_fading(now));
    let charts = everybody().filter_map(|visible| drawing?.next_change(visible));
    fading.chain(charts).chain(presence.next_change).min()
}
