//! Pictures of people, of which only those of published people are published.
//!
//! A file that `[[people]]` names as a picture is no ordinary static file: it is published only
//! while `privacy` allows somebody who has it, and removed at once when that ends. The same holds
//! for other static files with the same content, such as links and copies.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::assets::{self, Asset};
use super::custom_files::LoadProblems;
use super::picture;
use super::withheld::Withheld;
use crate::config::{Faces, Settings};

/// The pictures that the settings name.
#[derive(Clone, Default)]
pub(super) struct Pictures {
    /// All of them that exist, by file.
    files: BTreeMap<String, Asset>,
    /// Those of them that browsers can show.
    shown: BTreeSet<String>,
}

/// The faces of `settings`, with the paths below `site.path` of published pictures. Problems with
/// pictures are not reported: whoever renders pages does that.
pub fn published_faces(settings: &Settings) -> Faces {
    let (faces, static_dir) = (&settings.faces, &settings.site.static_dir);
    if faces.pictures().next().is_none() {
        return faces.clone();
    }
    let files = assets::load_pictures(static_dir, |name| is_picture(name, faces));
    Pictures::new(files, faces, static_dir, &mut LoadProblems::default()).faces(settings)
}

/// Whether `faces` name the static file `name` as a picture.
pub(super) fn is_picture(name: &str, faces: &Faces) -> bool {
    faces.pictures().any(|(_, file)| file == name)
}

impl Pictures {
    /// Examines the pictures `files` of `faces`; reports what is missing or unfit in `problems`.
    pub(super) fn new(
        files: BTreeMap<String, Asset>,
        faces: &Faces,
        static_dir: &Path,
        problems: &mut LoadProblems,
    ) -> Self {
        let mut shown = BTreeSet::new();
        let named: BTreeSet<&str> = faces.pictures().map(|(_, file)| file).collect();
        for file in named {
            let examined = match files.get(file) {
                Some(asset) => picture::size(file, &asset.bytes).map(|_| ()),
                None => Err("is no file that everybody may read; put the picture there".to_owned()),
            };
            match examined {
                Ok(()) => {
                    shown.insert(file.to_owned());
                }
                Err(why) => {
                    let path = static_dir.join(file);
                    let path = path.display();
                    problems.goes_without(format!(
                        "the picture `{path}` {why}; pages show a letter instead"
                    ));
                }
            }
        }
        Self { files, shown }
    }

    /// The pictures to publish: those of people whom `settings` allow.
    pub(super) fn published(&self, settings: &Settings) -> Vec<&Asset> {
        let allowed = allowed(settings);
        let files = self.files.iter().filter(|(file, _)| self.is_shown(file, &allowed));
        files.map(|(_, asset)| asset).collect()
    }

    /// All pictures that browsers can show, by their paths below `site.path`. Templates receive only
    /// paths of published ones.
    pub(super) fn by_path(&self) -> BTreeMap<String, Asset> {
        let shown = self.files.iter().filter(|(file, _)| self.shown.contains(*file));
        shown.map(|(_, asset)| (asset.path.clone(), asset.clone())).collect()
    }

    /// The faces of `settings`, with the paths of published pictures.
    pub(super) fn faces(&self, settings: &Settings) -> Faces {
        let allowed = allowed(settings);
        let files = self.files.iter().filter(|(file, _)| self.is_shown(file, &allowed));
        let paths = files.map(|(file, asset)| (file.clone(), asset.path.clone()));
        settings.faces.published_at(paths.collect())
    }

    /// The files that must not be published as static files: pictures of people who are all hidden,
    /// and files with the same content. A file that was not yet a picture when these were loaded is
    /// among `assets`.
    pub(super) fn withheld(
        &self,
        assets: &BTreeMap<String, Asset>,
        settings: &Settings,
    ) -> Withheld {
        let allowed = allowed(settings);
        let named = settings.faces.pictures().map(|(_, file)| file);
        let pictures = named.chain(self.files.keys().map(String::as_str));
        let mut withheld = Withheld::default();
        for file in pictures.filter(|file| !self.is_shown(file, &allowed)) {
            withheld.add_name(file);
            if let Some(asset) = self.files.get(file).or_else(|| assets.get(file)) {
                withheld.add_content(asset);
            }
        }
        // Copies go by name, too: what they were before may be what the picture was before.
        let copies = assets.iter().filter(|(_, asset)| withheld.contains(&asset.path));
        let names: Vec<&str> = copies.map(|(name, _)| name.as_str()).collect();
        names.into_iter().for_each(|name| withheld.add_name(name));
        withheld
    }

    fn is_shown(&self, file: &str, allowed: &BTreeSet<&str>) -> bool {
        self.shown.contains(file) && allowed.contains(file)
    }
}

/// The pictures of people who may appear.
fn allowed(settings: &Settings) -> BTreeSet<&str> {
    let pictures = settings.faces.pictures();
    let allowed = pictures.filter(|(name, _)| settings.privacy.allows(name));
    allowed.map(|(_, file)| file).collect()
}
