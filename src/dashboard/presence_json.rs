//! `presence.json`: the data for a widget on another page.
//!
//! ```json
//! {
//!   "title": "Lookout",
//!   "updated_at": "2026-01-05T17:38:00Z",
//!   "count": 2,
//!   "others": 0,
//!   "waiting": 0,
//!   "members": [{ "name": "Ada", "since": "2026-01-05T17:30:00Z", "sharing": "2026-01-05T17:35:00Z",
//!                 "emoji": null, "picture": "assets/ada.0123456789.png" }],
//!   "rooms": [{ "name": "Lounge", "slug": "lounge", "url": "lounge/", "join_url": null,
//!               "count": 2, "others": 0, "waiting": 0, "members": […] }]
//! }
//! ```
//!
//! Times are UTC. `updated_at` is null until something changes. `others` is the number of people who
//! are in but not named; `count` includes them. `waiting` is the number of people who wait to be let
//! in; `count` does not include them. `sharing` is since when a screen is
//! shared. `rooms` lists the configured rooms; `url` and `picture` are relative to the file. What a
//! person does not have is null. Only pages of the same origin may show a picture.

use compact_str::CompactString;
use schemars::JsonSchema;
use serde::Serialize;

use super::visible::Visible;
use crate::config::{Emoji, Faces, Room, Settings};
use crate::zoom::Name;

/// The content of `presence.json`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PresenceJson {
    /// `site.title`.
    pub title: String,
    /// The last change that a visitor can see, RFC 3339 in UTC.
    pub updated_at: Option<String>,
    /// How many are in, as far as a visitor may know.
    pub count: usize,
    /// How many of them are not named.
    pub others: usize,
    /// How many wait to be let in, as far as a visitor may know.
    pub waiting: usize,
    /// Who is in, in the order in which they came.
    pub members: Vec<PresenceJsonMember>,
    /// The configured rooms, in the order of the settings.
    pub rooms: Vec<PresenceJsonRoom>,
}

/// A person who is in.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PresenceJsonMember {
    /// The name shown.
    pub name: Name,
    /// Since when, RFC 3339 in UTC.
    #[schemars(with = "String")]
    pub since: CompactString,
    /// Since when the person has been sharing a screen, RFC 3339 in UTC.
    #[schemars(with = "Option<String>")]
    pub sharing: Option<CompactString>,
    /// The person's emoji.
    pub emoji: Option<Emoji>,
    /// The person's picture, relative to this file.
    pub picture: Option<String>,
}

/// One room.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PresenceJsonRoom {
    /// The room's name.
    pub name: String,
    /// The room's folder below the dashboard.
    pub slug: String,
    /// The room's page, relative to this file.
    pub url: String,
    /// Where "join" leads.
    pub join_url: Option<String>,
    /// How many are in, as far as a visitor may know.
    pub count: usize,
    /// How many of them are not named.
    pub others: usize,
    /// How many wait to be let in, as far as a visitor may know.
    pub waiting: usize,
    /// Who is in, in the order in which they came.
    pub members: Vec<PresenceJsonMember>,
}

impl PresenceJson {
    pub(super) fn new(settings: &Settings, all: &Visible, rooms: &[(&Room, Visible)]) -> Self {
        let own_pages = rooms.len() > 1;
        let room = |(room, visible): &(&Room, Visible)| PresenceJsonRoom {
            name: room.name.clone(),
            slug: room.slug.to_string(),
            url: if own_pages { format!("{}/", room.slug) } else { "./".to_owned() },
            join_url: (!room.join_url.is_empty()).then(|| room.join_url.clone()),
            count: visible.count(),
            others: visible.others,
            waiting: visible.waiting,
            members: members(visible, &settings.faces),
        };
        Self {
            title: settings.site.title.clone(),
            updated_at: all.updated().map(|moment| moment.to_string()),
            count: all.count(),
            others: all.others,
            waiting: all.waiting,
            members: members(all, &settings.faces),
            rooms: rooms.iter().map(room).collect(),
        }
    }
}

fn members(visible: &Visible, faces: &Faces) -> Vec<PresenceJsonMember> {
    let present = visible.present().into_iter();
    present
        .map(|(person, since)| PresenceJsonMember {
            name: person.name.clone(),
            since: since.to_rfc3339(),
            sharing: person.sharing_since.map(|since| since.to_rfc3339()),
            emoji: faces.emoji(&person.name).cloned(),
            picture: faces.picture(&person.name).map(str::to_owned),
        })
        .collect()
}
