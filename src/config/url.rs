//! Parsers of URLs and their paths.
//!
//! The paths are used in pages, in routes and below the output directory, so only characters without
//! a special meaning in any of them are accepted.

/// The path of the dashboard: begins and ends with `/`.
pub(super) fn directory(text: &str) -> Result<String, String> {
    if !text.starts_with('/') || !text.ends_with('/') {
        let bare = text.trim_matches('/');
        return Err(format!("`{text}` has to begin and end with `/`; write `/{bare}/`"));
    }
    segments(text, text.trim_matches('/'))?;
    if text == "/" {
        return Err("`/` leaves no place for the webhook; write a directory, such as `/lookout/`"
            .to_owned());
    }
    Ok(text.to_owned())
}

/// The path of an endpoint: begins with `/`.
pub(super) fn endpoint(text: &str) -> Result<String, String> {
    let Some(rest) = text.strip_prefix('/') else {
        return Err(format!("`{text}` has to begin with `/`; write `/{text}`"));
    };
    segments(text, rest.strip_suffix('/').unwrap_or(rest))?;
    if rest.is_empty() {
        return Err("`/` is the path of the site; write a path such as `/webhooks/zoom`".to_owned());
    }
    Ok(text.to_owned())
}

/// A file below the output directory, with `/` between its parts.
pub(super) fn below(text: &str) -> Result<String, String> {
    if text.starts_with('/') {
        let bare = text.trim_start_matches('/');
        return Err(format!(
            "`{text}` lies outside of `site.output_dir`; write it relative to that, such as `{bare}`"
        ));
    }
    if text.is_empty() {
        return Err("the path is empty".to_owned());
    }
    segments(text, text)?;
    Ok(text.to_owned())
}

/// Checks that none of the `parts` of `text` is empty, `.`, `..`, or has a special character.
fn segments(text: &str, parts: &str) -> Result<(), String> {
    let refused = |why: &str| Err(format!("`{text}` {why}"));
    if text.contains("//") || parts.ends_with('/') {
        return refused("has an empty part; remove the extra `/`");
    }
    if parts.split('/').any(|part| part == "." || part == "..") {
        return refused("contains `.` or `..`; write the path without them");
    }
    if let Some(odd) = parts.chars().find(|c| !is_plain(*c)) {
        let odd = odd.escape_debug();
        return refused(&format!(
            "contains `{odd}`; use letters a-z, digits, `-`, `_`, `.`, `~` and `/`"
        ));
    }
    Ok(())
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.~/".contains(c)
}

/// Scheme and host of the site, without a slash at the end; may be empty.
pub(super) fn origin(text: &str) -> Result<String, String> {
    let bare = text.trim_end_matches('/');
    if text.is_empty() {
        return Ok(String::new());
    }
    if host(bare)?.contains(['/', '?', '#']) {
        return Err(format!(
            "`{text}` has a path; keep scheme and host here, the path belongs to `site.path`"
        ));
    }
    Ok(bare.to_owned())
}

/// The base URL of a server, perhaps with a path; without a slash at the end.
pub(super) fn server(text: &str) -> Result<String, String> {
    let bare = text.trim_end_matches('/');
    if host(bare)?.contains(['?', '#', '@']) {
        return Err(format!(
            "`{text}` has more than a server's address; write for example `https://chat.example.org`"
        ));
    }
    Ok(bare.to_owned())
}

/// A link; may be empty.
pub(super) fn link(text: &str) -> Result<String, String> {
    if !text.is_empty() {
        host(text)?;
    }
    Ok(text.to_owned())
}

/// The URL after its scheme; only these two schemes never run as a script.
fn host(text: &str) -> Result<&str, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let usable = |rest: &&str| rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[');
    let Some(rest) = rest.filter(usable) else {
        return Err(format!(
            "`{text}` is not a web address; write for example `https://example.org`"
        ));
    };
    let odd = |c: char| c.is_whitespace() || c.is_control() || "\"'<>\\`{}".contains(c);
    if let Some(odd) = rest.chars().find(|c| odd(*c)) {
        let odd = odd.escape_debug();
        return Err(format!(
            "`{}` has a `{odd}` in it; remove it, or write it percent-encoded",
            text.escape_debug()
        ));
    }
    Ok(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is special, the text, and what it is taken as.
    type Case = (&'static str, &'static str, Option<&'static str>);

    #[track_caller]
    fn check(parse: fn(&str) -> Result<String, String>, cases: &[Case]) {
        for (what, text, expected) in cases {
            assert_eq!(parse(text).ok().as_deref(), *expected, "{what}: `{text}`");
        }
    }

    #[test]
    #[rustfmt::skip]
    fn the_dashboard_lies_in_a_directory_of_plain_characters() {
        check(directory, &[
            ("one part",        "/lookout/",     Some("/lookout/")),
            ("two parts",       "/a/b-2/",       Some("/a/b-2/")),
            ("the root",        "/",             None),
            ("no slash first",  "lookout/",      None),
            ("no slash last",   "/lookout",      None),
            ("upwards",         "/../lookout/",  None),
            ("empty part",      "/a//b/",        None),
            ("only slashes",    "//",            None),
            ("a space",         "/a b/",         None),
            ("a quote",         "/a\"b/",        None),
            ("route syntax",    "/{all}/",       None),
        ]);
    }

    #[test]
    #[rustfmt::skip]
    fn an_endpoint_is_an_absolute_path() {
        check(endpoint, &[
            ("as by default",   "/webhooks/zoom", Some("/webhooks/zoom")),
            ("slash last",      "/zoom/",         Some("/zoom/")),
            ("the root",        "/",              None),
            ("relative",        "zoom",           None),
            ("empty part",      "/zoom//",        None),
        ]);
    }

    #[test]
    #[rustfmt::skip]
    fn the_table_stays_below_the_output_directory() {
        check(below, &[
            ("as by default",   "_data/rooms.csv", Some("_data/rooms.csv")),
            ("absolute",        "/etc/rooms.csv",  None),
            ("upwards",         "../rooms.csv",    None),
            ("upwards inside",  "a/../../x.csv",   None),
            ("a directory",     "_data/",          None),
            ("empty",           "",                None),
        ]);
    }

    #[test]
    #[rustfmt::skip]
    fn addresses_are_of_the_web() {
        check(origin, &[
            ("none",            "",                        Some("")),
            ("plain",           "https://example.org",     Some("https://example.org")),
            ("slash last",      "https://example.org/",    Some("https://example.org")),
            ("with a port",     "http://localhost:8787",   Some("http://localhost:8787")),
            ("with a path",     "https://example.org/a",   None),
            ("with a query",    "https://example.org?a",   None),
            ("no scheme",       "example.org",             None),
            ("no host",         "https://",                None),
        ]);
        check(link, &[
            ("with a query",    "https://zoom.example/j/1?pwd=x", Some("https://zoom.example/j/1?pwd=x")),
            ("a script",        "javascript:alert(1)",            None),
            ("a quote",         "https://x.example/\"onclick=",   None),
        ]);
    }
}
