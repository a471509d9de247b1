//! `--behind`: the proxies in front of nginx. Only what they say about a visitor's address counts.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use serde::Serialize;

/// Cloudflare's networks, and since when they are the ones that Cloudflare publishes.
const CLOUDFLARE: &str = include_str!("cloudflare.txt");

/// One argument of `--behind`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edge {
    /// All networks of Cloudflare.
    Cloudflare,
    /// One address, or a network of them.
    Network(IpNet),
}

/// The template's values.
#[derive(Debug, Serialize)]
pub(super) struct Proxies {
    /// A comment about each group of networks, and the group.
    groups: Vec<(String, Vec<String>)>,
    /// The header with the visitor's address.
    header: &'static str,
}

impl Proxies {
    /// The values for `edges`; `None` if there are none.
    pub(super) fn of(edges: &[Edge]) -> Option<Self> {
        let own = edges.iter().filter_map(|edge| match edge {
            Edge::Network(network) => Some(as_nginx_has_it(network)),
            Edge::Cloudflare => None,
        });
        let own: Vec<_> = own.collect();
        let mut groups = Vec::new();
        if edges.contains(&Edge::Cloudflare) {
            groups.push(cloudflare());
        }
        // Another proxy is nearer than Cloudflare: only this header names all of them.
        let header = if own.is_empty() { "CF-Connecting-IP" } else { "X-Forwarded-For" };
        if !own.is_empty() {
            groups.push(("The proxies named by `--behind`.".to_owned(), own));
        }
        (!groups.is_empty()).then_some(Self { groups, header })
    }
}

impl FromStr for Edge {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("cloudflare") {
            return Ok(Self::Cloudflare);
        }
        let address = text.parse().map(|address: IpAddr| IpNet::from(address));
        let network = address.or_else(|_| text.parse::<IpNet>()).map_err(|_| {
            format!(
                "`{}` is neither `cloudflare` nor an address; write the proxy's, such as `192.0.2.7`, or its \
                 network, such as `192.0.2.0/24`",
                text.escape_debug()
            )
        })?;
        if network.prefix_len() == 0 {
            return Err(format!(
                "`{network}` is every address, so anybody could forge one; name only the proxy's"
            ));
        }
        Ok(Self::Network(network.trunc()))
    }
}

/// A single address without the length of its prefix.
fn as_nginx_has_it(network: &IpNet) -> String {
    if network.prefix_len() == network.max_prefix_len() {
        network.addr().to_string()
    } else {
        network.to_string()
    }
}

/// The comment of the file, which says how current it is, and its networks.
fn cloudflare() -> (String, Vec<String>) {
    let (comments, networks): (Vec<_>, Vec<_>) =
        CLOUDFLARE.lines().filter(|line| !line.is_empty()).partition(|line| line.starts_with('#'));
    let comment =
        comments.iter().map(|line| line.trim_start_matches(['#', ' '])).collect::<Vec<_>>();
    (comment.join(" "), networks.into_iter().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_cloudflare_an_address_or_a_network_but_not_everybody() {
        #[rustfmt::skip]
        let cases = [
            // what is special       text                 as nginx has it, or what is said
            ("an address",           "192.0.2.7",         Ok("192.0.2.7")),
            ("a network",            "192.0.2.0/24",      Ok("192.0.2.0/24")),
            ("bits below the network", "192.0.2.7/24",    Ok("192.0.2.0/24")),
            ("an IPv6 address",      "2001:db8::1",       Ok("2001:db8::1")),
            ("an IPv6 network",      "2001:db8::/32",     Ok("2001:db8::/32")),
            ("everybody",            "0.0.0.0/0",         Err("is every address")),
            ("everybody by IPv6",    "::/0",              Err("is every address")),
            ("a name",               "proxy.example",     Err("is neither `cloudflare` nor an address")),
            ("syntax of nginx",      "192.0.2.7;}",       Err("is neither `cloudflare` nor an address")),
            ("too long a prefix",    "192.0.2.7/33",      Err("is neither `cloudflare` nor an address")),
        ];
        for (what, text, expected) in cases {
            match (text.parse(), expected) {
                (Ok(Edge::Network(network)), Ok(expected)) => {
                    assert_eq!(as_nginx_has_it(&network), expected, "{what}");
                }
                (Err(said), Err(expected)) => assert!(said.contains(expected), "{what}: {said}"),
                (other, _) => panic!("{what}: {other:?}"),
            }
        }
        assert_eq!("Cloudflare".parse(), Ok(Edge::Cloudflare));
    }

    #[test]
    fn the_header_is_one_that_the_nearest_proxy_writes() {
        let network = Edge::Network("192.0.2.7/32".parse().expect("a network"));
        let header = |edges: &[Edge]| Proxies::of(edges).map(|proxies| proxies.header);
        assert_eq!(header(&[]), None);
        assert_eq!(header(&[Edge::Cloudflare]), Some("CF-Connecting-IP"));
        assert_eq!(header(std::slice::from_ref(&network)), Some("X-Forwarded-For"));
        assert_eq!(header(&[Edge::Cloudflare, network]), Some("X-Forwarded-For"));
    }

    #[test]
    fn the_networks_of_cloudflare_are_networks_and_dated() {
        let (comment, networks) = cloudflare();
        assert!(comment.contains("2023-09-28"), "{comment}");
        assert_eq!(networks.len(), 22);
        for network in networks {
            let parsed: IpNet =
                network.parse().unwrap_or_else(|error| panic!("{network}: {error}"));
            assert_eq!(parsed.trunc(), parsed, "{network}");
        }
    }
}
