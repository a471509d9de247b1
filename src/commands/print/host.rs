//! Host names, and name servers.

use std::net::IpAddr;
use std::str::FromStr;

/// A host name without characters that are special to nginx.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostName(String);

impl HostName {
    /// The host of a URL such as `site.base_url`.
    pub fn of_url(url: &str) -> Result<Self, String> {
        let host = url.split_once("://").map_or(url, |(_, host)| host);
        match host.rsplit_once(':') {
            Some((_, port)) if port.bytes().all(|b| b.is_ascii_digit()) => Err(format!(
                "`{url}` has a port, but nginx takes Zoom's deliveries on 443; leave `:{port}` out"
            )),
            _ => host.parse(),
        }
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HostName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = |label: &str| {
            let inner = |c: char| c.is_ascii_alphanumeric() || c == '-';
            (1..=63).contains(&label.len())
                && label.chars().all(inner)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if text.len() > 253 || !text.split('.').all(plain) {
            return Err(format!(
                "`{}` is not the name of a host; write one such as `example.org`, other alphabets as `xn--…`",
                text.escape_debug()
            ));
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

/// The name servers in `resolv_conf`, as nginx writes addresses.
pub(super) fn name_servers(resolv_conf: &str) -> Vec<String> {
    let servers = resolv_conf.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        words.next().filter(|word| *word == "nameserver")?;
        words.next()?.parse::<IpAddr>().ok()
    });
    servers.map(as_nginx_has_it).collect()
}

/// `address` as nginx writes it.
pub(super) fn as_nginx_has_it(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_have_plain_names() {
        #[rustfmt::skip]
        let cases = [
            // what is special   address                        host
            ("as usual",         "https://example.org",         Some("example.org")),
            ("capitals",         "https://Example.ORG",         Some("example.org")),
            ("plain http",       "http://example.org",          Some("example.org")),
            ("a port",           "https://example.org:8443",    None),
            ("a user",           "https://ada@example.org",     None),
            ("another alphabet", "https://bücher.example",      None),
            ("punycode",         "https://xn--bcher-kva.example", Some("xn--bcher-kva.example")),
            ("an IPv6 address",  "https://[::1]",               None),
            ("syntax of nginx",  "https://a;b",                 None),
            ("a wildcard",       "https://*.example.org",       None),
            ("nothing",          "https://",                    None),
        ];
        for (what, address, host) in cases {
            assert_eq!(
                HostName::of_url(address).ok().as_ref().map(HostName::as_str),
                host,
                "{what}"
            );
        }
    }

    #[test]
    fn name_servers_are_those_of_the_system() {
        let text = "# nameserver 9.9.9.9\nsearch example.org\nnameserver 127.0.0.53\nnameserver 2001:db8::1\n\
            nameserver fe80::1%eth0\nnameserver\n";
        assert_eq!(name_servers(text), ["127.0.0.53", "[2001:db8::1]"]);
    }
}
