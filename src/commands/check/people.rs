//! Who may appear, and where: settings that are valid but may be mistakes.

use std::collections::BTreeSet;

use anyhow::Result;

use super::{Context, Finding};
use crate::app::counted::counted;
use crate::config::{Person, Privacy, PublishList, StaleAfter, suggest_name};
use crate::zoom::Name;

/// At most this many names get a finding each.
const MAX_NAMED: usize = 5;

/// Reports who may appear. An empty list is valid, but rarely intended.
pub(super) fn publish(context: &Context<'_>) -> Vec<Finding> {
    vec![match &context.settings.privacy.publish {
        PublishList::Everybody => Finding::ok("publish", "everybody may appear"),
        PublishList::Only(names) if names.is_empty() => Finding::warning(
            "publish",
            "nobody may appear yet; list names in `privacy.publish`, or `[\"*\"]` for everybody",
        ),
        PublishList::Only(names) => {
            let names = counted(names.len() as u64, "name", "names");
            Finding::ok("publish", format!("{names} may appear"))
        }
    }]
}

/// Reports names of `[privacy]` that nobody has had so far: a misspelt name in `publish` hides a
/// person, one in `hide` shows a person.
pub(super) fn never_seen(context: &Context<'_>) -> Vec<Finding> {
    let Privacy { publish, hide, .. } = &context.settings.privacy;
    if *publish == PublishList::Everybody && hide.is_empty() {
        return Vec::new();
    }
    // Another check reports a journal that can't be read.
    let Ok(seen) = Seen::of(context) else { return Vec::new() };
    if seen.shown.is_empty() {
        return Vec::new();
    }
    let mut lines = Vec::new();
    if let PublishList::Only(names) = publish {
        let never = names.iter().filter(|name| !seen.shown.contains(*name) && !hide.names(name));
        let may_be_meant = |seen: &&Name| !names.contains(*seen) && !hide.names(seen);
        let others: Vec<_> = seen.shown.iter().filter(may_be_meant).map(Name::as_str).collect();
        lines.extend(never.take(MAX_NAMED).map(|name| unseen("publish", name, &others)));
    }
    let never = hide.typed().filter(|name| !seen.all.contains(&*name.comparable()));
    let never = never.filter(|name| name.telephone_mask().is_none());
    let shown = seen.shown.iter().filter(|seen| context.settings.privacy.allows(seen));
    let shown: Vec<_> = shown.map(Name::as_str).collect();
    lines.extend(never.take(MAX_NAMED).map(|name| unseen("hide", name, &shown)));
    lines
}

fn unseen(key: &'static str, name: &Name, others: &[&str]) -> Finding {
    let hint = match suggest_name(name.as_str(), others.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "write it as Zoom shows it, including upper and lower case; `lookout who` lists all names"
            .to_owned(),
    };
    let text = format!("`{name}` in `privacy.{key}` has not been seen so far; {hint}");
    Finding::warning("publish", text)
}

/// The names that this machine has seen, in the form in which names are compared.
struct Seen {
    /// Names that pages show, if they are published.
    shown: BTreeSet<Name>,
    /// These, and all names that Zoom reported.
    all: BTreeSet<Name>,
}

impl Seen {
    fn of(context: &Context<'_>) -> Result<Self> {
        let mut log = context.log()?;
        let compared = |name: &Name| name.comparable().into_owned();
        let people = log.presence(context.now)?.people;
        let shown: BTreeSet<_> = people.iter().map(|person| compared(&person.name)).collect();
        let all = shown.iter().cloned().chain(log.names().map(compared)).collect();
        Ok(Self { shown, all })
    }
}

/// Reports names that are both published and hidden.
pub(super) fn hidden(context: &Context<'_>) -> Vec<Finding> {
    let Privacy { publish: PublishList::Only(names), hide, .. } = &context.settings.privacy else {
        return Vec::new();
    };
    let both = names.iter().filter(|name| hide.names(name));
    let line = |name: &Name| {
        let text = format!(
            "`{name}` is in `privacy.publish` and hidden by `privacy.hide`; hiding wins, so take it out of one of the two"
        );
        Finding::warning("publish", text)
    };
    both.take(MAX_NAMED).map(line).collect()
}

/// Reports which rooms are shown.
pub(super) fn rooms(context: &Context<'_>) -> Vec<Finding> {
    let rooms = &context.settings.rooms;
    if rooms.is_empty() {
        return vec![Finding::ok("rooms", "none configured, so all meetings count as one room")];
    }
    let shown = rooms.iter().map(|room| match room.stale_after {
        None => format!("{} ({})", room.name, room.meeting_id),
        Some(own) => format!("{} ({}, {})", room.name, room.meeting_id, stale(own)),
    });
    vec![Finding::ok("rooms", shown.collect::<Vec<_>>().join(", "))]
}

fn stale(after: StaleAfter) -> String {
    match after {
        StaleAfter::Never => "never stale".to_owned(),
        StaleAfter::Silence(silence) => {
            format!("stale after {}", humantime::format_duration(silence))
        }
    }
}

/// Checks `[[people]]`: an alias in `privacy.publish` publishes nobody.
pub(super) fn merged(context: &Context<'_>) -> Vec<Finding> {
    let settings = context.settings;
    let aliases = settings.people.iter().filter_map(|person| {
        let alias = published_alias(person, &settings.privacy.publish)?;
        let advice = format!(
            "`{alias}` in `privacy.publish` is an alias; write `{}`, the name that is shown",
            person.name
        );
        Some(Finding::problem("people", advice))
    });
    let lines: Vec<_> = aliases.collect();
    match (lines.is_empty(), settings.people.len()) {
        (false, _) => lines,
        (true, 0) => Vec::new(),
        (true, number) => {
            let text =
                format!("{} with several names or ids", counted(number as u64, "entry", "entries"));
            vec![Finding::ok("people", text)]
        }
    }
}

/// The alias of `person` that `privacy.publish` lists by mistake.
fn published_alias<'a>(person: &'a Person, publish: &PublishList) -> Option<&'a str> {
    if publish.names(&person.name) {
        return None;
    }
    let alias = person.aliases.iter().find(|alias| publish.names(alias));
    alias.map(|alias| alias.as_str())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Environment, parse};
    use crate::time::moment::Moment;

    #[test]
    fn the_findings_say_what_the_page_will_show() {
        const ADA: &str = "[[people]]\nname = 'Ada Lovelace'\naliases = ['Ada']\n";
        #[rustfmt::skip]
        let cases: [(&str, String, super::super::Check, &str); 10] = [
            // what is special     settings                                        check    line
            ("nobody",             String::new(),                                  publish, "! publish   nobody may appear yet; list names in `privacy.publish`, or `[\"*\"]` for everybody"),
            ("everybody",          "[privacy]\npublish = ['*']".into(),            publish, "✓ publish   everybody may appear"),
            ("one name",           "[privacy]\npublish = ['Ada']".into(),          publish, "✓ publish   1 name may appear"),
            ("published and hidden", "[privacy]\npublish = ['Ada']\nhide = ['Ada']".into(), hidden, "! publish   `Ada` is in `privacy.publish` and hidden by `privacy.hide`; hiding wins, so take it out of one of the two"),
            ("no room",            String::new(),                                  rooms,   "✓ rooms     none configured, so all meetings count as one room"),
            ("a room",             "[[rooms]]\nmeeting_id = '1'\nname = 'A'".into(), rooms, "✓ rooms     A (1)"),
            ("its own patience",  "[[rooms]]\nmeeting_id = '1'\nname = 'A'\nstale_after = '90m'".into(), rooms, "✓ rooms     A (1, stale after 1h 30m)"),
            ("always open",       "[[rooms]]\nmeeting_id = '1'\nname = 'A'\nstale_after = 'never'".into(), rooms, "✓ rooms     A (1, never stale)"),
            ("an alias published", format!("{ADA}[privacy]\npublish = ['Ada']"),   merged,  "✗ people    `Ada` in `privacy.publish` is an alias; write `Ada Lovelace`, the name that is shown"),
            ("the name published", format!("{ADA}[privacy]\npublish = ['Ada Lovelace']"), merged, "✓ people    1 entry with several names or ids"),
        ];
        for (what, text, check, expected) in cases {
            let settings = parse(&text, Path::new("a.toml"), &Environment::default());
            let settings = settings.expect(what);
            let now = Moment::from_seconds(0);
            let context = Context { settings: &settings, now };
            assert_eq!(check(&context)[0].to_string(), expected, "{what}");
        }
    }
}
