//! What a template's author is told: Tera's words with file, line, column and excerpt, and
//! what these leave open.

use tera::{Error, ErrorKind};

use crate::config::suggest;

/// The words with which Tera says that a template ends too early.
const TOO_EARLY: &str = "Unexpected end of input";

/// What has an end of its own.
const OPENING: [&str; 6] = ["if", "for", "block", "component", "filter", "raw"];

/// What is wrong where templates are put together or filled in.
pub(crate) fn told(error: &Error) -> String {
    let text = error.to_string();
    missing_asset(&text).or_else(|| probably_meant(&text)).unwrap_or(text)
}

/// What is wrong with the template `name` by itself, whose text is `source`.
pub(super) fn syntax(error: &Error, source: &str) -> Option<String> {
    if !matches!(error.kind(), ErrorKind::SyntaxError(_)) {
        return None;
    }
    let text = error.to_string();
    let Some((line, tag)) = unended(source).filter(|_| text.contains(TOO_EARLY)) else {
        return Some(text);
    };
    let word = word_of(tag);
    let what = format!("There is no `{{% end{word} %}}` for the `{tag}` of line {line}");
    Some(text.replacen(TOO_EARLY, &what, 1))
}

/// That a template extends one that is not there, as Tera tells other faults; of this one
/// it does not say where it stands.
pub(super) fn missing_parent(error: &Error, sources: &[(String, String)]) -> Option<String> {
    let ErrorKind::MissingParent { current, parent } = error.kind() else { return None };
    let (_, source) = sources.iter().find(|(name, _)| name == current)?;
    let (number, line) = (1..).zip(source.lines()).find(|(_, line)| line.contains(parent))?;
    let before = line.find(parent)?;
    let column = line[..before].chars().count();
    let (gap, space) = (" ".repeat(number.to_string().len()), " ".repeat(column));
    let underline = "^".repeat(parent.chars().count());
    Some(format!(
        "error: There is no template `{parent}`\n\
         {gap}--> {current}:{number}:{}\n{gap} |\n{number} | {line}\n{gap} | {space}{underline}",
        column + 1
    ))
}

/// A static file that is not there is an undefined variable to Tera.
fn missing_asset(text: &str) -> Option<String> {
    let undefined = "Tried to render a variable that is undefined";
    let (line, marks) = excerpt(text)?;
    let at = marks.find('^')?;
    let of = line.get(at..)?.strip_prefix("assets[\"")?;
    let (name, _) = of.split_once('"')?;
    let found = format!("There is no static file `{name}`; put it into `site.static_dir`");
    text.contains(undefined).then(|| text.replacen(undefined, &found, 1))
}

/// The line that an error shows, and the one below it with the marks.
fn excerpt(text: &str) -> Option<(&str, &str)> {
    let mut lines = text.lines().rev();
    let marks = lines.find(|line| line.contains('^'))?;
    Some((lines.next()?, marks))
}

/// The name that was probably meant by one that is not defined.
fn probably_meant(text: &str) -> Option<String> {
    let (before, names) = text.split_once("` is not defined. Available ")?;
    let (_, typed) = before.rsplit_once('`')?;
    let (_, names) = names.lines().next()?.split_once(": ")?;
    let meant = suggest(typed, names.split(", "))?;
    let hint = format!("` is not defined; did you mean `{meant}`? Available ");
    Some(text.replacen("` is not defined. Available ", &hint, 1))
}

/// The last tag of `source` that is not ended, and its line.
fn unended(source: &str) -> Option<(usize, &str)> {
    let mut open = Vec::new();
    for (at, _) in source.match_indices("{%") {
        let Some(length) = source[at..].find("%}") else { continue };
        let tag = &source[at..at + length + 2];
        let word = word_of(tag);
        if OPENING.contains(&word) {
            open.push((1 + source[..at].matches('\n').count(), tag));
        } else if word.starts_with("end") {
            open.pop();
        }
    }
    open.pop()
}

/// The `if` of `{%- if count %}`.
fn word_of(tag: &str) -> &str {
    tag[2..].trim_start_matches('-').split_whitespace().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_ended_is_named_with_its_line() {
        #[rustfmt::skip]
        let cases = [
            // what is special        source                                                    the tag
            ("nothing",               "<p>\n{{ a }}",                                           None),
            ("all are ended",         "{% if a %}{% for b in c %}{% endfor %}{% endif %}",      None),
            ("in the third line",     "a\nb\n{% if a %}\nc\n",                                 Some((3, "{% if a %}"))),
            ("the inner one",         "{% if a %}\n  {%- for b in c -%}\n",                     Some((2, "{%- for b in c -%}"))),
            ("the outer one",         "{% block a %}\n{% if b %}{% else %}{% endif %}\n",       Some((1, "{% block a %}"))),
            ("the second of a kind",  "{% if a %}{% endif %}\n{% if a %}",                      Some((2, "{% if a %}"))),
            ("no tag at all",         "{% if a",                                                None),
        ];
        for (what, source, expected) in cases {
            assert_eq!(unended(source), expected, "{what}");
        }
    }
}
