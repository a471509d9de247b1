//! Finds templates that nothing uses: mostly misspelt names, and files meant for `more/`.

use super::own_outputs;
use crate::files::embedded::TEMPLATES;

/// The names of those of the operator's templates `own` (name and source) that no file of the site
/// is made from. A template that defines a component counts as used.
pub(super) fn unused(own: &[(String, String)]) -> Vec<&str> {
    let (mut used, mut rest): (Vec<_>, Vec<_>) =
        own.iter().partition(|(name, source)| is_output(name) || defines_component(source));
    while let Some((_, source)) = used.pop() {
        let (named, others) = rest.into_iter().partition(|(name, _)| is_named_in(source, name));
        used.extend::<Vec<_>>(named);
        rest = others;
    }
    rest.into_iter().map(|(name, _)| name.as_str()).collect()
}

/// Whether files are made from the template `name`, or from templates that extend it.
pub(super) fn is_output(name: &str) -> bool {
    name.starts_with(own_outputs::FOLDER) || TEMPLATES.get_file(name).is_some()
}

fn defines_component(source: &str) -> bool {
    let mut tags = source.split("{%").skip(1);
    tags.any(|tag| tag.trim_start_matches('-').trim_start().starts_with("component"))
}

/// Whether `source` extends or includes the template `name`.
pub(super) fn is_named_in(source: &str, name: &str) -> bool {
    ['"', '\'', '`'].iter().any(|quote| source.contains(&format!("{quote}{name}{quote}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is special, the templates, and which of them are unused.
    type Case = (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);

    #[test]
    fn only_what_leads_to_no_file_is_unused() {
        #[rustfmt::skip]
        let cases: [Case; 9] = [
            // what is special             templates                                                      unused
            ("instead of a built-in one",  &[("index.html", "")],                                         &[]),
            ("an own output file",         &[("more/a.html", "")],                                        &[]),
            ("a misspelt name",            &[("indx.html", "")],                                          &["indx.html"]),
            ("extended",                   &[("index.html", "{% extends \"a.html\" %}"), ("a.html", "")], &[]),
            ("included by what is used",   &[("a.html", "{% include 'b.html' %}"), ("b.html", ""), ("more/c.html", "{% extends \"a.html\" %}")], &[]),
            ("included by what is unused", &[("a.html", "{% include \"b.html\" %}"), ("b.html", "")],     &["a.html", "b.html"]),
            ("using each other",           &[("a.html", "{% include \"b.html\" %}"), ("b.html", "{% include \"a.html\" %}")], &["a.html", "b.html"]),
            ("a component",                &[("mine.html", "{% component mine() %}{% endcomponent mine %}")], &[]),
            ("one with wide spaces",       &[("mine.html", "{%-  component mine() %}{% endcomponent mine %}")], &[]),
        ];
        for (what, templates, expected) in cases {
            let own: Vec<_> =
                templates.iter().map(|(name, source)| ((*name).into(), (*source).into())).collect();
            assert_eq!(unused(&own), expected, "{what}");
        }
    }
}
