//! One target, one room, one story at a time.

use super::scenario::{Scenario, clock, names, privacy, rules, watched};
use crate::config::Others;
use crate::config::notify::{NotifyEvent, QuietHours};
use crate::notify::difference::Rules;
use crate::time::zone::Zone;
use crate::zoom::Name;

/// What a target hears of `script`, starting with an empty room.
fn announced(script: &str) -> String {
    announced_with(rules(), script)
}

fn announced_with(rules: Rules, script: &str) -> String {
    Scenario::started(rules).play(script).announced()
}

#[test]
fn an_evening_takes_a_few_lines() {
    insta::assert_snapshot!(announced("
        20:00:00 +Ada
        20:00:30 +Grace
        20:00:35 +Edsger
        20:30:00 -Grace
        21:00:00 -Ada
        21:00:05 -Edsger
    "), @"
    20:00:00 opened at 20:00:00 by Ada; 1 in
    20:00:45 Grace, Edsger joined; 3 in
    20:30:10 Grace left; 2 in
    21:00:05 emptied: 20:00:00 to 21:00:05, peak 3, Ada, Grace, Edsger +0
    ");
}

#[test]
fn who_joins_and_leaves_within_the_debounce_window_is_not_announced() {
    // Joined and left.
    insta::assert_snapshot!(announced("20:00:00 +Ada\n20:05:00 +Bob\n20:05:08 -Bob"), @"20:00:00 opened at 20:00:00 by Ada; 1 in");
    // Left and joined.
    insta::assert_snapshot!(announced("20:00:00 +Ada +Bob\n20:05:00 -Bob\n20:05:09 +Bob#2"), @"20:00:00 opened at 20:00:00 by Ada, Bob; 2 in");
    // One of several.
    insta::assert_snapshot!(announced("20:00:00 +Ada\n20:05:00 +Bob +Cem\n20:05:05 -Bob"), @"
    20:00:00 opened at 20:00:00 by Ada; 1 in
    20:05:15 Cem joined; 2 in
    ");
    // Left, and came back too late.
    insta::assert_snapshot!(announced("20:00:00 +Ada +Bob\n20:05:00 -Bob\n20:05:11 +Bob#2"), @"
    20:00:00 opened at 20:00:00 by Ada, Bob; 2 in
    20:05:10 Bob left; 1 in
    20:05:21 Bob joined; 2 in
    ");
}

#[test]
fn breakouts_second_devices_and_redelivered_events_say_nothing() {
    insta::assert_snapshot!(announced("
        20:00:00 +Ada +Bob
        20:05:00 +Ada#2
        20:06:00 -Ada
        20:07:00 +Bob=20:00:00 -Ada=20:06:00
        20:10:00 +Bob
    "), @"20:00:00 opened at 20:00:00 by Ada, Bob; 2 in");
}

#[test]
fn forty_who_join_within_five_seconds_are_one_message() {
    let joins = |second: usize| {
        let names: Vec<_> = (0..8).map(|n| format!("+P{:02}", second * 8 + n)).collect();
        format!("20:05:0{second} {}\n", names.join(" "))
    };
    let script: String = (0..5).map(joins).collect();
    let announced = announced(&format!("20:00:00 +Ada\n{script}"));
    let lines: Vec<_> = announced.lines().collect();
    assert_eq!(lines.len(), 2, "{announced}");
    assert!(lines[1].starts_with("20:05:14 P00, P01, "), "{announced}");
    assert!(lines[1].ends_with(", P39 joined; 41 in"), "{announced}");
}

#[test]
fn a_trickle_is_announced_once_a_minute() {
    let joins: String =
        (0..16).map(|n| format!("20:{:02}:{:02} +P{n:02}\n", 5 + n / 8, n % 8 * 7)).collect();
    insta::assert_snapshot!(announced(&format!("20:00:00 +Ada\n{joins}")), @"
    20:00:00 opened at 20:00:00 by Ada; 1 in
    20:05:59 P00, P01, P02, P03, P04, P05, P06, P07 joined; 9 in
    20:06:59 P08, P09, P10, P11, P12, P13, P14, P15 joined; 17 in
    ");
}

#[test]
fn an_opening_takes_along_what_gathers() {
    // Who comes with the first.
    insta::assert_snapshot!(announced("20:00:00 +Ada +Bob\n20:00:05 +Cem"), @"
    20:00:00 opened at 20:00:00 by Ada, Bob; 2 in
    20:00:15 Cem joined; 3 in
    ");
    // Who leaves shortly before the last.
    insta::assert_snapshot!(announced("20:00:00 +Ada +Bob +Cem\n20:30:00 -Cem\n20:30:04 +Dan\n20:30:08 -Ada -Bob -Dan"), @"
    20:00:00 opened at 20:00:00 by Ada, Bob, Cem; 3 in
    20:30:08 emptied: 20:00:00 to 20:30:08, peak 3, Ada, Bob, Cem, Dan +0
    ");
}

#[test]
fn a_target_hears_only_the_events_it_wants() {
    use NotifyEvent::{Ended, Joined, Left, Started};
    let script = "20:00:00 +Ada\n20:05:00 +Bob\n20:10:00 -Bob\n20:20:00 -Ada";
    let of = |events: &[NotifyEvent]| {
        announced_with(Rules { events: events.iter().copied().collect(), ..rules() }, script)
    };
    insta::assert_snapshot!(of(&[Started, Ended]), @"
    20:00:00 opened at 20:00:00 by Ada; 1 in
    20:20:00 emptied: 20:00:00 to 20:20:00, peak 2, Ada, Bob +0
    ");
    insta::assert_snapshot!(of(&[Joined, Left]), @"
    20:00:10 Ada joined; 1 in
    20:05:10 Bob joined; 2 in
    20:10:10 Bob left; 1 in
    20:20:10 Ada left; 0 in
    ");
    insta::assert_snapshot!(of(&[Left]), @"
    20:10:10 Bob left; 1 in
    20:20:10 Ada left; 0 in
    ");
    insta::assert_snapshot!(of(&[]), @"");
}

#[test]
fn the_first_start_says_nothing_of_what_was_before() {
    let mut scenario = Scenario::new(rules());
    scenario.deliver_all("20:00:00", "+Ada +Bob");
    scenario.compare(clock("20:01:00"));
    insta::assert_snapshot!(scenario.play("20:02:00 -Bob\n20:03:00 -Ada").announced(), @"
    20:02:10 Bob left; 1 in
    20:03:00 emptied: 20:00:00 to 20:03:00, peak 2, Ada, Bob +0
    ");
}

#[test]
fn a_restart_tells_what_is_fresh_and_nothing_twice() {
    let mut scenario =
        Scenario::started(rules()).play("20:00:00 +Ada +Bob +Cem\n20:30:00 -Cem").restarted();
    // Meanwhile, and long ago by the time of the start.
    scenario.deliver_all("20:40:00", "+Dan");
    scenario.deliver_all("20:55:00", "-Bob +Eve");
    scenario.compare(clock("21:00:00"));
    insta::assert_snapshot!(scenario.play("21:01:00 -Ada").restarted().play("21:02:00 +Ada#2").announced(), @"
    20:00:00 opened at 20:00:00 by Ada, Bob, Cem; 3 in
    20:30:10 Cem left; 2 in
    21:00:10 Eve joined, Bob left; 3 in
    21:01:10 Ada left; 2 in
    21:02:10 Ada joined; 3 in
    ");
}

#[test]
fn a_late_event_is_announced_while_it_is_fresh() {
    // Zoom sent again after five minutes.
    insta::assert_snapshot!(announced("20:00:00 +Ada\n20:10:00 +Bob=20:05:00"), @"
    20:00:00 opened at 20:00:00 by Ada; 1 in
    20:10:10 Bob joined; 2 in
    ");
    // An import of yesterday's.
    insta::assert_snapshot!(announced("20:00:00 +Ada\n20:10:00 +Bob=10:05:00 -Bob=11:00:00"), @"20:00:00 opened at 20:00:00 by Ada; 1 in");
    // The meeting ended, and the leaves were lost.
    insta::assert_snapshot!(announced("20:00:00 +Ada +Bob\n20:30:00 !"), @"
    20:00:00 opened at 20:00:00 by Ada, Bob; 2 in
    20:30:00 emptied: 20:00:00 to 20:30:00, peak 2, Ada, Bob +0
    ");
    // Half a day later nobody knows when they left.
    let mut scenario = Scenario::started(rules()).play("08:00:00 +Ada");
    scenario.compare(clock("20:00:00"));
    insta::assert_snapshot!(scenario.play("21:00:00 +Bob").announced(), @"
    08:00:00 opened at 08:00:00 by Ada; 1 in
    21:00:10 Bob joined; 2 in
    ");
}

#[test]
fn quiet_hours_are_never_announced() {
    let quiet =
        (QuietHours::parse("23:00-07:00").expect("hours"), Zone::built_in("UTC").expect("known"));
    let rules = Rules { quiet: Some(quiet), ..rules() };
    insta::assert_snapshot!(announced_with(rules, "
        22:50:00 +Ada +Bob
        22:59:55 +Cem
        23:30:00 -Bob
        26:00:00 -Ada -Cem
        29:00:00 +Dan
        30:59:58 +Eve
        31:00:05 +Fay
        31:30:00 -Dan -Eve -Fay
    "), @"
    22:50:00 opened at 22:50:00 by Ada, Bob; 2 in
    31:00:15 Fay joined; 3 in
    31:30:00 emptied: 29:00:00 to 31:30:00, peak 3, Dan, Eve, Fay +0
    ");
}

#[test]
fn hidden_people_leave_no_trace() {
    let script = "
        20:00:00 +Hid
        20:05:00 +Ada
        20:06:00 +Hid2
        20:07:00 +Bob
        20:20:00 -Bob
        20:30:00 -Ada
        20:40:00 -Hid -Hid2
    ";
    let published = |others| Rules { privacy: privacy(names(&["Ada", "Bob"]), others), ..rules() };
    let hidden = announced_with(published(Others::Hidden), script);
    insta::assert_snapshot!(hidden, @"
    20:05:00 opened at 20:05:00 by Ada; 1 in
    20:07:10 Bob joined; 2 in
    20:20:10 Bob left; 1 in
    20:30:00 emptied: 20:05:00 to 20:30:00, peak 2, Ada, Bob +0
    ");
    let without = "20:05:00 +Ada\n20:07:00 +Bob\n20:20:00 -Bob\n20:30:00 -Ada";
    assert_eq!(announced(without), hidden, "as if they were not there");
    // Counted: numbers, no names, and the room is open while anybody is in.
    insta::assert_snapshot!(announced_with(published(Others::Counted), script), @"
    20:00:00 opened at 20:00:00 by ; 1 in
    20:05:10 Ada joined; 2 in
    20:07:10 Bob joined; 4 in
    20:20:10 Bob left; 3 in
    20:30:10 Ada left; 2 in
    20:40:00 emptied: 20:00:00 to 20:40:00, peak 4, Ada, Bob +0
    ");
}

#[test]
fn everybody_counts_for_a_target_that_hears_of_some() {
    let script = "
        20:00:00 +Bob +Cem
        20:05:00 +Ada
        20:10:00 +Dan
        20:20:00 -Dan
        20:30:00 -Ada
        20:31:00 +Eve +Fay +Gil
    ";
    let people = vec![Name::clean("Ada").expect("a name")];
    let rules = Rules { people, ..rules() };
    insta::assert_snapshot!(announced_with(rules.clone(), script), @"
    20:05:00 opened at 20:05:00 by Ada; 3 in
    20:30:00 emptied: 20:05:00 to 20:30:00, peak 4, Ada +0
    ");
    insta::assert_snapshot!(announced_with(Rules { has_cards: true, ..rules }, script), @"
    20:05:00 card: since 20:05:00: Ada +2, peak 3, sharing: 
    20:10:10 card: since 20:05:00: Ada +3, peak 4, sharing: 
    20:20:10 card: since 20:05:00: Ada +2, peak 4, sharing: 
    20:30:00 card closed: 20:05:00 to 20:30:00, peak 4, Ada +0
    ");
}

#[test]
fn each_room_speaks_for_itself() {
    let rooms = vec![watched("11", Some(0), Some("Lounge")), watched("22", Some(1), Some("Tea"))];
    let rules = Rules { rooms, ..rules() };
    insta::assert_snapshot!(announced_with(rules.clone(), "
        20:00:00 +Ada@11 +Bob@22
        20:05:00 +Cem@11 +Dan@22
        20:06:00 +Cem@22
        20:07:00 +Eve@33
        20:30:00 -Bob@22 -Dan@22 -Cem@22
    "), @"
    20:00:00 [Lounge] opened at 20:00:00 by Ada; 1 in
    20:00:00 [Tea] opened at 20:00:00 by Bob; 1 in
    20:05:10 [Lounge] Cem joined; 2 in
    20:05:10 [Tea] Dan joined; 2 in
    20:06:10 [Tea] Cem joined; 3 in
    20:30:00 [Tea] emptied: 20:00:00 to 20:30:00, peak 3, Bob, Dan, Cem +0
    ");
    let one = Rules { rooms: rules.rooms[..1].to_vec(), ..rules };
    insta::assert_snapshot!(announced_with(one, "20:00:00 +Ada@11 +Bob@22"), @"20:00:00 [Lounge] opened at 20:00:00 by Ada; 1 in");
}
