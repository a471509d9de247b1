//! What was seen, as lines for lookout.toml: whom to publish, who is one person, which rooms there are.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::alias;
use crate::commands::quoted::quoted;
use crate::commands::standing::{NUMBER_WARNING, Shown, Standing};
use crate::config::{Person, PublishList, Settings};
use crate::generator::{NameSeen, Seen};
use crate::zoom::Name;

/// A name that was seen, and what the settings say of it.
type Judged<'a> = (&'a NameSeen, Standing<'a>);

/// Names that are probably one person's.
struct Group<'a> {
    /// The name to show.
    name: &'a Name,
    /// The other names that `[[people]]` does not have yet.
    aliases: Vec<&'a Name>,
    /// The entry that they belong to, if there is one.
    entry: Option<&'a Person>,
    accounts: BTreeSet<&'a str>,
    /// The hidden one of them, if there is one.
    hidden: Option<&'a Name>,
    /// The others then: they may be the same person.
    beside_hidden: Vec<&'a Name>,
}

/// The lines; empty if the settings have everybody and every meeting.
pub(super) fn lines(seen: &Seen, settings: &Settings) -> String {
    let groups = groups(seen, settings);
    let parts =
        [publish(&groups, settings), people(&groups), rooms(seen, settings), hidden(&groups)];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Groups the names of all who were let in. Each entry of `[[people]]` is a person of its own; a name
/// without one joins those that have the same core.
fn groups<'a>(seen: &'a Seen, settings: &'a Settings) -> Vec<Group<'a>> {
    let visitors = seen.names.iter().filter(|name| name.visits > 0);
    let judged = visitors.map(|name| (name, Standing::of(&name.name, &name.accounts, settings)));
    let (of_entries, others): (Vec<Judged<'_>>, Vec<_>) =
        judged.partition(|(_, standing)| standing.entry.is_some());
    let mut groups = BTreeMap::<(String, Option<&Name>), Vec<Judged<'_>>>::new();
    for (name, standing) in of_entries {
        let entry = standing.entry.map(|entry| &entry.name);
        let core = alias::core(entry.unwrap_or(&name.name));
        groups.entry((core, entry)).or_default().push((name, standing));
    }
    for (name, standing) in others {
        if counts_with_account(name, settings) {
            continue;
        }
        let key = (alias::core(&name.name), None);
        let alike = groups.range_mut(key.clone()..).take_while(|((core, _), _)| *core == key.0);
        // Of several, one with a hidden name: publishing this name might show that person.
        let best = alike.min_by_key(|(_, names)| !names.iter().any(is_hidden));
        match best {
            Some((_, names)) => names.push((name, standing)),
            None => {
                groups.insert(key, vec![(name, standing)]);
            }
        }
    }
    groups.into_values().map(|names| group(&names)).collect()
}

fn is_hidden((_, standing): &Judged<'_>) -> bool {
    standing.shown == Shown::Hidden
}

/// Whether it is a name of an entry that only accounts belong to, and came without.
fn counts_with_account(seen: &NameSeen, settings: &Settings) -> bool {
    let mut entries = settings.people.iter().filter(|person| !person.zoom_user_ids.is_empty());
    entries.any(|person| person.all_names().any(|name| name.comparable() == seen.name.comparable()))
}

fn group<'a>(names: &[Judged<'a>]) -> Group<'a> {
    let entry = names.iter().find_map(|(_, standing)| standing.entry);
    let best = |(name, _): &&Judged<'_>| (alias::is_plain(&name.name), name.visits);
    // Of equal ones, the first by name.
    let plainest = names.iter().rev().max_by_key(best).map(|(name, _)| &name.name);
    let name = entry.map(|entry| &entry.name).or(plainest).expect("a group has a name");
    // Where accounts count, names do not.
    let has_accounts = entry.is_some_and(|entry| !entry.zoom_user_ids.is_empty());
    let is_new = |(other, standing): &&Judged<'_>| {
        !has_accounts && standing.entry.is_none() && other.name != *name
    };
    let (hidden, others): (Vec<_>, Vec<_>) = names.iter().partition(|name| is_hidden(name));
    Group {
        name,
        aliases: names.iter().filter(is_new).map(|(other, _)| &other.name).collect(),
        entry,
        accounts: names.iter().flat_map(|(name, _)| &name.accounts).map(String::as_str).collect(),
        hidden: hidden.first().map(|(name, _)| &name.name),
        beside_hidden: others.iter().map(|(name, _)| &name.name).collect(),
    }
}

fn publish(groups: &[Group<'_>], settings: &Settings) -> String {
    let PublishList::Only(published) = &settings.privacy.publish else { return String::new() };
    let shown = groups.iter().filter(|group| group.hidden.is_none()).map(|group| group.name);
    let is_new = |name: &&Name| Shown::of(name, &settings.privacy) == Shown::Unpublished;
    let new: Vec<&Name> = shown.filter(is_new).collect();
    if new.is_empty() {
        return String::new();
    }
    let mut text = "# In the section [privacy], in the place of `publish`. Leave out whom the page should not show.\n\
        publish = [\n"
        .to_owned();
    for name in published.iter().chain(new) {
        let line = format!("{},", quoted(name.as_str()));
        let is_number = name.telephone_mask().is_some() && !published.contains(name);
        match is_number {
            true => put(&mut text, format_args!("    # {line} {NUMBER_WARNING}\n")),
            false => put(&mut text, format_args!("    {line}\n")),
        }
    }
    text + "]\n"
}

fn people(groups: &[Group<'_>]) -> String {
    let several: Vec<_> =
        groups.iter().filter(|group| group.hidden.is_none() && !group.aliases.is_empty()).collect();
    let mut text = String::new();
    for Group { name, aliases, accounts, .. } in
        several.iter().filter(|group| group.entry.is_none())
    {
        if text.is_empty() {
            text +=
                "# At the end of the file. Each entry is probably one person; correct it if not.\n";
        }
        let aliases = list(aliases.iter().map(|alias| alias.as_str()));
        let name = quoted(name.as_str());
        put(&mut text, format_args!("[[people]]\nname = {name}\naliases = {aliases}\n"));
        if !accounts.is_empty() {
            let accounts = list(accounts.iter().copied());
            put(
                &mut text,
                format_args!("# zoom_user_ids = {accounts} # then only these accounts count\n"),
            );
        }
    }
    // An entry may have more than names, so it is not printed anew.
    for Group { aliases, entry, .. } in several {
        let Some(entry) = entry else { continue };
        let all = entry.aliases.iter().chain(aliases.iter().copied()).map(Name::as_str);
        let (name, all) = (quoted(entry.name.as_str()), list(all));
        put(
            &mut text,
            format_args!(
                "# In the entry of {name}, in the place of its `aliases`:\n# aliases = {all}\n"
            ),
        );
    }
    text
}

fn rooms(seen: &Seen, settings: &Settings) -> String {
    let is_known = |number: &str| settings.rooms.iter().any(|room| room.meeting_id == number);
    let is_number = |number: &str| number.bytes().all(|byte| byte.is_ascii_digit());
    let new = seen.meetings.iter().filter(|meeting| {
        meeting.visits > 0 && is_number(&meeting.number) && !is_known(&meeting.number)
    });
    let is_free = |ordinal: &usize| {
        let (name, slug) = (format!("Room {ordinal}"), format!("room-{ordinal}"));
        settings.rooms.iter().all(|room| room.name != name && room.slug.as_str() != slug)
    };
    let mut text = String::new();
    for (meeting, ordinal) in new.zip((1..).filter(is_free)) {
        if text.is_empty() {
            text +=
                "# At the end of the file. The name of a room is published, its topic never is.\n";
        }
        let topic = meeting.topic.as_deref().map(|topic| format!(" # topic: {}", quoted(topic)));
        put(
            &mut text,
            format_args!(
                "[[rooms]]\nmeeting_id = {}\nname = \"Room {ordinal}\"{}\n",
                quoted(&meeting.number),
                topic.unwrap_or_default()
            ),
        );
    }
    text
}

/// Names that look like those of hidden people: publishing one would show them.
fn hidden(groups: &[Group<'_>]) -> String {
    let mut text = String::new();
    for group in groups {
        let Some(hidden) = group.hidden.map(|name| quoted(name.as_str())) else { continue };
        for other in group.beside_hidden.iter().map(|name| quoted(name.as_str())) {
            put(
                &mut text,
                format_args!(
                    "# {other} looks like {hidden}, who is hidden; if so, add it to `privacy.hide`.\n"
                ),
            );
        }
    }
    text
}

/// `texts` as a list of TOML.
fn list<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    format!("[{}]", texts.map(quoted).collect::<Vec<_>>().join(", "))
}

fn put(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.write_fmt(what).expect("a String takes anything");
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Environment, parse};
    use crate::time::moment::Moment;

    #[test]
    fn each_entry_is_a_person_of_its_own() {
        const SAMS: &str = "[[people]]\nname = 'Sam'\n[[people]]\nname = 'Sam (Berlin)'\n";
        const HIDDEN: &str = "[[people]]\nname = 'Sam'\n[[people]]\nname = 'Sam (Berlin)'\n\
            [privacy]\nhide = ['Sam (Berlin)']\n";
        const MASK: &str = "[privacy]\npublish = ['•••••••••43']\n";
        #[rustfmt::skip]
        let cases = [
            // what is special                settings  seen                                        to publish                aliases
            ("two entries of one core",       SAMS,     vec!["Sam", "Sam (Berlin)"],                vec!["Sam", "Sam (Berlin)"], ""),
            ("a further name",                SAMS,     vec!["Sam", "Sam (Berlin)", "Sam's phone"], vec!["Sam", "Sam (Berlin)"], r#"["Sam's phone"]"#),
            ("only the other entry was seen", SAMS,     vec!["Sam (Berlin)", "Sam's phone"],        vec!["Sam (Berlin)"],        r#"["Sam's phone"]"#),
            ("no entry",                      "",       vec!["Sam", "Sam (Berlin)"],                vec!["Sam"],                 r#"["Sam (Berlin)"]"#),
            ("callers of one ending",         "",       vec!["+••• ••• ••43", "•••••••••43"],       vec!["+••• ••• ••43", "•••••••••43"], ""),
            ("one core with a hidden entry",  HIDDEN,   vec!["Sam", "Sam (Berlin)", "Sam's phone"], vec!["Sam"], ""),
            ("a caller whose mask is published", MASK,  vec!["12025550143"],                        vec![], ""),
        ];
        for (what, text, names, expected, aliases) in cases {
            let settings = parse(text, Path::new("a.toml"), &Environment::default()).expect(what);
            let name = |text: &str| NameSeen {
                name: Name::clean(text).expect("a name"),
                last_seen: Moment::from_seconds(0),
                visits: 1,
                inside: Vec::new(),
                accounts: Vec::new(),
            };
            let seen = Seen { names: names.into_iter().map(name).collect(), ..Seen::default() };
            let lines = lines(&seen, &settings);
            let published = lines.lines().filter_map(|line| line.strip_prefix("    \""));
            let published: Vec<_> = published.filter_map(|line| line.strip_suffix("\",")).collect();
            assert_eq!(published, expected, "{what}");
            let found = lines.lines().find_map(|line| line.split("aliases = ").nth(1));
            assert_eq!(found.unwrap_or_default(), aliases, "{what}");
        }
    }
}
