//! Adds those of the operator's templates that are not broken.
//!
//! Tera adds all templates or none. So those that its errors name are left out, until the others load.

use std::path::Path;

use tera::{ErrorKind, Tera};

use super::custom_files::LoadProblems;
use super::unused_templates::is_named_in;

/// A template's name and source.
type Source = (String, String);

/// Adds those of the operator's templates `own` that are not broken to `tera`, which has the built-in
/// ones. Each fault is reported in `problems`, except where a template only needs one that is left
/// out.
pub(super) fn add(
    tera: &mut Tera,
    own: Vec<Source>,
    templates_dir: &Path,
    problems: &mut LoadProblems,
) {
    let shown = templates_dir.display();
    let mut report = |fault: &str| {
        problems.fault(format!("the templates of `{shown}` have a fault\n{fault}"));
    };
    let (mut sound, mut left_out) = (Vec::new(), Vec::new());
    for template in own {
        match syntax_error(&template) {
            None => sound.push(template),
            Some(fault) => {
                report(&fault);
                left_out.push(template);
            }
        }
    }
    while let Err(error) = add_all(tera, &sound) {
        let Some(at) = position_of_broken(&error, &sound) else {
            report(&error.to_string());
            return add_without_one(tera, &sound);
        };
        let template = sound.remove(at);
        let fault = fault_of(&template, &error);
        if !is_consequence(&fault, &template, &left_out) {
            report(&fault);
        }
        left_out.push(template);
    }
}

/// Leaves out the one of `sources` without which the others load, else all: a built-in template that
/// extends one of them may lack something.
fn add_without_one(tera: &mut Tera, sources: &[Source]) {
    for left_out in 0..sources.len() {
        let others = [&sources[..left_out], &sources[left_out + 1..]].concat();
        if add_all(tera, &others).is_ok() {
            return;
        }
    }
    add_all(tera, &[]).expect("the built-in templates have no fault");
}

/// Adds all of `sources`, or none.
pub(super) fn add_all(tera: &mut Tera, sources: &[Source]) -> Result<(), tera::Error> {
    tera.add_raw_templates(sources.iter().map(|(name, source)| (name, source)))
}

fn syntax_error((name, source): &Source) -> Option<String> {
    let error = Tera::new().add_raw_template(name, source).err()?;
    matches!(error.kind(), ErrorKind::SyntaxError(_)).then(|| error.to_string())
}

/// Which of `sources` has the fault `error`: the first one whose place it tells, else that it names.
fn position_of_broken(error: &tera::Error, sources: &[Source]) -> Option<usize> {
    let text = error.to_string();
    let first = |form: &dyn Fn(&str) -> String| {
        let names = sources.iter().map(|(name, _)| form(name)).enumerate();
        names.filter_map(|(at, form)| Some((text.find(&form)?, at))).min().map(|(_, at)| at)
    };
    first(&|name| place(name))
        .or_else(|| first(&|name| format!("'{name}'")))
        .or_else(|| first(&|name| format!("\"{name}\"")))
        .or_else(|| first(&|name| format!("`{name}`")))
}

/// How Tera's errors begin to tell a place in the template `name`.
fn place(name: &str) -> String {
    format!("--> {name}:")
}

/// The part of `error` that is about the template.
fn fault_of(template: &Source, error: &tera::Error) -> String {
    let text = missing_parent(error, template).unwrap_or_else(|| error.to_string());
    let is_of_it = |report: &String| report.contains(&place(&template.0));
    let of_it: Vec<_> = reports(&text).into_iter().filter(is_of_it).collect();
    if of_it.is_empty() { text } else { of_it.join("\n\n") }
}

/// The parts of an error with several, one for each place.
fn reports(text: &str) -> Vec<String> {
    const START: &str = "error: ";
    let next = format!("\n\n{START}");
    let parts = text.strip_prefix(START).unwrap_or(text).split(&next);
    parts.map(|part| format!("{START}{part}")).collect()
}

/// Whether `fault`, of the template, is that it needs one of those that are `left_out`.
fn is_consequence(fault: &str, (_, source): &Source, left_out: &[Source]) -> bool {
    let component =
        fault.split_once("Unknown component `").and_then(|(_, rest)| rest.split('`').next());
    left_out.iter().any(|(name, other)| {
        let defines = |component: &str| other.contains(&format!("component {component}"));
        is_named_in(source, name) || component.is_some_and(defines)
    })
}

/// Where a template extends one that does not exist, in the form of Tera's other errors: this one
/// has no position.
fn missing_parent(error: &tera::Error, (name, source): &Source) -> Option<String> {
    let ErrorKind::MissingParent { current, parent } = error.kind() else { return None };
    if current != name {
        return None;
    }
    let (number, line) = (1..).zip(source.lines()).find(|(_, line)| line.contains(parent))?;
    let column = line[..line.find(parent)?].chars().count();
    let (gap, space) = (" ".repeat(number.to_string().len()), " ".repeat(column));
    let underline = "^".repeat(parent.chars().count());
    Some(format!(
        "error: There is no template `{parent}`\n\
         {gap}--> {current}:{number}:{}\n{gap} |\n{number} | {line}\n{gap} | {space}{underline}",
        column + 1
    ))
}
