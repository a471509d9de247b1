//! Where in its lines a template prints.

/// What Tera reads as its own, with its end. The first one prints.
const TAGS: [(&str, &str); 3] = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")];

/// Whether the template `source` prints after a text, from the start of that line, for which `is_bad`
/// holds. What other tags contain is no text.
pub(super) fn any_after(source: &str, is_bad: impl Fn(&str) -> bool) -> bool {
    let (mut rest, mut line) = (source, String::new());
    while let Some((at, (start, end))) = next_tag(rest) {
        let (text, tag) = rest.split_at(at);
        match text.rsplit_once('\n') {
            Some((_, last)) => last.clone_into(&mut line),
            None => line.push_str(text),
        }
        if start == TAGS[0].0 && is_bad(&line) {
            return true;
        }
        rest = tag.split_once(end).map(|(_, behind)| behind).unwrap_or_default();
    }
    false
}

/// Where the first tag of `text` is, and what begins and ends it.
fn next_tag(text: &str) -> Option<(usize, (&'static str, &'static str))> {
    let found = TAGS.iter().filter_map(|tag| Some((text.find(tag.0)?, *tag)));
    found.min_by_key(|(at, _)| *at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_before_what_is_printed_is_that_of_its_line() {
        #[rustfmt::skip]
        let cases = [
            // what is special            template                                   some text before it has a `"`
            ("nothing printed",           "\"a\"",                                   false),
            ("right behind it",           "\"{{ a }}",                               true),
            ("text between",              "\"Dr. {{ a }}",                           true),
            ("trimmed",                   "\"{{- a }}",                              true),
            ("another tag between",       "\"{% if a %}{{ a }}{% endif %}",          true),
            ("behind another value",      "{{ a }}\"{{ b }}",                        true),
            ("in another tag",            "{% if a == \"b\" %}{{ a }}{% endif %}",   false),
            ("in a comment",              "{# \" #}{{ a }}",                         false),
            ("in what is printed",        "{{ a | default(value=\"\") }},{{ b }}",   false),
            ("on the line above",         "\"a\n{{ a }}",                           false),
            ("on the line above a tag",   "\"a\n{% if a %}\n{{ a }}{% endif %}",    false),
            ("no end of the tag",         "{{ a \"",                                 false),
        ];
        for (what, source, expected) in cases {
            assert_eq!(any_after(source, |text| text.contains('"')), expected, "{what}");
        }
    }
}
