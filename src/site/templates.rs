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

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};
use include_dir::{Dir, include_dir};
use tera::Tera;

use super::assets::files_in;
use super::fault;

static BUILTIN: Dir = include_dir!("$CARGO_MANIFEST_DIR/templates");

const PREFIX: &str = "builtin/";

/// Below it lie the templates of messages to chats.
pub(crate) const MESSAGES: &str = "messages/";

/// Loads the templates of pages; `templates_dir` need not exist.
pub(super) fn load(templates_dir: &Path) -> Result<Tera> {
    let mut tera = Tera::new();
    tera.set_escape_fn(escape);
    fill(&mut tera, templates_dir, |name| !name.starts_with(MESSAGES))?;
    Ok(tera)
}

/// Adds the templates whose name `belongs` to `tera`, which has its filters and its
/// escaper, and no templates yet.
pub(crate) fn fill(
    tera: &mut Tera,
    templates_dir: &Path,
    belongs: impl Fn(&str) -> bool,
) -> Result<()> {
    tera.autoescape_on([""]);
    let ready = tera.set_fallback_prefixes([PREFIX]);
    ready.expect("no template is registered yet");
    let mut sources = builtin();
    let own: Vec<_> = own(templates_dir)?.into_iter().filter(|(name, _)| belongs(name)).collect();
    let faults: Vec<String> = own.iter().filter_map(syntax_fault).collect();
    ensure!(
        faults.is_empty(),
        "the templates of `{}` have a fault\n{}",
        templates_dir.display(),
        faults.join("\n\n")
    );
    sources.retain(|(name, _)| belongs(name.strip_prefix(PREFIX).unwrap_or(name)));
    sources.extend(own);
    let added = tera.add_raw_templates(sources.iter().map(|(name, source)| (name, source)));
    added.map_err(|error| {
        anyhow!(
            "the templates of `{}` have a fault\n{}",
            templates_dir.display(),
            fault::missing_parent(&error, &sources).unwrap_or_else(|| fault::told(&error))
        )
    })
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

fn own(templates_dir: &Path) -> Result<Vec<(String, String)>> {
    let mut sources = Vec::new();
    for (name, path) in files_in(templates_dir)? {
        let source = fs::read_to_string(&path)
            .with_context(|| format!("cannot read the template `{}`", path.display()))?;
        sources.push((name, source));
    }
    Ok(sources)
}

#[cfg(test)]
mod tests {
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
            let tera = load(directory.path()).expect("the template loads");
            let mut context = tera::Context::new();
            context.insert("name", "<b>");
            let text = tera.render(name, &context).expect("the template renders");
            assert_eq!(text, "&lt;b&gt;", "{name}");
        }
    }
}
