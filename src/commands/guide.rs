//! `lookout guide`: the pages of the guide, as Markdown.

use std::io::Write;

use anyhow::Result;

use super::arguments::UsageError;
use crate::config::suggest;
use crate::guide::{self, PAGES};

/// Arguments of `guide`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The page to print; without it, the list of pages
    #[arg(value_name = "PAGE")]
    pub page: Option<String>,
}

/// Prints a page, or the list of pages with the question that each answers.
pub fn run(args: &Args, out: &mut impl Write) -> Result<()> {
    let Some(name) = &args.page else { return list(out) };
    let page = guide::page(name).ok_or_else(|| unknown(name))?;
    Ok(out.write_all(page.text.as_bytes())?)
}

fn list(out: &mut impl Write) -> Result<()> {
    let width = PAGES.iter().map(|page| page.name.len()).max().unwrap_or_default();
    for page in PAGES {
        writeln!(out, "{:width$}  {}", page.name, page.question())?;
    }
    writeln!(out, "\n`lookout guide PAGE` prints a page.")?;
    Ok(())
}

/// Names the page that was probably meant: one with a similar name, else one whose name contains what was typed.
fn unknown(name: &str) -> UsageError {
    let names = || PAGES.iter().map(|page| page.name);
    let contains = |page: &&str| !name.is_empty() && page.contains(&name.to_lowercase());
    let near = suggest(name, names()).or_else(|| names().find(contains));
    let near = near.map_or_else(String::new, |near| format!(" (did you mean `{near}`?)"));
    let name: String = name.chars().filter(|letter| !letter.is_control()).collect();
    UsageError(format!("the guide has no page `{name}`{near}; `lookout guide` lists all pages"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(page: Option<&str>) -> Result<String> {
        let mut out = Vec::new();
        run(&Args { page: page.map(str::to_owned) }, &mut out)?;
        Ok(String::from_utf8(out)?)
    }

    #[test]
    fn without_a_page_each_page_has_a_line() {
        let list = printed(None).expect("printed");
        for (page, line) in PAGES.iter().zip(list.lines()) {
            let words: Vec<_> = line.splitn(2, "  ").map(str::trim).collect();
            assert_eq!(words, [page.name, page.question()]);
        }
        assert_eq!(list.lines().last(), Some("`lookout guide PAGE` prints a page."));
    }

    #[test]
    fn a_page_is_printed_as_it_is() {
        let page = printed(Some("settings")).expect("printed");
        assert!(page.starts_with("# Which settings are there?\n"), "{page}");
    }

    #[test]
    fn an_unknown_page_is_a_usage_error_that_names_the_nearest() {
        #[rustfmt::skip]
        let cases = [
            // what is special        typed        named
            ("letters swapped",       "steup",     Some("setup")),
            ("upper case",            "MongoDB",   Some("mongodb")),
            ("the beginning of it",   "nginx",     Some("nginx-and-caddy")),
            ("the end of it",         "caddy",     Some("nginx-and-caddy")),
            ("something else",        "gardening", None),
            ("nothing",               "",          None),
        ];
        for (what, typed, named) in cases {
            let error = printed(Some(typed)).expect_err(what);
            assert!(error.is::<UsageError>(), "{what}");
            let suggestion = named.map(|page| format!("did you mean `{page}`?"));
            let text = error.to_string();
            assert_eq!(text.contains("did you mean"), suggestion.is_some(), "{what}: {text}");
            assert!(text.contains(&suggestion.unwrap_or_default()), "{what}: {text}");
        }
    }

    #[test]
    fn what_was_typed_moves_no_cursor() {
        let error = printed(Some("\u{1b}[2J")).expect_err("unknown");
        assert!(!error.to_string().contains('\u{1b}'), "{error}");
    }
}
