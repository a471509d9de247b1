//! Masks telephone numbers that are used as names.
//!
//! Rule 15 of the [roster](crate::roster). Masking comes before privacy, so pages, table, feed,
//! `presence.json` and chats all show the same. Two people whose masked numbers are equal stay two:
//! the second by name gets an ordinal.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::config::Privacy;
use crate::roster::Presence;
use crate::zoom::Name;

/// `presence` with telephone numbers masked, except those that `privacy.publish` names, and those
/// that `privacy.hide` names: a hidden caller must not take the masked name of another one.
pub(crate) fn masked<'a>(presence: &'a Presence, privacy: &Privacy) -> Cow<'a, Presence> {
    let masks = masks(presence, privacy);
    if masks.is_empty() {
        return Cow::Borrowed(presence);
    }
    let mut presence = presence.clone();
    let rooms = presence.rooms.iter_mut().map(|room| (&mut room.people, &mut room.waiting));
    for (people, waiting) in rooms.chain([(&mut presence.people, &mut presence.waiting)]) {
        let waiting = waiting.people.iter_mut().map(|person| &mut person.name);
        for name in people.iter_mut().map(|person| &mut person.name).chain(waiting) {
            if let Some(mask) = masks.get(name) {
                *name = mask.clone();
            }
        }
    }
    presence.sort();
    Cow::Owned(presence)
}

/// For each number to mask, a unique masked name.
fn masks(presence: &Presence, privacy: &Privacy) -> BTreeMap<Name, Name> {
    let mask = |name: &Name| Some((name.clone(), name.telephone_mask()?));
    let people = || presence.people.iter().map(|person| &person.name);
    let waiting = || presence.waiting.people.iter().map(|person| &person.name);
    let shown = || people().chain(waiting()).filter(|name| !privacy.hide.names(name));
    let numbers = shown().filter(|name| !privacy.publish.names(name));
    let mut masks: BTreeMap<_, _> = numbers.filter_map(mask).collect();
    if masks.is_empty() {
        return masks;
    }
    let mut taken: BTreeSet<Name> = shown().cloned().collect();
    for mask in masks.values_mut() {
        let mut ordinals = 2..;
        let first = mask.clone();
        while !taken.insert(mask.clone())
            && let Some(ordinal) = ordinals.next()
        {
            let further = Name::clean(&format!("{first} ({ordinal})"));
            *mask = further.expect("it has digits");
        }
    }
    masks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{HideList, PublishList, Settings};
    use crate::roster::{End, Person, RoomPresence, Visit};
    use crate::time::moment::Moment;

    fn person(name: &str) -> Person {
        let now = Moment::from_seconds(0);
        Person {
            name: Name::clean(name).expect("a name"),
            visits: vec![Visit { start: Some(now), end: End::Open }],
            last_join: Some(now),
            last_left: None,
            present_since: Some(now),
            sharing_since: None,
        }
    }

    fn names(people: &[Person]) -> Vec<&str> {
        people.iter().map(|person| person.name.as_str()).collect()
    }

    #[test]
    fn numbers_are_masked_and_their_callers_stay_as_many() {
        let everybody = || PublishList::Everybody;
        let only = |name| PublishList::only(Name::clean(name));
        #[rustfmt::skip]
        let cases = [
            // what is special            published             people                                     shown
            ("nobody calls",              everybody(),          vec!["Ada", "Bram"],                       vec!["Ada", "Bram"]),
            ("a caller",                  everybody(),          vec!["+1 202 555 0143", "Ada"],            vec!["Ada", "+• ••• ••• ••43"]),
            ("two of one mask",           everybody(),          vec!["12025550143", "12025559943"],        vec!["•••••••••43", "•••••••••43 (2)"]),
            ("one stored masked",         everybody(),          vec!["12025550143", "•••••••••43"],        vec!["•••••••••43", "•••••••••43 (2)"]),
            ("that name is taken",        everybody(),          vec!["12025550143", "•••••••••43", "•••••••••43 (2)"],
                                                                vec!["•••••••••43", "•••••••••43 (2)", "•••••••••43 (3)"]),
            ("a hidden one, whom privacy removes", everybody(), vec!["12025551111", "12025559922"],     vec!["12025551111", "•••••••••22"]),
            ("a hidden mask takes no other's", everybody(),     vec!["•••••••••11", "12025559922"],     vec!["•••••••••11", "•••••••••22"]),
            ("named by `publish`",        only("12025550143"),  vec!["12025550143", "12025559943"],        vec!["12025550143", "•••••••••43"]),
        ];
        for (what, publish, people, shown) in cases {
            let hide = HideList::new(Name::clean("12025551111"), &[]);
            let privacy = Privacy { publish, hide, ..Settings::default().privacy };
            let people: Vec<_> = people.into_iter().map(person).collect();
            let room = RoomPresence { people: people[..1].to_vec(), ..RoomPresence::default() };
            let presence = Presence { people, rooms: vec![room], ..Presence::default() };
            let masked = masked(&presence, &privacy);
            let mut expected = shown;
            expected.sort_unstable();
            assert_eq!(names(&masked.people), expected, "{what}");
            let here = names(&masked.rooms[0].people)[0];
            assert!(expected.contains(&here), "{what}: {here}");
        }
    }
}
