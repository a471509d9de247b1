//! `--nginx-version`: what to print for which nginx.

use std::str::FromStr;

/// The oldest version that takes the printed file.
const OLDEST: (u16, u16, u16) = (1, 18, 0);

/// The first version with the directive `http2`; it warns of `http2` as a parameter of `listen`.
const HTTP2_DIRECTIVE: (u16, u16, u16) = (1, 25, 1);

/// A version of nginx.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NginxVersion((u16, u16, u16));

impl NginxVersion {
    /// Whether it has the directive `http2`.
    pub(super) fn has_http2_directive(self) -> bool {
        self.0 >= HTTP2_DIRECTIVE
    }
}

impl FromStr for NginxVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers: Option<Vec<u16>> = text.split('.').map(|part| part.parse().ok()).collect();
        let version = match numbers.as_deref() {
            Some(&[major, minor]) => (major, minor, 0),
            Some(&[major, minor, patch]) => (major, minor, patch),
            _ => {
                return Err(format!(
                    "`{}` is not a version of nginx; write one such as `1.26.3`, which `nginx -v` shows",
                    text.escape_debug()
                ));
            }
        };
        if version < OLDEST {
            return Err(format!("nginx {text} is too old for the printed file; use 1.18 or newer"));
        }
        Ok(Self(version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_as_nginx_shows_it() {
        #[rustfmt::skip]
        let cases = [
            // what is special         text      has the directive `http2`
            ("Debian 11's",            "1.18.0", Some(false)),
            ("Debian 12's",            "1.22.1", Some(false)),
            ("the last without it",    "1.25.0", Some(false)),
            ("the first with it",      "1.25.1", Some(true)),
            ("two numbers",            "1.26",   Some(true)),
            ("the next major version", "2.0",    Some(true)),
            ("too old",                "1.17.9", None),
            ("one number",             "1",      None),
            ("words",                  "newest", None),
        ];
        for (what, text, expected) in cases {
            let version: Option<NginxVersion> = text.parse().ok();
            assert_eq!(version.map(NginxVersion::has_http2_directive), expected, "{what}");
        }
    }
}
