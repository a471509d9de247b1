//! Deliveries of which a bit or a few were changed on the way.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::Duration;

use lookout::config::Secret;
use lookout::simulate::Rng;
use lookout::time::moment::Moment;
use lookout::zoom::signature::{Headers, sign, verify};

use crate::proof::Length;
use crate::simulate::{Pace, Plan, Probabilities, RoomPlan, Story};
use crate::support::http::{connect, read_reply};
use crate::support::lookout::{WEBHOOK, now};
use crate::support::{Lookout, SECRET};

/// At most so many bits are changed in one delivery.
const BITS: usize = 3;

pub fn in_process(length: Length) -> String {
    let flips = length.pick(50_000, 1_000_000);
    let (secrets, tolerance) = ([secret()], Duration::from_secs(300));
    let originals = deliveries();
    let is_taken = |delivery: &Signed| {
        let text = |bytes| std::str::from_utf8(bytes).ok();
        let headers =
            Headers { timestamp: text(&delivery.timestamp), signature: text(&delivery.signature) };
        let moment = Moment::from_seconds(now());
        verify(&secrets, headers, &delivery.body)
            .is_ok_and(|signed| signed.check_time(moment, tolerance).is_ok())
    };
    assert!(originals.iter().all(is_taken), "what is not changed is taken");
    let mut rng = Rng::new(1);
    for flip in 0..flips {
        let changed = originals[flip % originals.len()].changed(&mut rng);
        assert!(!is_taken(&changed), "change {flip} was taken: {changed:?}");
    }
    format!("{flips} deliveries with up to {BITS} changed bits: 0 accepted")
}

pub fn on_the_wire(length: Length) -> String {
    let flips = length.pick(500, 10_000);
    let mut lookout = Lookout::new();
    lookout.intake();
    let mut originals = deliveries();
    let mut rng = Rng::new(2);
    let mut statuses: BTreeMap<u16, usize> = BTreeMap::new();
    for flip in 0..flips {
        if flip % 1000 == 0 {
            originals = deliveries();
        }
        let changed = originals[flip % originals.len()].changed(&mut rng);
        *statuses.entry(changed.send(&lookout)).or_default() += 1;
    }
    let taken = statuses.keys().filter(|status| **status < 400).count();
    assert_eq!(taken, 0, "a changed delivery was taken: {statuses:?}");
    assert_eq!(originals[0].send(&lookout), 204, "what is not changed is taken");
    assert_eq!(lookout.exported_keys().len(), 1, "and nothing else is stored");
    let told = statuses.iter().map(|(status, count)| format!("{count} × {status}"));
    let told: Vec<_> = told.collect();
    format!("{flips} deliveries with up to {BITS} changed bits: 0 accepted ({})", told.join(", "))
}

/// A delivery as it is on the wire.
#[derive(Debug, Clone)]
struct Signed {
    timestamp: Vec<u8>,
    signature: Vec<u8>,
    body: Vec<u8>,
}

impl Signed {
    /// The same with some bits turned over.
    fn changed(&self, rng: &mut Rng) -> Self {
        loop {
            let mut changed = self.clone();
            for _ in 0..=rng.below(BITS) {
                // Each of the three as often, short or long.
                let part = match rng.below(3) {
                    0 => &mut changed.timestamp,
                    1 => &mut changed.signature,
                    _ => &mut changed.body,
                };
                let bit = rng.below(part.len() * 8);
                part[bit / 8] ^= 1 << (bit % 8);
            }
            if !changed.says_the_same(self) {
                return changed;
            }
        }
    }

    /// A digit of a digest may be written as `a` or `A`, and a bit turned over twice is back.
    fn says_the_same(&self, other: &Self) -> bool {
        let digits = |signed: &Self| signed.signature[3..].to_ascii_lowercase();
        self.body == other.body
            && self.timestamp == other.timestamp
            && self.signature[..3] == other.signature[..3]
            && digits(self) == digits(other)
    }

    /// The status of the answer.
    fn send(&self, lookout: &Lookout) -> u16 {
        let Self { timestamp, signature, body } = self;
        let mut request = format!("POST {WEBHOOK} HTTP/1.1\r\nhost: localhost\r\n").into_bytes();
        request.extend(b"connection: close\r\nx-zm-request-timestamp: ");
        request.extend(timestamp);
        request.extend(b"\r\nx-zm-signature: ");
        request.extend(signature);
        request.extend(format!("\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes());
        request.extend(body);
        let mut stream = connect(lookout.public()).expect("it listens");
        stream.write_all(&request).expect("sent");
        read_reply(stream).expect("an answer").status
    }
}

/// Genuine deliveries of now.
fn deliveries() -> Vec<Signed> {
    let plan = Plan {
        seed: 1,
        people: 20,
        rooms: RoomPlan::invented(1),
        start: Moment::from_seconds(now()),
        already_in: 5,
        pace: Pace::Rate { per_1000_s: 1_000 },
        probabilities: Probabilities::REALISTIC,
    };
    let signed = |body: String| {
        let timestamp = now().to_string();
        let signature = sign(&secret(), &timestamp, body.as_bytes()).into_bytes();
        Signed { timestamp: timestamp.into_bytes(), signature, body: body.into_bytes() }
    };
    Story::new(plan).take(100).map(|delivery| signed(delivery.body)).collect()
}

fn secret() -> Secret {
    Secret::new(SECRET).expect("not empty")
}
