//! People with several names, the names that may appear, and those that never do.

use std::collections::BTreeSet;

use crate::types::Name;

/// One of `[[people]]`: a person with several names or Zoom ids.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Person {
    /// The name shown.
    pub name: Name,
    /// Further names of the same person.
    pub aliases: Vec<Name>,
    /// Zoom's user ids. If there are any, only these match: names are not authenticated.
    pub zoom_user_ids: Vec<String>,
}

impl Person {
    /// The names that identify this person: the display name, and the aliases if no user ids are given.
    pub fn known_names(&self) -> impl Iterator<Item = &Name> {
        let aliases = if self.zoom_user_ids.is_empty() { &self.aliases[..] } else { &[] };
        std::iter::once(&self.name).chain(aliases)
    }

    /// All names of this person in the settings.
    pub fn all_names(&self) -> impl Iterator<Item = &Name> {
        std::iter::once(&self.name).chain(&self.aliases)
    }
}

/// `privacy.publish`: the names that may appear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublishList {
    /// `["*"]`
    Everybody,
    /// These names, [comparable](Name::comparable).
    Only(BTreeSet<Name>),
}

impl PublishList {
    /// Only these names.
    pub fn only(names: impl IntoIterator<Item = Name>) -> Self {
        Self::Only(names.into_iter().map(|name| name.comparable().into_owned()).collect())
    }

    /// Whether the list contains `name` itself, not `*`.
    pub fn names(&self, name: &Name) -> bool {
        matches!(self, Self::Only(names) if names.contains(&*name.comparable()))
    }

    /// Whether the person shown as `name` may appear.
    pub fn allows(&self, name: &Name) -> bool {
        *self == Self::Everybody || self.names(name)
    }

    /// Whether nobody may appear.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Only(names) if names.is_empty())
    }
}

/// `privacy.hide`: the names that never appear.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HideList {
    /// The names as they were typed.
    typed: BTreeSet<Name>,
    /// All names, [comparable](Name::comparable), with the masks of telephone numbers.
    names: BTreeSet<Name>,
}

impl HideList {
    /// These names, and all names of each of `people` who has one of them.
    pub fn new(names: impl IntoIterator<Item = Name>, people: &[Person]) -> Self {
        let typed: BTreeSet<Name> = names.into_iter().collect();
        let compared: BTreeSet<_> = typed.iter().map(Name::comparable).collect();
        let is_hidden =
            |person: &&Person| person.all_names().any(|name| compared.contains(&name.comparable()));
        let people = people.iter().filter(is_hidden).flat_map(Person::all_names);
        let all = typed.iter().chain(people);
        let all =
            all.flat_map(|name| [Some(name.comparable().into_owned()), name.telephone_mask()]);
        let names = all.flatten().collect();
        Self { typed, names }
    }

    /// The same list, with all names of each of `people` who has one of its names.
    pub fn with_people(self, people: &[Person]) -> Self {
        Self::new(self.typed, people)
    }

    /// The names as they were typed, in order.
    pub fn typed(&self) -> impl Iterator<Item = &Name> {
        self.typed.iter()
    }

    /// Whether `name` never appears. A telephone number hides all callers who are shown alike,
    /// because most are stored without their digits.
    pub fn names(&self, name: &Name) -> bool {
        if self.names.is_empty() {
            return false;
        }
        let mask = name.telephone_mask().or_else(|| name.without_caller_ordinal());
        let has = |name: &Name| self.names.contains(&*name.comparable());
        has(name) || mask.is_some_and(|mask| has(&mask))
    }

    /// Whether nobody is hidden.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::clean(text).expect("a name")
    }

    #[test]
    fn a_hidden_name_hides_all_names_of_its_person_and_all_callers_shown_alike() {
        let people = [
            Person {
                name: name("Ada Lovelace"),
                aliases: ["Ada", "Ada's phone"].map(name).into(),
                zoom_user_ids: Vec::new(),
            },
            Person {
                name: name("Grace"),
                aliases: vec![name("Amazing Grace")],
                zoom_user_ids: vec!["id".to_owned()],
            },
        ];
        #[rustfmt::skip]
        let cases = [
            // what is special              hidden                name                     hides
            ("nobody",                      vec![],               "Ada",                   false),
            ("the name",                    vec!["Bram"],         "Bram",                  true),
            ("another name",                vec!["Bram"],         "Bram Stoker",           false),
            ("upper and lower case differ", vec!["Bram"],         "bram",                  false),
            ("joiners do not",              vec!["❤ Bram"],       "❤\u{fe0f} Bram",        true),
            ("the entry's name",            vec!["Ada Lovelace"], "Ada's phone",           true),
            ("an alias",                    vec!["Ada"],          "Ada Lovelace",          true),
            ("by one alias another",        vec!["Ada"],          "Ada's phone",           true),
            ("an alias beside accounts",    vec!["Amazing Grace"], "Grace",                true),
            ("another entry",               vec!["Ada"],          "Grace",                 false),
            ("a number",                    vec!["12025550143"],  "12025550143",           true),
            ("a number stored masked",      vec!["12025550143"],  "•••••••••43",           true),
            ("its second caller",           vec!["12025550143"],  "•••••••••43 (2)",       true),
            ("a number shown alike",        vec!["12025550143"],  "12025559943",           true),
            ("a mask as the page shows it", vec!["•••••••••43"],  "12025550143",           true),
            ("another number",              vec!["12025550143"],  "12025550144",           false),
            ("a name that ends so",         vec!["Ada"],          "Bram (2)",              false),
        ];
        for (what, hidden, shown, expected) in cases {
            let list = HideList::new(hidden.into_iter().map(name), &people);
            assert_eq!(list.names(&name(shown)), expected, "{what}");
        }
    }
}
