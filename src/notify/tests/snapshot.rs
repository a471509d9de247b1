//! What is handed to the targets is less than the whole, and says the same.

use proptest::collection::vec;
use proptest::prelude::*;

use super::stage::{Stage, clock, names, privacy, rules, show};
use crate::config::Others;
use crate::notify::digest::{Rules, digest};
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
        let mut stage = Stage::begun(rules.clone());
        let mut now = clock("8:00:00");
        for (pause, person, joins) in steps {
            now = now.plus(pause);
            let sign = if joins { '+' } else { '-' };
            stage.deliver_all(&show(now), &format!("{sign}P{person}"));
            let whole = stage.presence(now);
            let by_whole = digest(stage.told.as_ref(), &whole, &rules, now);
            let by_recent = digest(stage.told.as_ref(), &recent(&whole, now), &rules, now);
            prop_assert_eq!(&by_recent.messages, &by_whole.messages);
            prop_assert_eq!(by_recent.look_at, by_whole.look_at);
            stage.told = Some(by_recent.told);
        }
    }
}
