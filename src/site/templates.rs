//! Templates: the built-in ones, and the operator's in their place.
//!
//! Built-in templates are registered as `builtin/<name>`; a name without that
//! prefix is looked for among the operator's first. So a file in
//! `templates_dir` replaces the built-in one of the same name, and may extend
//! it: `{% extends "builtin/index.html" %}`.
//!
//! Pages and messages to chats are apart: what lies below `messages/` belongs to the
//! latter, and neither sees the other's filters or escaping.
//!
//! Everything printed is escaped, whatever the template is called: Tera goes by
//! the name's ending, and `page.html.tera` would not be escaped by its own rule.

use std::io::{self, ErrorKind, Write};
use std::path::Path;

use include_dir::{Dir, include_dir};
use tera::Tera;

use super::fault;
use super::own_files::{self, Findings, OwnFile};
use crate::files::regular_file;

static BUILTIN: Dir = include_dir!("$CARGO_MANIFEST_DIR/templates");

const PREFIX: &str = "builtin/";

/// The longest template, in bytes.
const LONGEST_TEMPLATE: u64 = 4 << 20;

/// Below it lie the templates of messages to chats.
pub(crate) const MESSAGES: &str = "messages/";

/// Loads the templates of pages; `templates_dir` need not exist. Of the operator's templates those
/// are left out that have a fault, which is noted in `findings`: built-in ones take their place.
pub(super) fn load(templates_dir: &Path, findings: &mut Findings) -> Tera {
    let mut tera = empty();
    fill(&mut tera, templates_dir, |name| !name.starts_with(MESSAGES), findings);
    tera
}

/// The built-in templates of pages, and nothing else.
pub(super) fn load_builtin() -> Tera {
    let mut tera = empty();
    fill_with_builtin(&mut tera, |name| !name.starts_with(MESSAGES));
    tera
}

fn empty() -> Tera {
    let mut tera = Tera::new();
    tera.set_escape_fn(escape);
    tera
}

/// Adds the templates whose name `belongs` to `tera`, which has its filters and its
/// escaper, and no templates yet. The operator's are left out as [`load`] says.
pub(crate) fn fill(
    tera: &mut Tera,
    templates_dir: &Path,
    belongs: impl Fn(&str) -> bool,
    findings: &mut Findings,
) {
    fill_with_builtin(tera, &belongs);
    let own = own(templates_dir, belongs, findings);
    let (sound, faults) = sound(own);
    let shown = templates_dir.display();
    let in_directory = |faults: &str| format!("the templates of `{shown}` have a fault\n{faults}");
    if !faults.is_empty() {
        findings.fault(in_directory(&faults.join("\n\n")));
    }
    let Err(error) = add(tera, &sound) else { return };
    // Where another one is left out already, this one may only have missed it.
    if faults.is_empty() {
        let told = || fault::missing_parent(&error, &sound).unwrap_or_else(|| fault::told(&error));
        findings.fault(in_directory(&told()));
    }
    // The one without which the others work; where there is none, they all go.
    for left_out in 0..sound.len() {
        let others = [&sound[..left_out], &sound[left_out + 1..]].concat();
        if add(tera, &others).is_ok() {
            return;
        }
    }
    add(tera, &[]).expect("the built-in templates have no fault");
}

/// Adds the built-in templates whose name `belongs`.
pub(crate) fn fill_with_builtin(tera: &mut Tera, belongs: impl Fn(&str) -> bool) {
    tera.autoescape_on([""]);
    let ready = tera.set_fallback_prefixes([PREFIX]);
    ready.expect("no template is registered yet");
    let mut sources = builtin();
    sources.retain(|(name, _)| belongs(name.strip_prefix(PREFIX).unwrap_or(name)));
    add(tera, &sources).expect("the built-in templates have no fault");
}

/// Adds all of `sources`, or none of them.
fn add(tera: &mut Tera, sources: &[(String, String)]) -> Result<(), tera::Error> {
    tera.add_raw_templates(sources.iter().map(|(name, source)| (name, source)))
}

/// The templates without a fault by themselves, and the faults of the others.
fn sound(own: Vec<(String, String)>) -> (Vec<(String, String)>, Vec<String>) {
    let mut faults = Vec::new();
    let mut sound = own;
    sound.retain(|template| {
        let fault = syntax_fault(template);
        let is_sound = fault.is_none();
        faults.extend(fault);
        is_sound
    });
    (sound, faults)
}

/// What is wrong with a template by itself: all such faults are told at once, while of
/// those that show only beside the other templates Tera tells the first.
fn syntax_fault((name, source): &(String, String)) -> Option<String> {
    let error = Tera::new().add_raw_template(name, source).err()?;
    fault::syntax(&error, source)
}

/// Writes `text` as HTML or XML, in an attribute too. Tera's own does it byte by byte,
/// which would be a third of the time that a page of 10,000 people takes; and it keeps
/// the characters that XML forbids even escaped, of which one would spoil a whole feed.
fn escape(text: &str, output: &mut dyn Write) -> io::Result<()> {
    let mut rest = text;
    while let Some((at, c)) = rest.char_indices().find(|&(_, c)| is_special(c)) {
        output.write_all(&rest.as_bytes()[..at])?;
        output.write_all(match c {
            '&' => b"&amp;",
            '<' => b"&lt;",
            '>' => b"&gt;",
            '"' => b"&quot;",
            '\'' => b"&#39;",
            _ => b"",
        })?;
        rest = &rest[at + c.len_utf8()..];
    }
    output.write_all(rest.as_bytes())
}

/// What is not written as it is: the markup of HTML, and what is no character of XML 1.0.
fn is_special(c: char) -> bool {
    match c {
        '&' | '<' | '>' | '"' | '\'' | '\u{fffe}' | '\u{ffff}' => true,
        '\t' | '\n' | '\r' => false,
        _ => c < ' ',
    }
}

/// The built-in templates under their own names, for whoever wants to change them.
pub fn builtin_files() -> Vec<(String, &'static [u8])> {
    super::assets::embedded(&BUILTIN)
}

fn builtin() -> Vec<(String, String)> {
    let named = |(name, bytes): (String, &[u8])| {
        let source = String::from_utf8_lossy(bytes).into_owned();
        (format!("{PREFIX}{name}"), source)
    };
    builtin_files().into_iter().map(named).collect()
}

/// The operator's templates whose name `belongs`, as they are.
fn own(
    templates_dir: &Path,
    belongs: impl Fn(&str) -> bool,
    findings: &mut Findings,
) -> Vec<(String, String)> {
    let mut sources = Vec::new();
    let own = own_files::list(templates_dir);
    findings.extend(own.findings);
    for OwnFile { name, path } in own.files.into_iter().filter(|file| belongs(&file.name)) {
        let shown = templates_dir.join(&name);
        let shown = shown.display();
        match regular_file::read(&path, LONGEST_TEMPLATE).map(String::from_utf8) {
            Ok(Ok(source)) => {
                // Tera would print a byte order mark, and find nothing to extend behind it.
                let source = source.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(source);
                sources.push((name, source));
            }
            Ok(Err(_)) if BUILTIN.get_file(&name).is_some() => {
                findings.fault(format!("the template `{shown}` is not UTF-8; save it as UTF-8"));
            }
            Ok(Err(_)) => {
                findings.left_out(format!(
                    "`{shown}` is no template, so it is left out: it is not UTF-8"
                ));
            }
            Err(error)
                if error.kind() == ErrorKind::FileTooLarge && BUILTIN.get_file(&name).is_none() =>
            {
                findings.left_out(format!("`{shown}` is no template, so it is left out: {error}"));
            }
            // It was removed just now.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => findings.fault(format!("cannot read the template `{shown}`: {error}")),
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
    fn what_is_no_character_of_xml_is_left_out() {
        #[rustfmt::skip]
        let cases = [
            // what is special       text                    written
            ("markup",               "<a b='c' d=\"e\">&",    "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;"),
            ("white space",          "a\tb\nc\r",            "a\tb\nc\r"),
            ("control characters",   "a\u{0}b\u{1b}[31mc",   "ab[31mc"),
            ("no characters at all", "ğ\u{fffe}ş\u{ffff}é",   "ğşé"),
        ];
        for (what, text, expected) in cases {
            let mut written = Vec::new();
            escape(text, &mut written).expect("memory can be written");
            assert_eq!(String::from_utf8_lossy(&written), expected, "{what}");
        }
    }

    #[test]
    fn a_template_is_escaped_whatever_it_is_called() {
        for name in ["a.html", "a.html.tera", "a.svg", "a"] {
            let directory = TempDir::new().expect("a temporary directory");
            fs::write(directory.path().join(name), "{{ name }}").expect("it can be written");
            let mut findings = Findings::default();
            let tera = load(directory.path(), &mut findings);
            assert_eq!(findings, Findings::default(), "the template loads");
            let mut context = tera::Context::new();
            context.insert("name", "<b>");
            let text = tera.render(name, &context).expect("the template renders");
            assert_eq!(text, "&lt;b&gt;", "{name}");
        }
    }
}
