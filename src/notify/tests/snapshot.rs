//! A snapshot holds less than the whole roster, and leads to the same messages.

use proptest::collection::vec;
use proptest::prelude::*;

use super::scenario::{Scenario, clock, names, privacy, rules, show};
use crate::config::Others;
use crate::notify::difference::{Rules, compare};
use crate::notify::snapshot::recent;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_recent_part_of_a_presence_says_what_the_whole_would(
        steps in vec((0_i64..900, 0_usize..5, any::<bool>()), 1..60),
        is_hidden in any::<bool>(),
    ) {
        let rules = match is_hidden {
            true => Rules { privacy: privacy(names(&["P0", "P1"]), Others::Hidden), ..rules() },
            false => rules(),
        };
        let mut scenario = Scenario::started(rules.clone());
        let mut now = clock("8:00:00");
        for (pause, person, joins) in steps {
            now = now.plus(pause);
            let sign = if joins { '+' } else { '-' };
            scenario.deliver_all(&show(now), &format!("{sign}P{person}"));
            let whole = scenario.presence(now);
            let by_whole = compare(scenario.state.as_ref(), &whole, &rules, now);
            let by_recent = compare(scenario.state.as_ref(), &recent(&whole, now), &rules, now);
            prop_assert_eq!(&by_recent.messages, &by_whole.messages);
            prop_assert_eq!(by_recent.compare_at, by_whole.compare_at);
            scenario.state = Some(by_recent.state);
        }
    }
}
