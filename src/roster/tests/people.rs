//! Who is who: rule 10 of the [roster](crate::roster).

use super::story::*;
use crate::config;
use crate::roster::{Presence, Rules};
use crate::zoom::{Event, Kind, Name};

/// Grace, also called "G." and "G"; and Ada Lovelace, who has an account and an alias.
fn rules_of_people() -> Rules {
    let person = |name: &str, aliases: &[&str], ids: &[&str]| config::Person {
        name: Name::clean(name).unwrap(),
        aliases: aliases.iter().filter_map(|name| Name::clean(name)).collect(),
        zoom_user_ids: ids.iter().map(|&id| id.to_owned()).collect(),
    };
    Rules {
        people: vec![
            person("Grace", &["G.", "G"], &[]),
            person("Ada Lovelace", &["Ada"], &["u-ada", "u-ada-2"]),
        ],
        ..rules()
    }
}

/// The names listed at 11:00, and how many are present without one.
fn listed(events: &[Event], rules: &Rules) -> (String, usize) {
    let presence = presence(events, rules, "11:00");
    let names = presence.people.iter().map(|person| person.name.as_str());
    (names.collect::<Vec<_>>().join(", "), presence.nameless_present)
}

#[test]
fn the_latest_sighting_names_a_connection() {
    let unnamed = || join("10:00").name("");
    #[rustfmt::skip]
    let cases = [
        // what is special                           events                                                              names
        ("the later time",                           vec![join("10:00").name("B"), leave("10:10").name("A")],            "A"),
        ("the later stamp in one second",            vec![join("10:00").name("B").stamp(1), leave("10:00").name("C")],   "B"),
        ("the later name in one millisecond",        vec![join("10:00").name("B"), leave("10:00").name("A")],            "B"),
        ("a name withheld later is no news",         vec![join("10:00").name("A"), leave("10:10").name("")],             "A"),
        ("named by another kind of event",           vec![unnamed(), about_ada(Kind::RoleChanged, "10:10")],             "Ada"),
        ("named in the waiting room, before",        vec![unnamed(), about_ada(Kind::Other, "09:50").leg("")],           "Ada"),
        ("sharing names the leg, so its connection", vec![join("10:00"), event(Kind::SharingStarted, "10:10").leg("1").name("A")], "A"),
        ("and a later leg of that connection",       vec![join("10:00"), unnamed().leg("2"),
                                                          event(Kind::SharingStarted, "10:10").leg("1").name("A")],      "A"),
        ("a breakout room's user_id is another, its connection is not",
                                                     vec![join("10:00"), about_ada(Kind::BreakoutJoined, "10:10").leg("b-1").name("A")], "A"),
        ("in another meeting a connection is another", vec![join("10:00"), about_ada(Kind::RoleChanged, "10:10").room("222").name("A")], "Ada"),
        ("a leg without connection names itself",    vec![join("10:00").connection(""), leave("10:10").connection("").name("A")], "A"),
        ("neither id: the name is the leg",          vec![join("10:00").leg("").connection(""), leave("10:10").leg("").connection("")], "Ada"),
        ("neither id, another name: another leg",    vec![join("10:00").leg("").connection(""), leave("10:10").leg("").connection("").name("B")], "Ada, B"),
        ("a name alone names nobody",                vec![unnamed(), event(Kind::Other, "10:10").name("A")],             ""),
        ("nothing at all",                           vec![join("10:00").leg("").connection("").name("")],                ""),
    ];
    for (what, mut events, names) in cases {
        assert_eq!(listed(&events, &rules()).0, names, "{what}");
        events.reverse();
        assert_eq!(listed(&events, &rules()).0, names, "backwards: {what}");
    }
}

#[test]
fn names_that_differ_only_in_what_nobody_can_see_are_one_person_by_the_latest_form() {
    let (plain, colour, other) = ("❤ Ada", "❤\u{fe0f} Ada", "❤\u{fe0e} Ada");
    let second = |event: Event| event.leg("2").connection("c2");
    #[rustfmt::skip]
    let cases = [
        // what is special           events                                                                          names
        ("the later form",           vec![join("10:00").name(plain), second(join("10:10").name(colour))],            colour),
        ("of three",                 vec![join("10:00").name(plain), second(join("10:20").name(other)),
                                          join("10:10").leg("3").connection("c3").name(colour)],                     other),
        ("in another meeting",       vec![join("10:10").name(plain), second(join("10:00").name(colour)).room("222")], plain),
        ("no ids: one leg",          vec![join("10:00").leg("").connection("").name(plain),
                                          leave("10:10").leg("").connection("").name(colour)],                       colour),
        ("long ago, then once more", vec![join("10:00").name(colour), leave("10:10").name(colour),
                                          join("90 10:00").name(plain).meeting("m2")],                               plain),
    ];
    for (what, mut events, form) in cases {
        for direction in ["forwards", "backwards"] {
            assert_eq!(listed(&events, &rules()).0, form, "{direction}: {what}");
            events.reverse();
        }
    }
}

#[test]
fn what_nobody_can_see_keeps_nobody_from_their_entry() {
    let mut rules = rules_of_people();
    rules.people[0].aliases.push(Name::clean("❤\u{fe0f}").unwrap());
    rules.people[1].name = Name::clean("Ada ❤\u{fe0f}").unwrap();
    #[rustfmt::skip]
    let cases = [
        // what is special           event                                    names, nameless
        ("an alias",                 join("10:00").name("❤"),                 ("Grace".to_owned(), 0)),
        ("an alias with a space of no width", join("10:00").name("G\u{200b}."), ("Grace".to_owned(), 0)),
        ("the account's own name",   join("10:00").name("Ada ❤"),             (String::new(), 1)),
        ("and with the account",     join("10:00").name("Ada ❤").account("u-ada"), ("Ada ❤\u{fe0f}".to_owned(), 0)),
    ];
    for (what, event, expected) in cases {
        assert_eq!(listed(&[event], &rules), expected, "{what}");
    }
}

#[test]
fn a_leg_belongs_to_the_connection_said_last() {
    // The later connection's leave ends it; the earlier one's does not.
    let moved =
        [join("10:00").connection("c1"), event(Kind::Left, "09:00").leg("1").connection("c2")];
    let left = |connection| leave("10:30").leg("2").connection(connection);
    let events = |connection| [moved.to_vec(), vec![left(connection)]].concat();
    let said_by_leave = "Ada out, joined 10:00, left 10:30: ?-09:00 10:00-10:30";
    assert_eq!(people_at(&events("c1"), "11:00"), said_by_leave);
}

#[test]
fn the_settings_people_gather_names_and_accounts() {
    let unnamed = |time| join(time).name("");
    #[rustfmt::skip]
    let cases = [
        // what is special                          events                                                     names               nameless
        ("no entry",                                vec![join("10:00").name("Bob")],                           "Bob",              0),
        ("two aliases are one person",              vec![join("10:00").name("G."), leave("10:10").name("G.").leg("2").connection("c2").name("G")],
                                                                                                               "Grace",            0),
        ("an account, whatever the name",           vec![join("10:00").name("Bob").account("u-ada-2")],        "Ada Lovelace",     0),
        ("an account without a name",               vec![unnamed("10:00").account("u-ada")],                   "Ada Lovelace",     0),
        ("an account named once in the connection", vec![join("10:00"), leave("10:10").account("u-ada")],      "Ada Lovelace",     0),
        ("an account wins over another's name",     vec![join("10:00").name("Grace").account("u-ada")],        "Ada Lovelace",     0),
        ("an alias does not make up for the account", vec![join("10:00").name("Ada")],                         "Ada",              0),
        ("nor does the name: he is nobody",         vec![join("10:00").name("Ada Lovelace")],                  "",                 1),
        ("nor with another account",                vec![join("10:00").name("Ada Lovelace").account("u-eve")], "",                 1),
        ("no name",                                 vec![unnamed("10:00")],                                    "",                 1),
        ("no name, two legs of one connection",     vec![unnamed("10:00"), unnamed("10:10").leg("2")],         "",                 1),
        ("no name, two connections",                vec![unnamed("10:00"), unnamed("10:10").leg("2").connection("c2")], "",        2),
        ("no name, and gone",                       vec![unnamed("10:00"), leave("10:10").name("")],           "",                 0),
        ("ordered by name",                         vec![join("10:00").name("\u{c7}elik"), join("10:00").leg("2").connection("c2").name("Zoe")],
                                                                                                               "Zoe, \u{c7}elik",  0),
    ];
    for (what, events, names, nameless) in cases {
        let (shown, uncounted) = listed(&events, &rules_of_people());
        assert_eq!((shown.as_str(), uncounted), (names, nameless), "{what}");
    }
}

#[test]
fn a_name_shared_by_an_entry_with_and_one_without_accounts_is_of_the_latter() {
    let mut rules = rules_of_people();
    rules.people[0].aliases.push(Name::clean("Ada Lovelace").unwrap());
    let events = [join("10:00").name("Ada Lovelace")];
    assert_eq!(listed(&events, &rules), ("Grace".to_owned(), 0));
}

#[test]
fn an_event_without_a_meeting_is_no_fact() {
    let mut event = join("10:00");
    event.meeting = None;
    let presence = roster([&event]).presence(&rules(), clock("11:00"));
    assert_eq!(presence, Presence::default());
}

#[test]
fn a_name_alone_makes_a_leg_only_by_joining_or_leaving() {
    let nameless = |event: Event| event.leg("").connection("");
    #[rustfmt::skip]
    let cases = [
        // what is special       event                                        people
        ("joined",               nameless(join("10:00")),                     1),
        ("in a waiting room",    nameless(about_ada(Kind::Other, "10:00")),   0),
    ];
    for (what, event, people) in cases {
        let presence = roster([&event]).presence(&rules(), clock("11:00"));
        assert_eq!(presence.people.len(), people, "{what}");
    }
}
