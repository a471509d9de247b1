//! Nothing is announced twice, whatever part of the log a machine sees.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::door::rules;
use super::scenario::{Scenario, clock, show};
use crate::notify::message::{Message, MessageKind};
use crate::zoom::Name;

/// People come and go at most once each, so any line said twice is a repetition.
fn script() -> Vec<(i64, String)> {
    let mut script = Vec::new();
    for person in 0..6_i64 {
        script.push((person * 20, format!("?P{person}")));
        script.push((person * 20 + 15, format!("+P{person}")));
        script.push((200 + person * 25, format!("-P{person}")));
    }
    script.sort();
    script
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Two machines take turns; each sees its own part of the log at its own pace.
    #[test]
    fn machines_that_take_turns_and_lag_repeat_nothing(
        lags in vec((0_i64..120, 0_i64..120), 40),
        turns in vec(any::<bool>(), 40),
    ) {
        let script = script();
        let mut scenario = Scenario::started(rules());
        for (step, (lags, turn)) in (0..).zip(lags.iter().zip(&turns)) {
            let now = clock("20:00:00").plus(step * 11);
            let lag = if *turn { lags.0 } else { lags.1 };
            let mut machine = Scenario::new(rules());
            for (second, delivery) in script.iter().filter(|(second, _)| *second <= step * 11 - lag) {
                let time = show(clock("20:00:00").plus(*second));
                machine.deliver_all(&time, delivery);
            }
            scenario.compare_with(&machine.presence(now), now);
        }
        let mut facts = BTreeMap::new();
        for fact in scenario.messages.iter().flat_map(|(_, message)| facts_of(message)) {
            *facts.entry(fact).or_insert(0) += 1;
        }
        prop_assert!(facts.values().all(|times| *times == 1), "{facts:?}\n{}", scenario.announced());
    }
}

/// What a message says, each fact as a word and a name.
fn facts_of(message: &Message) -> Vec<(&'static str, String)> {
    let each = |word: &'static str, names: &[Name]| -> Vec<_> {
        names.iter().map(|name| (word, name.to_string())).collect()
    };
    match &message.kind {
        MessageKind::Moves { joined, left, .. } => {
            [each("joined", joined), each("left", left)].concat()
        }
        MessageKind::Started { by, .. } => {
            [each("joined", by), vec![("opened", String::new())]].concat()
        }
        MessageKind::Ended(_) => vec![("emptied", String::new())],
        MessageKind::Sharing { started, stopped } => {
            [each("shares", started), each("stopped", stopped)].concat()
        }
        MessageKind::Waiting(waiting) => each("waits", &waiting.names),
        MessageKind::Stranger { joined, .. } => each("stranger", joined),
        MessageKind::Test => Vec::new(),
    }
}
