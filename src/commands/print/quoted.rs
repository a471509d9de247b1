//! Quoting of values for nginx, Caddy, systemd and shells.

use std::path::Path;

/// A path for nginx. A `$` can't be written there, because it begins a variable.
pub(super) fn for_nginx(path: &Path) -> Result<String, String> {
    let text = plain(path)?;
    if text.contains('$') {
        return Err(format!(
            "`{text}` has a `$` in it, which nginx can't read; choose another path"
        ));
    }
    Ok(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// A path for Caddy, where braces begin a variable, and a file may be named by a pattern.
pub(super) fn for_caddy(path: &Path) -> Result<String, String> {
    let text = plain(path)?;
    match text.chars().find(|c| "{}\"`\\*?[]".contains(*c)) {
        Some(c) => {
            Err(format!("`{text}` has a `{c}` in it, which Caddy can't read; choose another path"))
        }
        None => Ok(format!("\"{text}\"")),
    }
}

/// A word for a unit of systemd, in the quotes that it does not contain. Some keys take a backslash
/// literally and others as an escape, so none is used.
pub(super) fn for_systemd(path: &Path) -> Result<String, String> {
    let text = for_unit(path)?;
    if text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-%+,:@".contains(c)) {
        return Ok(text);
    }
    match (text.contains('"'), text.contains('\'')) {
        (false, _) => Ok(format!("\"{text}\"")),
        (true, false) => Ok(format!("'{text}'")),
        (true, true) => Err(refused(path, "has both kinds of quotes")),
    }
}

/// A word for the command line of a unit, where a `$` begins a variable.
pub(super) fn for_exec(path: &Path) -> Result<String, String> {
    Ok(for_systemd(path)?.replace('$', "$$"))
}

/// The rest of a line of a unit, which is literal, without white space at its end.
pub(super) fn for_rest_of_line(path: &Path) -> Result<String, String> {
    let text = for_unit(path)?;
    if text.ends_with(char::is_whitespace) {
        return Err(refused(path, "ends in white space"));
    }
    Ok(text)
}

/// A word for a shell.
pub(super) fn for_shell(path: &Path) -> Result<String, String> {
    let text = plain(path)?;
    if text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+,:@".contains(c)) {
        return Ok(text.to_owned());
    }
    Ok(format!("'{}'", text.replace('\'', r"'\''")))
}

/// `path` with each `%` doubled, because a single one begins a specifier. Refuses a backslash, which
/// would continue the line if it were the last character.
fn for_unit(path: &Path) -> Result<String, String> {
    let text = plain(path)?;
    if text.contains('\\') {
        return Err(refused(path, r"has a `\` in it"));
    }
    Ok(text.replace('%', "%%"))
}

fn refused(path: &Path, why: &str) -> String {
    format!("`{}` {why}, which a unit of systemd cannot hold; choose another path", path.display())
}

fn plain(path: &Path) -> Result<&str, String> {
    let text = path.to_str().filter(|text| !text.chars().any(char::is_control));
    text.ok_or_else(|| {
        format!(
            "`{}` is not plain text; choose another path",
            path.to_string_lossy().escape_debug()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_mean_themselves_to_nginx_and_to_systemd() {
        #[rustfmt::skip]
        let cases = [
            // what is special      path              nginx                       a word                    a command line            the rest of a line
            ("plain",               "/srv/a-b.c",     Some(r#""/srv/a-b.c""#),    Some("/srv/a-b.c"),       Some("/srv/a-b.c"),       Some("/srv/a-b.c")),
            ("a space",             "/srv/a b",       Some(r#""/srv/a b""#),      Some(r#""/srv/a b""#),    Some(r#""/srv/a b""#),    Some("/srv/a b")),
            ("a space at the end",  "/srv/a ",        Some(r#""/srv/a ""#),       Some(r#""/srv/a ""#),     Some(r#""/srv/a ""#),     None),
            ("syntax of nginx",     "/srv/a;{}#",     Some(r#""/srv/a;{}#""#),    Some(r#""/srv/a;{}#""#),  Some(r#""/srv/a;{}#""#),  Some("/srv/a;{}#")),
            ("quotes",              r#"/srv/"a""#,    Some(r#""/srv/\"a\"""#),    Some(r#"'/srv/"a"'"#),    Some(r#"'/srv/"a"'"#),    Some(r#"/srv/"a""#)),
            ("the other quotes",    "/srv/a'b",       Some(r#""/srv/a'b""#),      Some(r#""/srv/a'b""#),    Some(r#""/srv/a'b""#),    Some("/srv/a'b")),
            ("both",                r#"/srv/a'b"c"#,  Some(r#""/srv/a'b\"c""#),   None,                     None,                     Some(r#"/srv/a'b"c"#)),
            ("a backslash",         r"/srv/a\b",      Some(r#""/srv/a\\b""#),     None,                     None,                     None),
            ("… at the end",        r"/srv/a\",       Some(r#""/srv/a\\""#),      None,                     None,                     None),
            ("a variable",          "/srv/$a",        None,                       Some(r#""/srv/$a""#),     Some(r#""/srv/$$a""#),    Some("/srv/$a")),
            ("a specifier",         "/srv/%n",        Some(r#""/srv/%n""#),       Some("/srv/%%n"),         Some("/srv/%%n"),         Some("/srv/%%n")),
            ("a line more",         "/srv/a\nUser=",  None,                       None,                     None,                     None),
            ("a carriage return",   "/srv/a\rb",      None,                       None,                     None,                     None),
        ];
        for (what, path, nginx, word, exec, rest) in cases {
            let path = Path::new(path);
            assert_eq!(for_nginx(path).ok().as_deref(), nginx, "{what}");
            assert_eq!(for_systemd(path).ok().as_deref(), word, "{what}");
            assert_eq!(for_exec(path).ok().as_deref(), exec, "{what}");
            assert_eq!(for_rest_of_line(path).ok().as_deref(), rest, "{what}");
        }
        let caddy = for_caddy(Path::new("/srv/a b;#%n$"));
        assert_eq!(caddy.as_deref(), Ok(r#""/srv/a b;#%n$""#));
        for odd in ["/srv/{env.HOME}", "/srv/\"a", r"/srv/a\b", "/srv/*", "/srv/a\nb", "/srv/`a"] {
            assert!(for_caddy(Path::new(odd)).is_err(), "{odd}");
        }
        let shell = for_shell(Path::new("/srv/$(a) 'b'"));
        assert_eq!(shell.as_deref(), Ok(r"'/srv/$(a) '\''b'\'''"));
    }
}
