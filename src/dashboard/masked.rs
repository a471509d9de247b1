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

/// For each name to mask, a unique masked name. Those who only wait come last: they must not change how
/// anybody else is shown.
fn masks(presence: &Presence, privacy: &Privacy) -> BTreeMap<Name, Name> {
    let is_shown = |name: &&Name| !privacy.hide.names(name);
    let people = presence.people.iter().map(|person| &person.name);
    let people: BTreeSet<_> = people.filter(is_shown).collect();
    let waiting = presence.waiting.people.iter().map(|person| &person.name);
    let waiting: BTreeSet<_> = waiting.filter(is_shown).collect();
    let only_wait = waiting.difference(&people).copied().collect();
    let (mut masks, mut taken) = (BTreeMap::new(), BTreeSet::new());
    for names in [people, only_wait] {
        add_masks(&mut masks, &mut taken, names, privacy);
    }
    masks
}

/// Adds the masks of `names`. A name that is no number keeps its form, unless it is `taken`.
fn add_masks(
    masks: &mut BTreeMap<Name, Name>,
    taken: &mut BTreeSet<Name>,
    names: BTreeSet<&Name>,
    privacy: &Privacy,
) {
    let mask = |name: &Name| name.telephone_mask().filter(|_| !privacy.publish.names(name));
    let (others, numbers): (Vec<_>, Vec<_>) =
        names.into_iter().map(|name| (name, mask(name))).partition(|(_, mask)| mask.is_none());
    for (name, mask) in others.into_iter().chain(numbers) {
        let shown = unique(mask.as_ref().unwrap_or(name), taken);
        if shown != *name {
            masks.insert(name.clone(), shown);
        }
    }
}

/// `first`, with an ordinal if it is taken. Takes it.
fn unique(first: &Name, taken: &mut BTreeSet<Name>) -> Name {
    let mut ordinals = 2..;
    let mut name = first.clone();
    while !taken.insert(name.clone())
        && let Some(ordinal) = ordinals.next()
    {
        let further = Name::clean(&format!("{first} ({ordinal})"));
        name = further.expect("it begins with a name");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{HideList, PublishList, Settings};
    use crate::roster::{End, Person, PersonWaiting, RoomPresence, Visit, Waiting};
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

    #[test]
    fn who_only_waits_never_changes_how_somebody_else_is_shown() {
        #[rustfmt::skip]
        let cases = [
            // what is special      in               waits            shown             waits as
            ("nobody waits",        "12025559943",   "Ada",           "•••••••••43",    "Ada"),
            ("an earlier number",   "12025559943",   "12025550143",   "•••••••••43",    "•••••••••43 (2)"),
            ("one stored masked",   "12025559943",   "•••••••••43",   "•••••••••43",    "•••••••••43 (2)"),
            ("the same one",        "12025559943",   "12025559943",   "•••••••••43",    "•••••••••43"),
        ];
        for (what, inside, waits, shown, waits_as) in cases {
            let name = Name::clean(waits).expect("a name");
            let waiter = PersonWaiting { name, since: Moment::from_seconds(0) };
            let waiting = Waiting { people: vec![waiter], ..Waiting::default() };
            let presence =
                Presence { people: vec![person(inside)], waiting, ..Presence::default() };
            let privacy =
                Privacy { publish: PublishList::Everybody, ..Settings::default().privacy };
            let masked = masked(&presence, &privacy);
            let found = (names(&masked.people), masked.waiting.people[0].name.as_str());
            assert_eq!(found, (vec![shown], waits_as), "{what}");
        }
    }
}
