//! Clients that are slow on purpose, before the printed nginx file with Debian's defaults:
//! 768 connections for each worker, and a default site on the same port that has no time-outs.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use super::{behind_nginx, join};
use crate::support::Request;
use crate::support::lookout::{WEBHOOK, now, signed};
use crate::support::nginx::{HOST, Nginx};

/// Each slow connection is closed by then: 5 s for the head, 5 s more for the rest, and a margin
/// for a busy machine. nginx's own defaults are 30 s, 60 s, or never.
const CLOSED: Duration = Duration::from_secs(20);

/// How often a slow client sends a little more.
const DRIP: Duration = Duration::from_millis(200);

/// More than two workers with 768 connections each can hold …
const FLOOD: usize = 1_700;

/// … and so many times, at most, until no delivery comes through.
const ROUNDS: usize = 5;

/// Deliveries come through again by then: 5 s, with the same margin. nginx's own default is 60 s.
const UNBLOCKED: Duration = Duration::from_secs(30);

/// The two sides of a connection, by TLS or not.
trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// How a client connects.
#[derive(Clone, Copy)]
enum By {
    Tls,
    /// TCP to the port of TLS.
    Raw,
    Http,
}

#[test]
fn nginx_closes_whoever_sends_too_slowly() {
    let (_lookout, nginx) = behind_nginx();
    let post = |host: &str, header: &str| {
        format!("POST {WEBHOOK} HTTP/1.1\r\nhost: {host}\r\n{header}content-length: 100000\r\n\r\n")
    };
    let half = format!("POST {WEBHOOK} HTTP/1.1\r\nhost: {HOST}\r\n");
    let made_up = post(HOST, "x-zm-signature: v0=0\r\n");
    #[rustfmt::skip]
    let cases: [(&str, By, String, &str); 11] = [
        // what is special              by        first                              then
        ("nothing",                     By::Raw,  String::new(),                     ""),
        ("three bytes of TLS",          By::Raw,  "\x16\x03\x01".to_owned(),         ""),
        ("a TLS hello that drips",      By::Raw,  "\x16\x03\x01\x02\x00\x01".into(), "\0"),
        ("nothing after the handshake", By::Tls,  String::new(),                     ""),
        ("a head that drips",           By::Tls,  half.clone(),                      "x: y\r\n"),
        ("a body that drips",           By::Tls,  made_up,                           "{"),
        ("the same, unsigned",          By::Tls,  post(HOST, ""),                    "{"),
        ("three bytes without TLS",     By::Http, "POS".to_owned(),                  ""),
        ("a head without TLS",          By::Http, half,                              "x: y\r\n"),
        ("a body without TLS",          By::Http, post(HOST, ""),                    "{"),
        ("a body for the default site", By::Http, post("other.example", ""),         "{"),
    ];
    thread::scope(|scope| {
        for (what, by, first, then) in &cases {
            let nginx = &nginx;
            scope.spawn(move || {
                let life = life(by.connect(nginx), first, then);
                assert!(life < CLOSED, "{what}: still open after {life:?}");
            });
        }
    });
}

impl By {
    fn connect(self, nginx: &Nginx) -> Box<dyn Stream> {
        let tcp = |address| TcpStream::connect(address).expect("it listens");
        let patient = |tcp: &TcpStream| tcp.set_read_timeout(Some(DRIP)).expect("it is set");
        match self {
            Self::Tls => {
                let mut stream = nginx.connect();
                // The handshake is no part of this.
                while stream.conn.is_handshaking() {
                    stream.conn.complete_io(&mut stream.sock).expect("it succeeds");
                }
                patient(&stream.sock);
                Box::new(stream)
            }
            Self::Raw | Self::Http => {
                let tcp = tcp(if matches!(self, Self::Raw) { nginx.https } else { nginx.http });
                patient(&tcp);
                Box::new(tcp)
            }
        }
    }
}

/// How long it takes until nginx closes, up to [`CLOSED`].
fn life(mut stream: Box<dyn Stream>, first: &str, then: &str) -> Duration {
    let begun = Instant::now();
    drop(stream.write_all(first.as_bytes()));
    drop(stream.flush());
    let mut answer = [0; 4096];
    while begun.elapsed() < CLOSED {
        match stream.read(&mut answer) {
            Ok(0) => break,
            // It answers, and goes on reading for a while.
            Ok(_) => {}
            // Nothing came for as long as a drip waits.
            Err(error) if [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()) => {
                drop(stream.write_all(then.as_bytes()));
                drop(stream.flush());
            }
            Err(_) => break,
        }
    }
    begun.elapsed()
}

#[test]
fn connections_that_send_three_bytes_block_deliveries_for_seconds_only() {
    lookout::server::raise_file_limit();
    let (_lookout, nginx) = behind_nginx();
    let deliver = |name: &str| {
        let reply = nginx.try_send(&signed(WEBHOOK, &join(name), now()));
        reply.is_some_and(|reply| reply.status == 204)
    };
    assert!(deliver("Ada"));
    let mut flood = Vec::new();
    // A worker that is full may take connections from another one that is not, and close them.
    for _ in 0..ROUNDS {
        flood.extend((0..FLOOD).filter_map(|_| {
            let mut stream = TcpStream::connect(nginx.https).ok()?;
            stream.write_all(b"\x16\x03\x01").ok()?;
            Some(stream)
        }));
        if !deliver("Ada") {
            break;
        }
    }
    let begun = Instant::now();
    // Zoom, too, sends again what found no connection.
    while !deliver("Bob") {
        assert!(begun.elapsed() < UNBLOCKED, "no delivery for {:?}", begun.elapsed());
        thread::sleep(DRIP);
    }
    drop(flood);
}

#[test]
fn an_unsigned_delivery_is_refused_before_its_body_is_read() {
    let (lookout, nginx) = behind_nginx();
    #[rustfmt::skip]
    let cases = [
        // what is special     method  headers                                                   status
        ("no signature",       "POST", "",                                                       401),
        ("an empty one",       "POST", "x-zm-signature:\r\n",                                    401),
        ("only a timestamp",   "POST", "x-zm-request-timestamp: 1767643200\r\n",                 401),
        ("another method",     "PUT",  "",                                                       405),
    ];
    for path in [WEBHOOK, "/webhooks/zoom/"] {
        for (what, method, headers, status) in cases {
            let mut stream = nginx.connect();
            let head = format!(
                "{method} {path} HTTP/1.1\r\nhost: {HOST}\r\n{headers}content-length: 1000000\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).expect("sent");
            let mut answer = [0; 12];
            // None of the body is ever sent.
            stream.read_exact(&mut answer).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(String::from_utf8_lossy(&answer), format!("HTTP/1.1 {status}"), "{what}");
        }
    }
    let unsigned = Request::post(WEBHOOK, b"{}");
    assert_eq!(nginx.send(&unsigned).status, 401);
    // nginx refused these: Lookout did not hear of them.
    let metrics = Request::get("/metrics").send(lookout.admin()).text();
    assert!(!metrics.contains("answer=\"unsigned\""), "{metrics}");
}
