//! `[[people]]`

use std::collections::BTreeMap;

use crate::config::section::{Places, Section};
use crate::config::{Note, Person, values};

/// One person; `None` without a name.
pub(in crate::config) fn read(section: &mut Section<'_>) -> Option<Person> {
    let name = section.required("name", "the name to show, such as `name = \"Ada\"`", values::name);
    let aliases = section.list("aliases", &[], values::name);
    let zoom_user_ids = section.list("zoom_user_ids", &[], values::some_text);
    Some(Person { name: name?, aliases, zoom_user_ids })
}

/// What no two people may share: a display name or a Zoom id would be both of them.
pub(in crate::config) fn clashes(people: &[(Person, Places)]) -> Vec<Note> {
    let mut owners: BTreeMap<(&str, &str), (usize, &'static str)> = BTreeMap::new();
    let mut notes = Vec::new();
    for (n, (person, places)) in people.iter().enumerate() {
        for (key, kind, text) in claims(person) {
            let (owner, its_key) = *owners.entry((kind, text)).or_insert((n, key));
            if owner == n {
                continue;
            }
            let (other, first) = &people[owner];
            let message = format!(
                "`{text}` is {kind} of `{}` and of `{}`; keep it in one of the two",
                other.name, person.name
            );
            if let (Some(here), Some(first)) = (places.nearest(key), first.nearest(its_key)) {
                notes.push(Note::new(here.clone(), message).after(first.clone()));
            }
        }
    }
    notes
}

/// What identifies a person: the key it is typed in, what it is, and its text.
fn claims(person: &Person) -> impl Iterator<Item = (&'static str, &'static str, &str)> {
    let name = std::iter::once(("name", "a name", person.name.as_str()));
    let aliases = person.aliases.iter();
    let aliases = aliases.map(|alias| ("aliases", "a name", alias.as_str()));
    let ids = person.zoom_user_ids.iter();
    let ids = ids.map(|id| ("zoom_user_ids", "a Zoom id", id.as_str()));
    name.chain(aliases).chain(ids)
}
