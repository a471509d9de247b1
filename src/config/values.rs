//! Parsers of values that several sections have.
//!
//! The errors say what is wrong and what to write instead.

use std::net::SocketAddr;
use std::path::{Component, Path};
use std::time::Duration;

use bytesize::ByteSize;
use palette::Srgb;

use super::settings::StaleAfter;
use crate::types::Name;

/// A text that is not blank.
pub(super) fn some_text(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("the text is empty".to_owned()),
        text => Ok(text.to_owned()),
    }
}

/// A display name, cleaned.
pub(super) fn name(text: &str) -> Result<Name, String> {
    Name::clean(text).ok_or_else(|| "the name is empty".to_owned())
}

/// A colour, as style sheets write it with a `#`.
pub(super) fn colour(text: &str) -> Result<Srgb<u8>, String> {
    let are_digits = |digits: &&str| {
        matches!(digits.len(), 3 | 6) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let digits = text.trim().strip_prefix('#').filter(are_digits);
    digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| {
        format!("`{text}` is not a colour; write `#` and six hexadecimal digits, such as `#4752c4`")
    })
}

/// The path of a file below `site.static_dir`, with `/` between its parts.
pub(super) fn static_file(text: &str) -> Result<String, String> {
    let parts = Path::new(text).components().map(|part| match part {
        Component::Normal(name) => name.to_str().filter(|name| !name.starts_with('.')),
        _ => None,
    });
    let parts: Option<Vec<&str>> = parts.collect();
    parts.filter(|parts| !parts.is_empty()).map(|parts| parts.join("/")).ok_or_else(|| {
        format!("`{text}` is no path in `site.static_dir`; put the file there and write its name, such as `logo.png`")
    })
}

/// A duration above zero.
pub fn duration(text: &str) -> Result<Duration, String> {
    if text.parse::<f64>().is_ok_and(|number| number != 0.0) {
        return Err(format!(
            "`{text}` has no unit; write for example `{text}m` for minutes, or `s`, `h`, `d`"
        ));
    }
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => Err(format!("`{text}` is zero; write for example `5m`")),
        Ok(duration) => Ok(duration),
        Err(_) => Err(format!(
            "`{text}` is not a duration; write for example `30s`, `5m`, `12h` or `30d`"
        )),
    }
}

/// The duration after which a silent meeting is stale, or `never`.
pub(super) fn stale_after(text: &str) -> Result<StaleAfter, String> {
    match text {
        "never" => Ok(StaleAfter::Never),
        text => match duration(text) {
            Ok(silence) => Ok(StaleAfter::Silence(silence)),
            Err(why) => Err(format!("{why}, or `never`")),
        },
    }
}

/// The limits of `max_body`: Zoom's deliveries fit, and a sender can't exhaust memory.
const BODY_SIZES: std::ops::RangeInclusive<u64> = 1024..=64 * 1024 * 1024;

/// The size of a body, in bytes.
pub(super) fn body_size(text: &str) -> Result<usize, String> {
    let size = text.parse::<ByteSize>();
    let ByteSize(bytes) =
        size.map_err(|_| format!("`{text}` is not a size; write for example `512KiB` or `1MiB`"))?;
    if !BODY_SIZES.contains(&bytes) {
        return Err(format!("`{text}` is out of bounds; write something from `1KiB` to `64MiB`"));
    }
    usize::try_from(bytes).map_err(|_| format!("`{text}` is more than this machine can address"))
}

/// An address and port to listen on.
pub fn listen(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let port = text.strip_prefix("localhost").unwrap_or(text);
    let advice = match port.strip_prefix(':').map(str::parse::<u16>) {
        Some(Ok(port)) => format!(
            "write `127.0.0.1:{port}` for this machine only, `0.0.0.0:{port}` for every network"
        ),
        _ if text.parse::<std::net::IpAddr>().is_ok() => {
            "the port is missing; write for example `127.0.0.1:8787`".to_owned()
        }
        _ => "write an IP address and a port, such as `127.0.0.1:8787` or `[::1]:8787`".to_owned(),
    };
    Err(format!("`{text}` is not an address to listen on; {advice}"))
}

/// `true` or `false`.
pub(super) fn yes_or_no(text: &str) -> Result<bool, String> {
    word(text, &[("true", true), ("false", false)])
}

/// The meaning of one of a few words.
pub(super) fn word<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, String> {
    if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == text) {
        return Ok(*meaning);
    }
    let all: Vec<_> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
    Err(format!("`{text}` is not one of {}", all.join(", ")))
}

/// `true` or `false`.
pub(super) fn truth(text: &str) -> Result<bool, String> {
    word(text, &[("true", true), ("false", false)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_number_and_a_unit_and_are_not_zero() {
        #[rustfmt::skip]
        let cases = [
            // what is special   text         seconds
            ("minutes",          "5m",        Some(300)),
            ("several units",    "1h 30m",    Some(5400)),
            ("no unit",          "5",         None),
            ("nothing",          "0s",        None),
            ("bare zero",        "0",         None),
            ("words",            "a while",   None),
            ("empty",            "",          None),
            ("negative",         "-5m",       None),
        ];
        for (what, text, seconds) in cases {
            let got = duration(text).ok().map(|d| d.as_secs());
            assert_eq!(got, seconds, "{what}");
        }
    }

    #[test]
    fn a_colour_has_three_or_six_digits() {
        #[rustfmt::skip]
        let cases = [
            // what is special    text          colour
            ("six digits",        "#4752c4",    Some(0x47_52_c4)),
            ("three digits",      "#fa0",       Some(0xff_aa_00)),
            ("capitals",          " #4752C4 ",  Some(0x47_52_c4)),
            ("no sign",           "4752c4",     None),
            ("transparent",       "#4752c480",  None),
            ("a name",            "tomato",     None),
            ("no digit",          "#4752cg",    None),
            ("not ASCII",         "#é1",        None),
        ];
        for (what, text, expected) in cases {
            assert_eq!(colour(text).ok(), expected.map(Srgb::from), "{what}");
        }
    }

    #[test]
    fn a_static_file_lies_in_its_directory() {
        #[rustfmt::skip]
        let cases = [
            // what is special     text               path
            ("a name",             "logo.png",        Some("logo.png")),
            ("in a directory",     "img//logo.png",   Some("img/logo.png")),
            ("above",              "../logo.png",     None),
            ("above, in between",  "img/../a.png",    None),
            ("absolute",           "/etc/passwd",     None),
            ("hidden",             "img/.a.png",      None),
            ("empty",              "",                None),
        ];
        for (what, text, path) in cases {
            assert_eq!(static_file(text).ok().as_deref(), path, "{what}");
        }
    }

    #[test]
    fn a_meeting_is_stale_after_a_duration_or_never() {
        let hour = StaleAfter::Silence(Duration::from_secs(3600));
        #[rustfmt::skip]
        let cases = [
            // what is special   text       meaning
            ("a duration",       "1h",      Some(hour)),
            ("for ever",         "never",   Some(StaleAfter::Never)),
            ("no duration",      "Never",   None),
            ("nothing",          "0s",      None),
        ];
        for (what, text, meaning) in cases {
            assert_eq!(stale_after(text).ok(), meaning, "{what}");
        }
    }

    #[test]
    fn sizes_are_bytes_within_bounds() {
        #[rustfmt::skip]
        let cases = [
            // what is special    text       bytes
            ("binary unit",       "1MiB",    Some(1 << 20)),
            ("decimal unit",      "1MB",     Some(1_000_000)),
            ("no unit",           "4096",    Some(4096)),
            ("too small",         "1B",      None),
            ("too large",         "1TiB",    None),
            ("not a size",        "much",    None),
        ];
        for (what, text, bytes) in cases {
            assert_eq!(body_size(text).ok(), bytes, "{what}");
        }
    }

    #[test]
    fn addresses_are_an_ip_and_a_port() {
        #[rustfmt::skip]
        let cases = [
            // what is special   text               taken
            ("IPv4",             "127.0.0.1:8787",  true),
            ("IPv6",             "[::1]:8787",      true),
            ("any port",         "127.0.0.1:0",     true),
            ("a host name",      "localhost:8787",  false),
            ("only a port",      ":8787",           false),
            ("no port",          "127.0.0.1",       false),
            ("port too high",    "127.0.0.1:99999", false),
        ];
        for (what, text, taken) in cases {
            assert_eq!(listen(text).is_ok(), taken, "{what}");
        }
    }
}
