//! The time zone rules: where they come from, and whether they are outdated.

use super::{Context, Finding};
use crate::config::ZoneRules;
use crate::config::zones::{RulesSource, TzdbVersion, WhyBuiltIn};
use crate::time::moment::Moment;
use crate::time::zone::Zone;

/// Rules that were released longer ago are doubtful, in seconds: in most years some government
/// changes its clocks.
const MAX_AGE_S: i64 = 365 * 86_400;

/// When versions of tzdb were released (from its `NEWS` file), up to the one that is compiled in.
/// Older ones are outdated at any time that the clock check accepts.
const RELEASES: [(&str, &str); 9] = [
    ("2025a", "2025-01-15T18:47:24Z"),
    ("2025b", "2025-03-22T20:40:46Z"),
    ("2025c", "2025-12-10T22:42:37Z"),
    ("2026a", "2026-03-02T06:59:49Z"),
    ("2026b", "2026-04-23T06:06:43Z"),
    ("2026c", "2026-07-08T17:23:58Z"),
    ("2026d", "2026-09-11T22:21:07Z"),
    ("2026e", "2026-09-30T00:14:38Z"),
    ("2026f", "2026-10-28T06:16:49Z"),
];

/// Says which rules the site's times follow.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let settings = context.settings;
    vec![judge(&settings.site.time_zone, &settings.origin.zone_rules, context.now)]
}

fn judge(zone: &Zone, rules: &ZoneRules, now: Moment) -> Finding {
    let text = format!("{}, by the rules of {rules}", zone.name());
    if let Some(problem) = rules.problem(zone) {
        return Finding::warning("zone", format!("{text}: {problem}"));
    }
    let is_old = |version: &TzdbVersion| is_over_a_year_old(version, now);
    match &rules.source {
        RulesSource::System if rules.version.as_ref().is_some_and(is_old) => Finding::warning(
            "zone",
            format!("{text}, which are over a year old; upgrade the system's `tzdata`"),
        ),
        RulesSource::BuiltIn(WhyBuiltIn::Older(version)) if is_old(version) => Finding::warning(
            "zone",
            format!(
                "{text}, over a year old; upgrade the system's `tzdata`, which other programs go by"
            ),
        ),
        RulesSource::BuiltIn(_) if rules.version.as_ref().is_some_and(is_old) => Finding::warning(
            "zone",
            format!(
                "{text}, which are over a year old; install the system's `tzdata`, or upgrade Lookout"
            ),
        ),
        _ => Finding::ok("zone", text),
    }
}

/// Whether `version` was released more than a year before `now`. Of one newer than this program only
/// the year is known, so its last day counts.
fn is_over_a_year_old(version: &TzdbVersion, now: Moment) -> bool {
    let listed = RELEASES.iter().find(|(name, _)| *name == version.as_str());
    let is_newer = RELEASES.last().is_some_and(|(name, _)| version.as_str() > *name);
    let released = match listed {
        Some((_, date)) => Moment::parse_rfc3339(date),
        None if is_newer => {
            Moment::parse_rfc3339(&format!("{:04}-12-31T23:59:59Z", version.year()))
        }
        None => None,
    };
    released.is_none_or(|released| now.since(released) > MAX_AGE_S)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::zone::BUILT_IN_VERSION;

    fn version(text: &str) -> TzdbVersion {
        TzdbVersion::parse(text).expect("a version")
    }

    #[test]
    fn the_release_date_of_the_rules_compiled_in_is_known() {
        let (last, _) = RELEASES[RELEASES.len() - 1];
        assert_eq!(last, BUILT_IN_VERSION, "add the date of each release since to `RELEASES`");
        assert!(RELEASES.is_sorted());
        assert!(RELEASES.iter().all(|(_, date)| Moment::parse_rfc3339(date).is_some()));
    }

    #[test]
    fn each_kind_of_rules_is_named_and_old_ones_are_doubted() {
        use RulesSource::{BuiltIn, System};
        use WhyBuiltIn::{Absent, Older, Unusable};
        let zone = Zone::built_in("Europe/Istanbul").expect("known");
        let unusable = || BuiltIn(Unusable("it is not a regular file".to_owned()));
        #[rustfmt::skip]
        let cases = [
            // version     source                          TZDIR   now
            (Some("2026f"), System,                        false, "2026-11-27T00:00:00Z"),
            (Some("2025b"), System,                        true,  "2026-03-22T00:00:00Z"),
            (Some("2025b"), System,                        true,  "2026-03-23T00:00:00Z"),
            (Some("2019c"), System,                        true,  "2026-11-27T00:00:00Z"),
            (Some("2028b"), System,                        false, "2029-12-31T00:00:00Z"),
            (Some("2028b"), System,                        false, "2030-01-01T00:00:00Z"),
            (None,          System,                        false, "2036-11-27T00:00:00Z"),
            (Some("2026f"), BuiltIn(Absent),               false, "2026-11-27T00:00:00Z"),
            (Some("2026f"), BuiltIn(Absent),               false, "2027-11-27T00:00:00Z"),
            (Some("2026f"), BuiltIn(Absent),               true,  "2026-11-27T00:00:00Z"),
            (Some("2026f"), BuiltIn(Older(version("2026a"))), false, "2026-11-27T00:00:00Z"),
            (Some("2026f"), BuiltIn(Older(version("2025b"))), false, "2026-11-27T00:00:00Z"),
            (Some("2026f"), unusable(),                    false, "2026-11-27T00:00:00Z"),
        ];
        let lines = cases.map(|(text, source, is_chosen, now)| {
            let version = text.map(version);
            let directory = Some("/zones".into());
            let rules = ZoneRules { version, source, directory, is_chosen };
            let now = Moment::parse_rfc3339(now).expect("a moment");
            judge(&zone, &rules, now).to_string()
        });
        insta::assert_snapshot!(lines.join("\n"));
    }
}
