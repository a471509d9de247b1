//! Somebody is forgotten while messages wait, and while who is where is seen late.

use super::stage::{Stage, clock, rules};
use crate::notify::digest::Rules;
use crate::notify::forgotten::{Mark, without};
use crate::notify::kept::{Fate, Kept, Letter};
use crate::notify::message::{Message, News, Room};
use crate::notify::told::Posted;
use crate::zoom::Name;

fn mark(name: &str, time: &str) -> Mark {
    Mark::new(&Name::clean(name).expect("a name"), "salt".to_owned(), clock(time))
}

fn room() -> Room {
    Room { name: None, dashboard: None, join: None }
}

#[test]
fn the_name_goes_out_of_what_waits_and_what_says_nothing_else_goes_as_a_whole() {
    #[rustfmt::skip]
    let cases = [
        // what is special          before                                                    after
        ("with others",             r#"{"moves":{"joined":["Ada","Bo"],"left":[],"inside":2}}"#, Some(r#"{"moves":{"joined":["Bo"],"left":[],"inside":2}}"#)),
        ("alone",                   r#"{"moves":{"joined":[],"left":["Ada"],"inside":2}}"#,      None),
        ("another one",             r#"{"moves":{"joined":["Ada B"],"left":[],"inside":1}}"#,    Some(r#"{"moves":{"joined":["Ada B"],"left":[],"inside":1}}"#)),
        ("the screen",              r#"{"sharing":{"started":["Ada"],"stopped":["Bo"]}}"#,       Some(r#"{"sharing":{"started":[],"stopped":["Bo"]}}"#)),
        ("opened alone",            r#"{"started":{"at":1,"by":["Ada"],"inside":1}}"#,           None),
        ("opened by nobody named",  r#"{"started":{"at":1,"by":[],"inside":1}}"#,                Some(r#"{"started":{"at":1,"by":[],"inside":1}}"#)),
        ("was there with others",   r#"{"ended":{"from":1,"until":2,"peak":2,"people":["Ada"],"others":1}}"#, Some(r#"{"ended":{"from":1,"until":2,"peak":2,"people":[],"others":1}}"#)),
        ("was there alone",         r#"{"ended":{"from":1,"until":2,"peak":1,"people":["Ada"],"others":0}}"#, None),
        ("a sample",                r#""test""#,                                                 Some(r#""test""#)),
    ];
    for (what, before, after) in cases {
        let news: News = serde_json::from_str(before).expect(what);
        let message = Message { room: room(), news };
        let letter = Letter { number: 7, made: clock("20:00"), message };
        let mut kept = Kept { letters: [letter].into(), ..Kept::default() };
        kept.adopt(&[mark("Ada", "20:01")]);
        let left = kept.letters.front().map(|letter| &letter.message.news);
        let left = left.map(|news| serde_json::to_string(news).expect(what));
        assert_eq!(left.as_deref(), after, "{what}");
    }
}

#[test]
fn a_card_that_names_somebody_forgotten_is_edited_and_one_that_names_nobody_else_is_not_posted() {
    let ada = r#"{"open":{"since":1,"inside":[{"name":"Ada","since":1}],"others":0,"peak":1,"sharing":["Ada"]}}"#;
    let both = ada.replace("}],", r#"},{"name":"Bo","since":1}],"#);
    #[rustfmt::skip]
    let cases = [
        // what is special       wanted         there         left, is shown
        ("not posted",           both.as_str(), None,         Some(false)),
        ("not posted, alone",    ada,           None,         None),
        ("stands there",         &both,         Some(&*both), Some(false)),
        ("stands there, alone",  ada,           Some(ada),    Some(false)),
    ];
    for (what, wanted, there, expected) in cases {
        let card = |state: &str| {
            let card = format!(
                r#"{{"room":{{"name":null,"dashboard":null,"join":null}},"state":{state}}}"#
            );
            serde_json::from_str(&card).expect(what)
        };
        let mut stage = Stage::begun(rules());
        let told = stage.told.as_mut().expect("it looked");
        told.cards.push(Posted {
            number: 0,
            room: String::new(),
            post: there.map(|_| "p".to_owned()),
            card: card(wanted),
            shown: there.map(card),
            made: clock("20:00"),
        });
        let mut kept = Kept { told: stage.told, ..Kept::default() };
        kept.adopt(&[mark("Ada", "20:01")]);
        assert!(!serde_json::to_string(&kept).expect(what).contains("Ada"), "{what}");
        let told = kept.told.expect("it is there");
        assert_eq!(told.cards.first().map(Posted::is_shown), expected, "{what}");
    }
}

#[test]
fn why_something_was_refused_may_be_in_words_that_were_sent_and_goes() {
    let fate = Fate { at: clock("20:00"), lost: Some("400: no such user Ada".to_owned()) };
    let mut kept = Kept { last: Some(fate.clone()), lost: Some(fate), ..Kept::default() };
    kept.adopt(&[mark("Ada", "20:01")]);
    assert!(!serde_json::to_string(&kept).expect("it encodes").contains("Ada"));
    assert!(kept.lost.is_some_and(|fate| fate.lost.is_some()), "that it was refused stays");
}

/// Plays the beginning, forgets Ada, and looks at what still shows her.
fn forgotten_in(rules: Rules, beginning: &str) -> (Stage, Vec<Mark>) {
    let mut stage = Stage::begun(rules).play(beginning);
    let marks = vec![mark("Ada", "20:05:00")];
    let mut kept = Kept { told: stage.told.take(), ..Kept::default() };
    kept.adopt(&marks);
    stage.told = kept.told;
    (stage, marks)
}

fn look(stage: &mut Stage, marks: &[Mark], time: &str) {
    let now = clock(time);
    stage.look_at_this(&without(&stage.presence(now), marks), now);
}

#[test]
fn nobody_is_said_to_have_left_or_to_have_come_again() {
    #[rustfmt::skip]
    let cases = [
        // what is special     beginning                                             said
        ("among others",       "20:00:00 +Grace\n20:00:02 +Ada\n20:00:30 >Ada",      3),
        ("alone",              "20:00:00 +Ada",                                      1),
        ("came first",         "20:00:00 +Ada\n20:00:02 +Grace",                     2),
        ("left before",        "20:00:00 +Grace +Ada\n20:01:00 -Ada",                2),
    ];
    for (what, beginning, said) in cases {
        let (mut stage, marks) = forgotten_in(rules(), beginning);
        for time in ["20:05:01", "20:05:20", "20:06:00"] {
            look(&mut stage, &marks, time);
        }
        assert_eq!(stage.said().lines().count(), said, "{what}: {}", stage.said());
        let told = serde_json::to_string(&stage.told).expect("it encodes");
        assert!(!told.contains("Ada"), "{what}: {told}");
    }
}

#[test]
fn who_comes_again_is_told_of_again() {
    let (mut stage, marks) = forgotten_in(rules(), "20:00:00 +Grace\n20:00:02 +Ada");
    look(&mut stage, &marks, "20:05:01");
    stage.deliver_all("20:06:00", "-Ada");
    stage.deliver_all("20:07:00", "+Ada#2");
    for time in ["20:07:00", "20:07:10"] {
        look(&mut stage, &marks, time);
    }
    let said = stage.said();
    assert!(said.ends_with("20:07:10 Ada joined; 2 in"), "{said}");
}

#[test]
fn a_mark_stays_until_nobody_sees_what_was_before() {
    let stage = Stage::begun(rules()).play("20:00:00 +Ada +Grace");
    let stale = stage.presence(clock("20:05:00"));
    let fresh = without(&stale, &[mark("Ada", "20:05:00")]);
    #[rustfmt::skip]
    let cases = [
        // what is special     seen    at          needed
        ("just now",           &fresh, "20:06:00", true),
        ("long ago",           &fresh, "20:26:00", false),
        ("who lags for long",  &stale, "20:26:00", true),
    ];
    for (what, seen, time, needed) in cases {
        assert_eq!(mark("Ada", "20:05:00").is_needed(seen, clock(time)), needed, "{what}");
    }
}
