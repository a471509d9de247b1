//! Values as the files of nginx and systemd want them quoted.

use std::path::Path;

/// A path in a configuration of nginx. There is no way to write a `$` there: it begins a variable.
pub(super) fn for_nginx(path: &Path) -> Result<String, String> {
    let text = plain(path)?;
    if text.contains('$') {
        return Err(format!(
            "`{text}` has a `$` in it, which nginx can't read; choose another path"
        ));
    }
    Ok(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// A word in a unit of systemd.
pub(super) fn for_systemd(path: &Path) -> Result<String, String> {
    let text = plain(path)?.replace('%', "%%");
    if text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-%+,:@".contains(c)) {
        return Ok(text);
    }
    Ok(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// A word in the command line of a unit, where `$` would begin a variable.
pub(super) fn for_exec(path: &Path) -> Result<String, String> {
    Ok(for_systemd(path)?.replace('$', "$$"))
}

/// The rest of a line of a unit, which is taken as it is.
pub(super) fn for_rest_of_line(path: &Path) -> Result<String, String> {
    Ok(plain(path)?.replace('%', "%%"))
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
            // what is special  path              nginx                       systemd           a command line
            ("plain",           "/srv/a-b.c",     Some(r#""/srv/a-b.c""#),    "/srv/a-b.c",      "/srv/a-b.c"),
            ("a space",         "/srv/a b",       Some(r#""/srv/a b""#),      r#""/srv/a b""#,   r#""/srv/a b""#),
            ("syntax of nginx", "/srv/a;{}#",     Some(r#""/srv/a;{}#""#),    r#""/srv/a;{}#""#, r#""/srv/a;{}#""#),
            ("quotes",          r#"/srv/"a"\b"#,  Some(r#""/srv/\"a\"\\b""#), r#""/srv/\"a\"\\b""#, r#""/srv/\"a\"\\b""#),
            ("a variable",      "/srv/$a",        None,                       r#""/srv/$a""#,    r#""/srv/$$a""#),
            ("a specifier",     "/srv/%n",        Some(r#""/srv/%n""#),       "/srv/%%n",        "/srv/%%n"),
        ];
        for (what, path, nginx, systemd, exec) in cases {
            let path = Path::new(path);
            assert_eq!(for_nginx(path).ok().as_deref(), nginx, "{what}");
            assert_eq!(for_systemd(path).as_deref(), Ok(systemd), "{what}");
            assert_eq!(for_exec(path).as_deref(), Ok(exec), "{what}");
        }
        assert!(for_systemd(Path::new("/srv/a\nExecStart=/bin/sh")).is_err());
    }
}
