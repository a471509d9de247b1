//! One person in, one out, in a room: all of them called something.

use std::path::Path;

use lookout::config::{PublishList, Settings};
use lookout::roster::{End, Person, Presence, Visit};
use lookout::time::moment::Moment;
use lookout::time::zone::Zone;
use lookout::zoom::Name;

/// A Monday evening in Istanbul.
pub const NOW: Moment = Moment::from_seconds(1_767_636_000);

const HOUR: i64 = 60 * 60;

/// The defaults, with everybody published and built-in templates alone.
pub fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.site.templates_dir = Path::new("/nowhere").to_owned();
    settings.site.static_dir = Path::new("/nowhere").to_owned();
    settings.site.time_zone = Zone::built_in("Europe/Istanbul").expect("known");
    settings.privacy.publish = PublishList::Everybody;
    settings
}

/// Somebody called `name` who is in, and somebody who was, called alike.
pub fn presence(name: &Name) -> Presence {
    let other = Name::clean(&format!("{name} too")).expect("it is not empty");
    let mut people = vec![is_in(name.clone()), was_in(other)];
    people.sort_by(|a, b| a.name.cmp(&b.name));
    Presence { people, ..Presence::default() }
}

fn is_in(name: Name) -> Person {
    let start = Some(NOW.plus(-HOUR));
    let visits = vec![Visit { start, end: End::Open }];
    Person {
        name,
        visits,
        last_join: start,
        last_left: None,
        present_since: start,
        sharing_since: start,
    }
}

fn was_in(name: Name) -> Person {
    let (start, end) = (Some(NOW.plus(-26 * HOUR)), NOW.plus(-25 * HOUR));
    let visits = vec![Visit { start, end: End::At(end) }];
    Person {
        name,
        visits,
        last_join: start,
        last_left: Some(end),
        present_since: None,
        sharing_since: None,
    }
}
