//! What a running Lookout counts and reports at `admin.listen`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use serde_json::Value;

use crate::commands::print::nginx::reachable;
use crate::http_client;

/// How long to wait for the running Lookout.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The metric with the answers, and the one with signatures of another secret.
const ANSWERS: &str = "lookout_deliveries_total{answer=\"";
const MISMATCHES: &str = "lookout_signature_mismatches_total ";

/// Something that a running Lookout reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Counted {
    /// No Lookout runs here; the address says where none answers.
    Away(SocketAddr),
    /// It answers again, or for the first time after it was away.
    Back,
    /// A challenge was answered.
    Challenge,
    /// A delivery was signed with another secret.
    Mismatch,
    /// A request had no signature.
    Unsigned,
    /// A genuine delivery came at the wrong time; what Lookout says of its clock.
    WrongTime(String),
    /// An event came that was stored before.
    Repeated,
    /// A delivery was answered 503, for the reason in this label.
    Unavailable(String),
    /// A delivery was refused otherwise, for the reason in this label.
    Refused(String),
}

/// The admin address of a running Lookout, and its counts when it was asked last.
pub(super) struct Admin {
    address: SocketAddr,
    client: reqwest::Client,
    /// As of the last answer, so that an answer that is late is not taken for a new process. `None`
    /// before the first poll; empty if nothing has answered since.
    counts: Option<BTreeMap<String, u64>>,
    is_away: bool,
}

impl Admin {
    /// `None` if the port is any free one, which nobody else can know.
    pub(super) fn new(listen: SocketAddr) -> Result<Option<Self>> {
        if listen.port() == 0 {
            return Ok(None);
        }
        let address = reachable(listen);
        let client = http_client::builder(&format!("http://{address}")).timeout(TIMEOUT).build()?;
        Ok(Some(Self { address, client, counts: None, is_away: false }))
    }

    /// What happened since it was asked last.
    pub(super) async fn poll(&mut self) -> Vec<Counted> {
        let Some(metrics) = self.get("metrics").await else {
            let was_away = std::mem::replace(&mut self.is_away, true);
            self.counts.get_or_insert_default();
            return if was_away { Vec::new() } else { vec![Counted::Away(self.address)] };
        };
        let mut happened = Vec::new();
        if std::mem::take(&mut self.is_away) {
            happened.push(Counted::Back);
        }
        let counts = counts(&metrics);
        if let Some(before) = self.counts.replace(counts.clone()) {
            happened.extend(increased(&before, &counts));
        }
        for counted in &mut happened {
            if let Counted::WrongTime(why) = counted {
                *why = self.clock().await;
            }
        }
        happened
    }

    /// What `/readyz` says of the clock.
    async fn clock(&self) -> String {
        let readiness = self.get("readyz").await.unwrap_or_default();
        let readiness: Value = serde_json::from_str(&readiness).unwrap_or_default();
        let reasons = readiness["reasons"].as_array().into_iter().flatten();
        let clock =
            reasons.filter(|reason| reason["what"] == "clock").find_map(|r| r["why"].as_str());
        clock.unwrap_or("its time is too far from our clock").to_owned()
    }

    async fn get(&self, path: &str) -> Option<String> {
        let answer =
            self.client.get(format!("http://{}/{path}", self.address)).send().await.ok()?;
        answer.text().await.ok()
    }
}

/// The number of each answer, by its label, and of mismatches.
fn counts(metrics: &str) -> BTreeMap<String, u64> {
    let counts = metrics.lines().filter_map(|line| {
        let (label, number) = match line.strip_prefix(ANSWERS) {
            Some(rest) => (rest.split('"').next()?, rest.rsplit(' ').next()?),
            None => ("mismatch", line.strip_prefix(MISMATCHES)?),
        };
        Some((label.to_owned(), number.parse().ok()?))
    });
    counts.collect()
}

/// What happened between two counts, each once. A smaller number is that of a new process, which
/// began at 0.
fn increased(before: &BTreeMap<String, u64>, now: &BTreeMap<String, u64>) -> Vec<Counted> {
    let more = |label: &str| {
        let (before, now) = (before.get(label).unwrap_or(&0), now.get(label).unwrap_or(&0));
        if now < before { *now } else { now - before }
    };
    let mismatches = more("mismatch");
    let happened =
        now.keys().filter(|label| more(label) > 0).filter_map(|label| match label.as_str() {
            // The journal has these.
            "stored" => None,
            "challenge" => Some(Counted::Challenge),
            "mismatch" => Some(Counted::Mismatch),
            "unsigned" => (more("unsigned") > mismatches).then_some(Counted::Unsigned),
            "stale" => Some(Counted::WrongTime(String::new())),
            "replayed" => Some(Counted::Repeated),
            "slow" | "overloaded" | "not_stored" | "not_archived" => {
                Some(Counted::Unavailable(label.clone()))
            }
            _ => Some(Counted::Refused(label.clone())),
        });
    happened.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_since_is_told_once() {
        let metrics = |lines: &[(&str, u64)]| {
            let line = |(label, number): &(&str, u64)| match *label {
                "mismatch" => format!("{MISMATCHES}{number}\n"),
                label => format!("{ANSWERS}{label}\",status=\"204\"}} {number}\n"),
            };
            let text: String = lines.iter().map(line).collect();
            counts(&format!("# HELP lookout_deliveries Deliveries answered.\n{text}# EOF\n"))
        };
        use Counted::{Challenge, Mismatch, Refused, Repeated, Unavailable, Unsigned, WrongTime};
        #[rustfmt::skip]
        let cases = [
            // what is special           before                                now                                   happened
            ("nothing",                  vec![("challenge", 2)],               vec![("challenge", 2)],               vec![]),
            ("a challenge",              vec![],                               vec![("challenge", 1)],               vec![Challenge]),
            ("three of them",            vec![("challenge", 2)],               vec![("challenge", 5)],               vec![Challenge]),
            ("an event",                 vec![],                               vec![("stored", 1)],                  vec![]),
            ("another secret",           vec![("unsigned", 1)],                vec![("mismatch", 1), ("unsigned", 2)], vec![Mismatch]),
            ("no signature",             vec![("mismatch", 1), ("unsigned", 1)], vec![("mismatch", 1), ("unsigned", 2)], vec![Unsigned]),
            ("both",                     vec![],                               vec![("mismatch", 1), ("unsigned", 2)], vec![Mismatch, Unsigned]),
            ("the wrong time",           vec![],                               vec![("stale", 1)],                   vec![WrongTime(String::new())]),
            ("once more",                vec![],                               vec![("replayed", 1)],                vec![Repeated]),
            ("a full disk",              vec![],                               vec![("not_stored", 1)],              vec![Unavailable("not_stored".into())]),
            ("a long body",              vec![],                               vec![("too_long", 1)],                vec![Refused("too_long".into())]),
            ("a restart meanwhile",      vec![("challenge", 5)],               vec![("challenge", 1)],               vec![Challenge]),
        ];
        for (what, before, now, happened) in cases {
            assert_eq!(increased(&metrics(&before), &metrics(&now)), happened, "{what}");
        }
    }

    #[tokio::test]
    async fn a_poll_without_an_answer_forgets_no_counts() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("bound");
        let serve = |listener: std::net::TcpListener, challenges: u64| {
            std::thread::spawn(move || {
                use std::io::{Read as _, Write as _};
                let (mut stream, _) = listener.accept().expect("asked");
                assert!(stream.read(&mut [0; 4096]).expect("a request") > 0);
                let body = format!("{ANSWERS}challenge\"}} {challenges}\n");
                let length = body.len();
                write!(
                    stream,
                    "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
                )
                .expect("answered");
            })
        };
        let again = || std::net::TcpListener::bind(address).expect("the same port");
        use Counted::{Away, Back, Challenge};
        #[rustfmt::skip]
        let cases = [
            // what is special            challenges  happened
            ("what was before",           Some(5),    vec![]),
            ("silence",                   None,       vec![Away(address)]),
            ("more silence",              None,       vec![]),
            ("the same process",          Some(5),    vec![Back]),
            ("silence again",             None,       vec![Away(address)]),
            ("one more meanwhile",        Some(6),    vec![Back, Challenge]),
            ("silence before a restart",  None,       vec![Away(address)]),
            ("a new process",             Some(1),    vec![Back, Challenge]),
        ];
        drop(listener);
        let mut admin = Admin::new(address).expect("a client").expect("a port");
        for (what, challenges, happened) in cases {
            let server = challenges.map(|challenges| serve(again(), challenges));
            assert_eq!(admin.poll().await, happened, "{what}");
            if let Some(server) = server {
                server.join().expect("it answered");
            }
        }
    }
}
