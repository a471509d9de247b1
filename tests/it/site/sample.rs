//! Settings and presence made by hand, with invented people.

use std::path::Path;

use lookout::config::{PublishList, Room, Settings, Slug};
use lookout::roster::{self, End, Person, Presence, Visit};
use lookout::site::{Edition, Position};
use lookout::time::moment::Moment;
use lookout::time::zone::Zone;
use lookout::zoom::Name;

/// The moment of all samples: a Monday evening in Istanbul.
pub const NOW: &str = "2026-01-05T18:00:00Z";

pub fn at(text: &str) -> Moment {
    Moment::parse_rfc3339(text).expect("sample moments are RFC 3339")
}

pub fn name(text: &str) -> Name {
    Name::clean(text).expect("sample names are not empty")
}

/// Somebody with no visits yet; add them oldest first.
pub fn person(text: &str) -> Person {
    Person {
        name: name(text),
        visits: Vec::new(),
        last_join: None,
        last_left: None,
        present_since: None,
        sharing_since: None,
    }
}

/// What a person of a sample does.
pub trait Does {
    /// Comes and goes.
    fn was_in(self, from: &str, to: &str) -> Self;
    /// Comes and stays.
    fn stays_from(self, since: &str) -> Self;
}

impl Does for Person {
    fn was_in(mut self, from: &str, to: &str) -> Self {
        let (start, end) = (Some(at(from)), at(to));
        self.visits.push(Visit { start, end: End::At(end) });
        self.last_join = start;
        self.last_left = Some(end);
        self
    }

    fn stays_from(mut self, since: &str) -> Self {
        let start = at(since);
        self.visits.push(Visit { start: Some(start), end: End::Open });
        self.last_join = Some(start);
        self.present_since = Some(start);
        self
    }
}

/// All meetings as one room.
pub fn presence(people: Vec<Person>) -> Presence {
    Presence { people, ..Presence::default() }
}

/// Several rooms; nobody is in two of them.
pub fn presence_in(rooms: Vec<Vec<Person>>) -> Presence {
    let mut people: Vec<Person> = rooms.iter().flatten().cloned().collect();
    people.sort_by(|a, b| a.name.cmp(&b.name));
    let rooms = rooms
        .into_iter()
        .map(|people| roster::RoomPresence { people, ..roster::RoomPresence::default() });
    Presence { people, rooms: rooms.collect(), ..Presence::default() }
}

pub fn room(slug: &str, name: &str) -> Room {
    Room {
        meeting_id: "1234567890".to_owned(),
        name: name.to_owned(),
        slug: Slug::parse(slug).expect("sample slugs are slugs"),
        join_url: format!("https://zoom.example/j/{slug}?pwd=a&b"),
        icon: None,
        subtitle: None,
        stale_after: None,
    }
}

/// The defaults, but everybody is published, in Istanbul's time, below `directory`.
pub fn settings(directory: &Path) -> Settings {
    let mut settings = Settings::default();
    settings.site.output_dir = directory.join("site");
    settings.site.templates_dir = directory.join("templates");
    settings.site.static_dir = directory.join("static");
    settings.site.time_zone = Zone::built_in("Europe/Istanbul").expect("known");
    settings.journal.path = directory.join("lookout.db");
    settings.privacy.publish = PublishList::Everybody;
    settings
}

/// The edition after `last_event` events, at [`NOW`].
pub fn edition(last_event: u64) -> Edition {
    Edition {
        position: Position { journal: "sample".to_owned(), last_event, archive: None },
        moment: at(NOW),
    }
}
