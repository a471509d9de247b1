//! Who may appear, and where: settings that are valid and may still surprise.

use std::collections::BTreeSet;

use anyhow::Result;

use super::{Context, Line};
use crate::commands::counted::counted;
use crate::config::{Person, PublishList, StaleAfter, suggest};
use crate::generator::Log;
use crate::zoom::Name;

/// At most so many names are told one by one.
const NAMED: usize = 5;

/// Tells who may appear; nobody is no fault, but hardly meant.
pub(super) fn publish(context: &Context<'_>) -> Vec<Line> {
    vec![match &context.settings.privacy.publish {
        PublishList::Everybody => Line::fine("publish", "everybody may appear"),
        PublishList::Only(names) if names.is_empty() => Line::look(
            "publish",
            "nobody may appear yet; list names in `privacy.publish`, or `[\"*\"]` for everybody",
        ),
        PublishList::Only(names) => {
            let names = counted(names.len() as u64, "name", "names");
            Line::fine("publish", format!("{names} may appear"))
        }
    }]
}

/// Names in `publish` that nobody had so far: a slip hides somebody.
pub(super) fn never_seen(context: &Context<'_>) -> Vec<Line> {
    let PublishList::Only(names) = &context.settings.privacy.publish else { return Vec::new() };
    // A journal that can't be read has a line of its own.
    let seen = seen(context).unwrap_or_default();
    if seen.is_empty() {
        return Vec::new();
    }
    let never = names.iter().filter(|name| !seen.contains(*name));
    let line = |name: &Name| {
        let others = seen.iter().filter(|seen| !names.contains(*seen)).map(Name::as_str);
        let hint = match suggest(name.as_str(), others) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "write it as Zoom shows it, upper and lower case too".to_owned(),
        };
        Line::look("publish", format!("`{name}` was never seen so far; {hint}"))
    };
    never.take(NAMED).map(line).collect()
}

/// The names of everybody who was ever seen, as they are compared, as far as this machine knows.
fn seen(context: &Context<'_>) -> Result<BTreeSet<Name>> {
    let mut log = Log::open(context.settings, None)?;
    log.catch_up(context.now)?;
    let people = log.presence(context.now)?.people;
    Ok(people.into_iter().map(|person| person.name.comparable().into_owned()).collect())
}

/// Tells which rooms are shown.
pub(super) fn rooms(context: &Context<'_>) -> Vec<Line> {
    let rooms = &context.settings.rooms;
    if rooms.is_empty() {
        return vec![Line::fine("rooms", "none named, so every meeting counts as one room")];
    }
    let shown = rooms.iter().map(|room| match room.stale_after {
        None => format!("{} ({})", room.name, room.meeting_id),
        Some(own) => format!("{} ({}, {})", room.name, room.meeting_id, stale(own)),
    });
    vec![Line::fine("rooms", shown.collect::<Vec<_>>().join(", "))]
}

fn stale(after: StaleAfter) -> String {
    match after {
        StaleAfter::Never => "never stale".to_owned(),
        StaleAfter::Silence(silence) => {
            format!("stale after {}", humantime::format_duration(silence))
        }
    }
}

/// Examines `[[people]]`: an alias in `publish` publishes nobody.
pub(super) fn merged(context: &Context<'_>) -> Vec<Line> {
    let settings = context.settings;
    let aliases = settings.people.iter().filter_map(|person| {
        let alias = published_alias(person, &settings.privacy.publish)?;
        let advice = format!(
            "`{alias}` in `privacy.publish` is an alias; write `{}`, the name that is shown",
            person.name
        );
        Some(Line::wrong("people", advice))
    });
    let lines: Vec<_> = aliases.collect();
    match (lines.is_empty(), settings.people.len()) {
        (false, _) => lines,
        (true, 0) => Vec::new(),
        (true, number) => {
            let text =
                format!("{} with several names or ids", counted(number as u64, "entry", "entries"));
            vec![Line::fine("people", text)]
        }
    }
}

/// The alias under which `person` was published by mistake.
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
    fn the_lines_tell_what_the_page_will_show() {
        const ADA: &str = "[[people]]\nname = 'Ada Lovelace'\naliases = ['Ada']\n";
        #[rustfmt::skip]
        let cases: [(&str, String, super::super::Check, &str); 9] = [
            // what is special     settings                                        check    line
            ("nobody",             String::new(),                                  publish, "! publish   nobody may appear yet; list names in `privacy.publish`, or `[\"*\"]` for everybody"),
            ("everybody",          "[privacy]\npublish = ['*']".into(),            publish, "✓ publish   everybody may appear"),
            ("one name",           "[privacy]\npublish = ['Ada']".into(),          publish, "✓ publish   1 name may appear"),
            ("no room",            String::new(),                                  rooms,   "✓ rooms     none named, so every meeting counts as one room"),
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
