//! `[[people]]`

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::config::emoji::Emoji;
use crate::config::faces::{Face, Faces};
use crate::config::people::Person;
use crate::config::problem::Diagnostic;
use crate::config::section::{KeySpans, Section};
use crate::config::values;
use crate::types::Name;

/// One person and the face; `None` without a name.
pub(in crate::config) fn read(section: &mut Section<'_>) -> Option<(Person, Option<Face>)> {
    let name = section.required("name", "the name to show, such as `name = \"Ada\"`", values::name);
    let aliases = section.list("aliases", &[], values::name);
    let zoom_user_ids = section.list("zoom_user_ids", &[], values::some_text);
    let face = face(section);
    Some((Person { name: name?, aliases, zoom_user_ids }, face))
}

fn face(section: &mut Section<'_>) -> Option<Face> {
    let picture = section.optional("picture", values::static_file);
    let emoji = section.optional("emoji", Emoji::parse);
    if picture.is_some() && emoji.is_some() {
        section.conflict("emoji", "a person has one face, a `picture` or an `emoji`; remove one");
    }
    picture.map(Face::Picture).or(emoji.map(Face::Emoji))
}

/// Separates people from their faces.
pub(in crate::config) fn without_faces(
    all: Vec<((Person, Option<Face>), KeySpans)>,
) -> (Vec<(Person, KeySpans)>, Faces) {
    let faces =
        all.iter().filter_map(|((person, face), _)| Some((person.name.clone(), face.clone()?)));
    let faces = Faces::new(faces);
    (all.into_iter().map(|((person, _), spans)| (person, spans)).collect(), faces)
}

/// Reports names and Zoom ids that two people share: they would identify both.
pub(in crate::config) fn conflicts(people: &[(Person, KeySpans)]) -> Vec<Diagnostic> {
    let mut owners: BTreeMap<(&str, Cow<'_, str>), (usize, &'static str)> = BTreeMap::new();
    let mut diagnostics = Vec::new();
    for (n, (person, spans)) in people.iter().enumerate() {
        for (key, kind, text, compared) in claims(person) {
            let (owner, its_key) = *owners.entry((kind, compared)).or_insert((n, key));
            if owner == n {
                continue;
            }
            let (other, first) = &people[owner];
            let message = format!(
                "`{text}` is {kind} of `{}` and of `{}`; keep it in one of the two",
                other.name, person.name
            );
            if let (Some(here), Some(first)) =
                (spans.key_or_header(key), first.key_or_header(its_key))
            {
                diagnostics.push(Diagnostic::new(here.clone(), message).after(first.clone()));
            }
        }
    }
    diagnostics
}

/// What identifies a person: the key, what its value is, its text, and the text to compare.
fn claims(
    person: &Person,
) -> impl Iterator<Item = (&'static str, &'static str, &str, Cow<'_, str>)> {
    let aliases = person.aliases.iter().map(|alias| claim("aliases", alias));
    let ids = person.zoom_user_ids.iter();
    let ids = ids.map(|id| ("zoom_user_ids", "a Zoom id", id.as_str(), Cow::Borrowed(id.as_str())));
    std::iter::once(claim("name", &person.name)).chain(aliases).chain(ids)
}

/// A name as a claim.
fn claim<'a>(
    key: &'static str,
    name: &'a Name,
) -> (&'static str, &'static str, &'a str, Cow<'a, str>) {
    (key, "a name", name.as_str(), compared(name))
}

fn compared(name: &Name) -> Cow<'_, str> {
    match name.comparable() {
        Cow::Borrowed(name) => Cow::Borrowed(name.as_str()),
        Cow::Owned(name) => Cow::Owned(name.to_string()),
    }
}
