//! nginx behind a proxy: each visitor has limits of their own, and nobody else says who visits.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};

use super::{behind_nginx_printed, join, printed_with, serving};
use crate::support::Request;
use crate::support::http::connect;
use crate::support::lookout::{PATIENCE, WEBHOOK, now, signed};
use crate::support::nginx::{HOST, Nginx, make_certificate};

/// Where the proxy is, and somebody who is none.
const EDGE: Ipv4Addr = Ipv4Addr::LOCALHOST;
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// More than one visitor may ask for at once.
const CROWD: usize = 400;

/// More than one visitor may have open at once.
const STREAMS: usize = 33;

/// A client at `source`, which names visitors in `header`.
struct Client {
    nginx: SocketAddr,
    source: Ipv4Addr,
    header: &'static str,
}

impl Client {
    fn connect(&self) -> TcpStream {
        let connected = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let stream = connected.expect("a runtime").block_on(async {
            let socket = tokio::net::TcpSocket::new_v4()?;
            socket.bind((self.source, 0).into())?;
            socket.connect(self.nginx).await?.into_std()
        });
        let stream = stream.expect("it connects");
        stream.set_nonblocking(false).expect("set");
        stream.set_read_timeout(Some(PATIENCE)).expect("set");
        stream
    }

    /// How many of [`CROWD`] requests are refused; `visitor` names who the nth is said to be for.
    fn refused(&self, visitor: impl Fn(usize) -> String) -> usize {
        let mut stream = self.connect();
        let mut text = String::new();
        for part in (0..CROWD).collect::<Vec<_>>().chunks(50) {
            let requests: String =
                part.iter().map(|n| self.request("badge.json", &visitor(*n))).collect();
            stream.write_all(requests.as_bytes()).expect("sent");
            let mut answers = 0;
            let mut some = [0; 1 << 16];
            let before = text.len();
            while answers < part.len() {
                let length = stream.read(&mut some).expect("an answer");
                assert!(length > 0, "nginx closed: {text}");
                text += &String::from_utf8_lossy(&some[..length]);
                answers = text[before..].matches("HTTP/1.1 ").count();
            }
        }
        text.matches("HTTP/1.1 503").count()
    }

    fn request(&self, path: &str, visitor: &str) -> String {
        format!(
            "GET /lookout/{path} HTTP/1.1\r\nhost: {HOST}\r\n{}: {visitor}\r\n\r\n",
            self.header
        )
    }

    /// The status of a new stream for `visitor`, and the stream.
    fn live(&self, visitor: &str) -> (String, TcpStream) {
        let mut stream = self.connect();
        stream.write_all(self.request("live", visitor).as_bytes()).expect("sent");
        let mut status = [0; 12];
        stream.read_exact(&mut status).expect("an answer");
        (String::from_utf8_lossy(&status).into_owned(), stream)
    }
}

#[test]
fn each_visitor_behind_a_proxy_has_limits_of_their_own_that_nobody_can_forge() {
    let (lookout, nginx) =
        behind_nginx_printed(&["--http", "--behind", "127.0.0.1", "192.0.2.0/24"]);
    let at = |source| Client { nginx: nginx.http, source, header: "x-forwarded-for" };
    let edge = at(EDGE);

    assert!(edge.refused(|_| "203.0.113.1".to_owned()) > 0, "the crowd of one visitor was none");
    assert_eq!(edge.refused(|n| format!("203.0.113.{}", n % 8 + 10)), 0, "eight other visitors");
    let forged = |n: usize| format!("198.51.{}.{}, 203.0.113.2", n / 250, n % 250);
    assert!(edge.refused(forged) > 0, "what a visitor claims before the proxy's own word counts");
    let by_two = |n: usize| format!("203.0.113.3, 192.0.2.{}", n % 250);
    assert!(edge.refused(by_two) > 0, "the first of two proxies is taken for the visitor");
    let elsewhere = at(ELSEWHERE).refused(|n| format!("198.51.{}.{}", n / 250, n % 250));
    assert!(elsewhere > 0, "anybody may say who they are");

    // Zoom comes by the same proxy and has no limit.
    for n in 0..20 {
        let body = join(&format!("Guest {n}"));
        let delivery = signed(WEBHOOK, &body, now()).header("x-forwarded-for", "203.0.113.1");
        let reply = delivery.exchange(connect(nginx.http).expect("it listens"), HOST);
        assert_eq!(reply.expect("an answer").status, 204);
    }
    lookout.wait_for("lookout/index.html", |page| page.contains("Guest 19"));
}

#[test]
fn each_visitor_behind_a_proxy_has_live_streams_of_their_own() {
    let (_lookout, nginx) = behind_nginx_printed(&["--http", "--behind", "127.0.0.1"]);
    let edge = Client { nginx: nginx.http, source: EDGE, header: "x-forwarded-for" };
    let open: Vec<_> = (0..STREAMS).map(|_| edge.live("203.0.113.1")).collect();
    let refused = open.iter().filter(|(status, _)| status == "HTTP/1.1 503").count();
    assert_eq!(refused, 1, "of {STREAMS}");
    assert_eq!(edge.live("203.0.113.2").0, "HTTP/1.1 200");
}

#[test]
fn behind_cloudflare_its_own_header_counts_and_only_from_its_networks() {
    let lookout = serving(WEBHOOK);
    let dir = tempfile::tempdir().expect("a directory");
    make_certificate(dir.path(), HOST);
    let [certificate, key] =
        ["pem", "key"].map(|end| dir.path().join(format!("{HOST}.{end}")).display().to_string());
    let options = ["--behind", "cloudflare", "--certificate", &certificate, "--key", &key];
    let printed = printed_with(&lookout, &options);
    for expected in
        ["set_real_ip_from 173.245.48.0/20;", "set_real_ip_from 2a06:98c0::/29;", "2023-09-28"]
    {
        assert!(printed.contains(expected), "{expected}: {printed}");
    }
    assert!(!printed.contains("letsencrypt") && !printed.contains("acme"), "{printed}");

    // One of the networks is here, and so is its client, by TLS.
    let nginx = Nginx::start(&printed.replace("173.245.48.0/20", "127.0.0.1"));
    std::fs::copy(&certificate, nginx.dir.path().join(format!("{HOST}.pem"))).expect("copied");
    let visit = |visitor: &str| {
        let request = Request::get("/lookout/badge.json").header("cf-connecting-ip", visitor);
        nginx.send(&request.header("x-forwarded-for", "198.51.100.1")).status
    };
    assert!((0..600).any(|_| visit("2001:db8::1") == 503), "one visitor has no limit");
    assert_eq!(visit("2001:db8::2"), 200);
}
