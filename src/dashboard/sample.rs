//! Sample data, so that templates can be checked without events.

use crate::config::{Others, PublishList, Room, Settings, Slug};
use crate::roster::{self, End, Person, PersonWaiting, Presence, Visit, Waiting};
use crate::time::moment::Moment;
use crate::zoom::Name;

/// Samples of all situations that a template has to handle: `settings` as they are and with at least
/// two rooms, each with people in every situation and with nobody.
pub fn samples(settings: &Settings, now: Moment) -> Vec<(Settings, Presence)> {
    let mut open = settings.clone();
    open.privacy.publish = PublishList::Everybody;
    open.privacy.others = Others::Counted;
    let mut several = open.clone();
    several.site.base_url = "https://example.org".to_owned();
    several.rooms.extend((several.rooms.len()..2).map(|number| room(number, settings)));
    let mut samples = Vec::new();
    for settings in [open, several] {
        samples.push((settings.clone(), crowd(&settings, now)));
        let rooms = vec![roster::RoomPresence::default(); settings.rooms.len()];
        samples.push((settings, Presence { rooms, ..Presence::default() }));
    }
    samples
}

/// A room without meetings.
fn room(number: usize, settings: &Settings) -> Room {
    let slug = (0..).map(|n| format!("sample-{number}-{n}"));
    let is_free = |slug: &Slug| settings.rooms.iter().all(|room| room.slug != *slug);
    Room {
        meeting_id: format!("0{number}"),
        name: format!("Sample {number}"),
        slug: slug
            .filter_map(|text| Slug::parse(&text).ok())
            .find(is_free)
            .expect("there are more slugs than rooms"),
        join_url: "https://example.org/join".to_owned(),
        icon: None,
        subtitle: None,
        stale_after: None,
    }
}

fn crowd(settings: &Settings, now: Moment) -> Presence {
    let mut people = people(now);
    people.extend(somebody_with_picture(settings, now));
    people.sort_by(|one, other| one.name.as_str().cmp(other.name.as_str()));
    let visitor = Name::clean("At The Door").map(|name| PersonWaiting { name, since: now });
    let waiting = Waiting { people: visitor.into_iter().collect(), nameless: vec![now] };
    let (nameless_present, people_here) = (2, people.clone());
    let room =
        roster::RoomPresence { people: people_here, nameless_present, waiting: waiting.clone() };
    Presence {
        people,
        nameless_present,
        waiting,
        rooms: vec![room; settings.rooms.len()],
        next_change: None,
    }
}

/// The first of those with a picture who may appear.
fn somebody_with_picture(settings: &Settings, now: Moment) -> Option<Person> {
    let mut names = settings.faces.pictures().map(|(name, _)| name);
    let name = names.find(|name| settings.privacy.allows(name))?;
    person(name.as_str(), vec![Visit { start: Some(now.plus(-3600)), end: End::Open }])
}

fn people(now: Moment) -> Vec<Person> {
    let hours = |hours: i64| now.plus(-3600 * hours);
    let visit = |start, end| Visit { start: Some(start), end };
    let long = "A Name That Goes On ".repeat(6);
    #[rustfmt::skip]
    let situations = [
        (long.as_str(),         vec![visit(hours(1), End::Open)]),
        ("Came Back",           vec![visit(hours(50), End::At(hours(49))), visit(hours(2), End::Open)]),
        ("Left",                vec![visit(hours(30), End::At(hours(29)))]),
        ("Only Seen To Leave",  vec![Visit { start: None, end: End::At(hours(3)) }]),
        ("Since Long Ago",      vec![visit(hours(24 * 30), End::Open)]),
        ("Vanished",            vec![visit(hours(70), End::Unknown)]),
    ];
    situations.into_iter().filter_map(|(name, visits)| person(name, visits)).collect()
}

fn person(name: &str, visits: Vec<Visit>) -> Option<Person> {
    let ended = |visit: &Visit| match visit.end {
        End::At(end) => Some(end),
        End::Open | End::Unknown => None,
    };
    let open = visits.iter().find(|visit| visit.end == End::Open);
    Some(Person {
        name: Name::clean(name)?,
        last_join: visits.iter().filter_map(|visit| visit.start).max(),
        last_left: visits.iter().filter_map(ended).max(),
        present_since: open.and_then(|visit| visit.start),
        sharing_since: open.and_then(|visit| visit.start).filter(|_| name == "Came Back"),
        visits,
    })
}
