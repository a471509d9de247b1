//! Makes text that an operator's template may have broken acceptable as Telegram's HTML: Telegram
//! refuses a message with a stray `<` or `&`, or with a tag that is not closed.

/// The tags that may stand in a text, but for `a`.
const TAGS: [&str; 6] = ["b", "i", "u", "s", "code", "pre"];

/// The entities that Telegram knows by name.
const ENTITIES: [&str; 4] = ["&lt;", "&gt;", "&amp;", "&quot;"];

/// Escapes what is no tag and no entity, and closes the tags that are open at the end.
pub(super) fn well_formed(text: &str) -> String {
    let (mut output, mut open, mut rest) = (String::with_capacity(text.len()), Vec::new(), text);
    while let Some(at) = rest.find(['<', '>', '&']) {
        output.push_str(&rest[..at]);
        rest = &rest[at..];
        let kept = match rest.as_bytes()[0] {
            b'&' => ENTITIES.iter().find(|entity| rest.starts_with(*entity)).map(|it| it.len()),
            b'<' => tag(rest, &mut open),
            _ => None,
        };
        if let Some(kept) = kept {
            output.push_str(&rest[..kept]);
            rest = &rest[kept..];
            continue;
        }
        output.push_str(match rest.as_bytes()[0] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            _ => "&gt;",
        });
        rest = &rest[1..];
    }
    output.push_str(rest);
    for name in open.iter().rev() {
        output.push_str(&format!("</{name}>"));
    }
    output
}

/// The length of the tag with which `text` begins, if it may stand there; updates which are open.
fn tag<'a>(text: &'a str, open: &mut Vec<&'a str>) -> Option<usize> {
    let end = text.find('>')?;
    let inner = &text[1..end];
    if let Some(name) = inner.strip_prefix('/') {
        open.pop_if(|last| *last == name)?;
    } else if TAGS.contains(&inner) {
        open.push(inner);
    } else {
        let address = inner.strip_prefix("a href=\"")?.strip_suffix('"')?;
        if address.contains(['"', '<']) {
            return None;
        }
        open.push("a");
    }
    Some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_tag_is_text() {
        #[rustfmt::skip]
        let cases = [
            // what is special         text                              well-formed
            ("tags",                   "<b>Ada</b> <a href=\"x\">y</a>", "<b>Ada</b> <a href=\"x\">y</a>"),
            ("entities",               "a &amp; b &lt;",                 "a &amp; b &lt;"),
            ("a bare ampersand",       "a & b",                          "a &amp; b"),
            ("another entity",         "&nbsp;",                         "&amp;nbsp;"),
            ("bare signs",             "1 < 2 > 1",                      "1 &lt; 2 &gt; 1"),
            ("another tag",            "<h1>Ada</h1>",                   "&lt;h1&gt;Ada&lt;/h1&gt;"),
            ("not closed",             "<b><i>Ada",                      "<b><i>Ada</i></b>"),
            ("closed in wrong order",  "<b><i>Ada</b>",                  "<b><i>Ada&lt;/b&gt;</i></b>"),
            ("never opened",           "Ada</b>",                        "Ada&lt;/b&gt;"),
            ("more attributes",        "<a href=\"x\" y=\"z\">a</a>",    "&lt;a href=\"x\" y=\"z\"&gt;a&lt;/a&gt;"),
        ];
        for (what, text, expected) in cases {
            assert_eq!(well_formed(text), expected, "{what}");
        }
    }
}
