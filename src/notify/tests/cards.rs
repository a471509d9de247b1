//! A target with cards.

use super::scenario::{Scenario, clock, rules};
use crate::config::notify::QuietHours;
use crate::notify::difference::Rules;
use crate::time::zone::Zone;

fn with_cards() -> Rules {
    Rules { has_cards: true, ..rules() }
}

#[test]
fn a_card_is_posted_edited_and_closed() {
    let scenario = Scenario::started(with_cards()).play(
        "
        20:00:00 +Ada
        20:00:05 +Grace
        20:00:12 +Edsger
        20:20:00 -Grace
        20:20:05 +Grace#2
        20:30:00 +Bob
        20:30:04 -Ada -Grace#2 -Edsger -Bob
    ",
    );
    insta::assert_snapshot!(scenario.announced(), @"
    20:00:00 card: since 20:00:00: Ada +0, peak 1, sharing: 
    20:00:15 card: since 20:00:00: Ada, Grace, Edsger +0, peak 3, sharing: 
    20:20:10 card: since 20:00:00: Ada, Edsger, Grace +0, peak 3, sharing: 
    20:30:04 card closed: 20:00:00 to 20:30:04, peak 4, Ada, Grace, Edsger, Bob +0
    ");
}

#[test]
fn an_opening_without_a_card_gets_messages() {
    // It was open before the first start.
    let mut scenario = Scenario::new(with_cards());
    scenario.deliver_all("20:00:00", "+Ada");
    scenario.compare(clock("20:01:00"));
    insta::assert_snapshot!(scenario.play("20:02:00 +Bob\n20:03:00 -Ada -Bob\n20:10:00 +Ada#2").announced(), @"
    20:02:10 Bob joined; 2 in
    20:03:00 emptied: 20:00:00 to 20:03:00, peak 2, Ada, Bob +0
    20:10:00 card: since 20:10:00: Ada +0, peak 1, sharing:
    ");
    // It opened in quiet hours.
    let quiet =
        (QuietHours::parse("23:00-07:00").expect("hours"), Zone::built_in("UTC").expect("known"));
    let rules = Rules { quiet: Some(quiet), ..with_cards() };
    insta::assert_snapshot!(Scenario::started(rules).play("30:50:00 +Ada\n31:10:00 +Bob\n31:20:00 -Ada -Bob").announced(), @"
    31:10:10 Bob joined; 2 in
    31:20:00 emptied: 30:50:00 to 31:20:00, peak 2, Ada, Bob +0
    ");
}

#[test]
fn a_card_is_edited_in_quiet_hours_and_closed_however_late() {
    let quiet =
        (QuietHours::parse("23:00-07:00").expect("hours"), Zone::built_in("UTC").expect("known"));
    let rules = Rules { quiet: Some(quiet), ..with_cards() };
    let mut scenario = Scenario::started(rules).play("22:50:00 +Ada\n23:10:00 +Bob");
    scenario.deliver_all("23:30:00", "-Ada -Bob");
    scenario.compare(clock("33:00:00"));
    insta::assert_snapshot!(scenario.announced(), @"
    22:50:00 card: since 22:50:00: Ada +0, peak 1, sharing: 
    23:10:10 card: since 22:50:00: Ada, Bob +0, peak 2, sharing: 
    33:00:00 card closed: 22:50:00 to 23:30:00, peak 2, Ada, Bob +0
    ");
}

#[test]
fn messages_replace_refused_cards_for_a_while() {
    let mut scenario = Scenario::started(with_cards());
    let state = scenario.state.as_mut().expect("it looked");
    state.cards_paused_until = Some(clock("21:00:00"));
    insta::assert_snapshot!(scenario.play("20:00:00 +Ada\n20:30:00 -Ada\n21:10:00 +Ada#2").announced(), @"
    20:00:00 opened at 20:00:00 by Ada; 1 in
    20:30:00 emptied: 20:00:00 to 20:30:00, peak 1, Ada +0
    21:10:00 card: since 21:10:00: Ada +0, peak 1, sharing:
    ");
}
