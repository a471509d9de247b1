//! Loads templates: the built-in ones, and the operator's that replace them.
//!
//! Built-in templates are registered as `builtin/<name>`. A name without that prefix is looked up
//! among the operator's templates first. A file in `templates_dir` therefore replaces the built-in
//! one of the same name, and may extend it: `{% extends "builtin/index.html" %}`.
//!
//! Pages and chat messages are separate: templates below `messages/` are for chats, and neither side
//! uses the filters or the escaping of the other. What is below `words/` is no template
//! ([`crate::words`]).
//!
//! Everything printed is escaped, whatever the name of the template. Tera alone decides by the
//! ending of the name and would not escape `page.html.tera`.

use std::io::ErrorKind;
use std::path::Path;

use tera::Tera;

use super::custom_files::{self, CustomFile, LoadProblems};
use super::unused_templates::{is_output, unused};
use super::{engine, escape, own_outputs, sound_templates};
use crate::files::embedded::{self, TEMPLATES};
use crate::files::regular_file;
use crate::words::{FOLDER, Language};

const PREFIX: &str = "builtin/";

/// The longest template, in bytes.
const MAX_TEMPLATE_BYTES: u64 = 4 << 20;

/// The prefix of the English messages, which replace those that a language lacks.
const ENGLISH_PREFIX: &str = "english/";

/// The folder of the templates of chat messages.
pub(crate) const MESSAGES: &str = "messages/";

const MESSAGES_ENDING: &str = ".txt";

/// The English messages.
const ENGLISH: &str = "messages/en.txt";

/// Which templates to load.
pub(crate) enum Side<'a> {
    /// Those of pages.
    Pages,
    /// The messages in this language, and the English ones instead of those that it lacks.
    Messages(&'a Language),
    /// Only the messages in this language.
    MessagesWithoutEnglish(&'a Language),
}

/// Loads the templates of pages, and returns names and sources of those of the operator's that are
/// used; `templates_dir` need not exist. A broken template of the operator is reported in `problems`
/// and replaced by the built-in one.
pub(super) fn load(
    templates_dir: &Path,
    problems: &mut LoadProblems,
) -> (Tera, Vec<(String, String)>) {
    let mut tera = empty();
    fill_with_builtin(&mut tera, &Side::Pages);
    let mut own = own(templates_dir, &Side::Pages, problems);
    let unused: Vec<String> = unused(&own).into_iter().map(str::to_owned).collect();
    own.retain(|(name, _)| !unused.contains(name));
    for name in unused {
        let shown = templates_dir.join(name);
        problems.left_out(format!(
            "`{}` is left out: nothing uses it; a file of its own is made from each template in `{}`",
            shown.display(),
            own_outputs::FOLDER
        ));
    }
    sound_templates::add(&mut tera, own.clone(), templates_dir, problems);
    (tera, own)
}

/// Loads only the built-in templates of pages.
pub(super) fn load_builtin() -> Tera {
    let mut tera = empty();
    fill_with_builtin(&mut tera, &Side::Pages);
    tera
}

/// The file of the messages in `language`.
pub(crate) fn messages_file(language: &Language) -> String {
    format!("{MESSAGES}{}{MESSAGES_ENDING}", language.tag())
}

impl Side<'_> {
    /// Whether the operator's template `name` belongs to it: files of other languages do not.
    fn has_own(&self, name: &str) -> bool {
        match self {
            Self::Pages => !name.starts_with(MESSAGES) && !name.starts_with(FOLDER),
            Self::Messages(language) | Self::MessagesWithoutEnglish(language) => {
                name.strip_prefix(MESSAGES).is_some_and(|file| {
                    let tag = file.strip_suffix(MESSAGES_ENDING).unwrap_or(file);
                    tag == language.tag() || !language.is_another(tag)
                })
            }
        }
    }

    /// The prefix under which the built-in template `name` is registered, if it belongs to it.
    fn builtin_prefix(&self, name: &str) -> Option<&'static str> {
        match self {
            Self::Pages => self.has_own(name).then_some(PREFIX),
            Self::Messages(language) | Self::MessagesWithoutEnglish(language)
                if name == messages_file(language) =>
            {
                Some(PREFIX)
            }
            Self::Messages(_) => (name == ENGLISH).then_some(ENGLISH_PREFIX),
            Self::MessagesWithoutEnglish(_) => None,
        }
    }
}

fn empty() -> Tera {
    let mut tera = Tera::new();
    tera.set_escape_fn(escape::markup);
    engine::register_filters(&mut tera);
    tera
}

/// Adds the templates of `side` to `tera`, which has filters and an escaper, but no templates yet.
/// Broken ones are left out as in [`load`].
pub(crate) fn fill(
    tera: &mut Tera,
    templates_dir: &Path,
    side: &Side,
    problems: &mut LoadProblems,
) {
    fill_with_builtin(tera, side);
    let own = own(templates_dir, side, problems);
    sound_templates::add(tera, own, templates_dir, problems);
}

/// Adds the built-in templates of `side`.
pub(crate) fn fill_with_builtin(tera: &mut Tera, side: &Side) {
    tera.autoescape_on([""]);
    let prefixes = [PREFIX, ENGLISH_PREFIX];
    tera.set_fallback_prefixes(prefixes).expect("no template is registered yet");
    let sources: Vec<_> = builtin_files()
        .into_iter()
        .filter_map(|(name, bytes)| {
            let source = String::from_utf8_lossy(bytes).into_owned();
            Some((format!("{}{name}", side.builtin_prefix(&name)?), source))
        })
        .collect();
    sound_templates::add_all(tera, &sources).expect("the built-in templates have no fault");
}

/// The built-in templates by name, for operators who want to change them.
pub fn builtin_files() -> Vec<(String, &'static [u8])> {
    embedded::list(&TEMPLATES)
}

/// The sources of the operator's templates of `side`.
fn own(templates_dir: &Path, side: &Side, problems: &mut LoadProblems) -> Vec<(String, String)> {
    let mut sources = Vec::new();
    let own = custom_files::list(templates_dir);
    problems.extend(own.problems);
    for CustomFile { name, path } in own.files.into_iter().filter(|file| side.has_own(&file.name)) {
        let shown = templates_dir.join(&name);
        let shown = shown.display();
        if let Some(why) = own_outputs::unknown_format(&name) {
            problems.fault(format!("the template `{shown}` {why}"));
            continue;
        }
        match regular_file::read(&path, MAX_TEMPLATE_BYTES).map(String::from_utf8) {
            Ok(Ok(source)) => {
                // Tera would print a byte order mark and ignore an `extends` behind it.
                let source = source.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(source);
                sources.push((name, source));
            }
            Ok(Err(_)) if is_output(&name) => {
                problems.fault(format!("the template `{shown}` is not UTF-8; save it as UTF-8"));
            }
            Ok(Err(_)) => {
                problems.left_out(format!(
                    "`{shown}` is no template, so it is left out: it is not UTF-8"
                ));
            }
            Err(error) if error.kind() == ErrorKind::FileTooLarge && !is_output(&name) => {
                problems.left_out(format!("`{shown}` is no template, so it is left out: {error}"));
            }
            // It was removed meanwhile.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => problems.fault(format!("cannot read the template `{shown}`: {error}")),
        }
    }
    sources
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_template_is_escaped_whatever_it_is_called() {
        for name in ["a.html", "a.html.tera", "a.svg", "a"] {
            let directory = TempDir::new().expect("a temporary directory");
            let write = |name: &str, source: &str| {
                fs::write(directory.path().join(name), source).expect("it can be written");
            };
            write(name, "{{ name }}");
            write("index.html", &format!("{{% include \"{name}\" %}}"));
            let mut problems = LoadProblems::default();
            let (tera, _) = load(directory.path(), &mut problems);
            assert_eq!(problems.faults, Vec::<String>::new(), "the template loads");
            let mut context = tera::Context::new();
            context.insert("name", "<b>");
            let text = tera.render(name, &context).expect("the template renders");
            assert_eq!(text, "&lt;b&gt;", "{name}");
        }
    }
}
