//! The faces of people: an emoji or a picture for an entry of `[[people]]`.
//!
//! They are kept apart from the people themselves, because who is who does not depend on them.

use std::collections::BTreeMap;

use super::emoji::Emoji;
use crate::types::Name;

/// How a person is shown beside the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Face {
    /// An emoji.
    Emoji(Emoji),
    /// A file of `site.static_dir`.
    Picture(String),
}

/// The faces of all people who have one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faces {
    /// By [comparable](Name::comparable) name.
    faces: BTreeMap<Name, Face>,
    /// The path below `site.path` of each published picture, by file.
    paths: BTreeMap<String, String>,
}

impl Faces {
    /// The faces of the people with these names.
    pub fn new(faces: impl IntoIterator<Item = (Name, Face)>) -> Self {
        let comparable = |(name, face): (Name, Face)| (name.comparable().into_owned(), face);
        Self { faces: faces.into_iter().map(comparable).collect(), paths: BTreeMap::new() }
    }

    /// The same faces; `paths` has the path below `site.path` of each published picture, by file.
    pub fn published_at(&self, paths: BTreeMap<String, String>) -> Self {
        Self { faces: self.faces.clone(), paths }
    }

    /// The emoji of the person shown as `name`.
    pub fn emoji(&self, name: &Name) -> Option<&Emoji> {
        match self.faces.get(&*name.comparable())? {
            Face::Emoji(emoji) => Some(emoji),
            Face::Picture(_) => None,
        }
    }

    /// The path below `site.path` of the picture of the person shown as `name`; `None` also if the
    /// picture is not published.
    pub fn picture(&self, name: &Name) -> Option<&str> {
        match self.faces.get(&*name.comparable())? {
            Face::Picture(file) => self.paths.get(file).map(String::as_str),
            Face::Emoji(_) => None,
        }
    }

    /// All people with a picture, and its file in `site.static_dir`.
    pub fn pictures(&self) -> impl Iterator<Item = (&Name, &str)> {
        self.faces.iter().filter_map(|(name, face)| match face {
            Face::Picture(file) => Some((name, file.as_str())),
            Face::Emoji(_) => None,
        })
    }
}
