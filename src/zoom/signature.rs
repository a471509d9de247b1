//! Proof that a request came from Zoom.
//!
//! Zoom signs each delivery with a secret that only we share: the header
//! `x-zm-signature` holds `v0=<hex>`, an HMAC-SHA256 over `v0:<timestamp>:<body>`.
//! [`verify`] accepts a delivery only if the digest matches one of our secrets.
//! [`Signed::check_time`] then compares the timestamp with `now`. The two are separate because their
//! responses differ: a wrong signature is not from Zoom, while a wrong time means a wrong clock, a
//! late retry or a replay.
//!
//! A gateway may repeat a header or fold its values into one, `v0=…, v0=…`. One matching
//! signature is enough. The timestamp is part of what is signed, so its values must be equal.
//!
//! Pure: the clock, the headers and the body are arguments.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::time::moment::Moment;
use crate::types::Secret;

/// The header with the signature.
pub const SIGNATURE_HEADER: &str = "x-zm-signature";
/// The header with the time of sending, in seconds since the epoch.
pub const TIMESTAMP_HEADER: &str = "x-zm-request-timestamp";

/// How many values of a folded `x-zm-signature` are compared; further ones are ignored.
const MAX_SIGNATURES: usize = 8;

/// Why a delivery is not from Zoom. Shown to the operator, never to the sender.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A header is missing, so this is not one of Zoom's deliveries.
    #[error("no `{0}` header")]
    Missing(&'static str),
    /// The signature is not `v0=` and 64 hexadecimal digits.
    #[error("`x-zm-signature` is not `v0=` and 64 hexadecimal digits")]
    Malformed,
    /// Signed with another secret, or the body was changed.
    #[error("signature does not match; is `zoom.secret_token` the one Zoom shows?")]
    Mismatch,
}

/// Why a genuine delivery has the wrong time.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untimely {
    /// Its timestamp is no number.
    #[error("timestamp `{0}` is not a number of seconds")]
    Unreadable(String),
    /// It was sent too far from now: our clock is wrong, or it is a late retry or a replay.
    #[error("sent {skew_s} s away from our clock, more than the {tolerance_s} s allowed")]
    OutOfTolerance {
        /// The difference, in seconds.
        skew_s: u64,
        /// What is allowed, in seconds.
        tolerance_s: u64,
    },
}

/// A delivery that one of our secrets signed.
#[derive(Debug, PartialEq, Eq)]
pub struct Signed<'a> {
    /// The secret that signed it.
    pub secret: &'a Secret,
    timestamp: &'a str,
}

/// The headers of a delivery that the signature needs, as received; several lines of one
/// header are joined by commas.
#[derive(Debug, Clone, Copy)]
pub struct Headers<'a> {
    /// `x-zm-request-timestamp`
    pub timestamp: Option<&'a str>,
    /// `x-zm-signature`
    pub signature: Option<&'a str>,
}

/// Returns which secret signed `body` and when, or why it is not from Zoom.
pub fn verify<'a>(
    secrets: &'a [Secret],
    headers: Headers<'a>,
    body: &[u8],
) -> Result<Signed<'a>, Refused> {
    let timestamp = headers.timestamp.ok_or(Refused::Missing(TIMESTAMP_HEADER))?;
    let signature = headers.signature.ok_or(Refused::Missing(SIGNATURE_HEADER))?;
    let timestamp = unfold(timestamp);
    let digests: Vec<_> = values(signature).take(MAX_SIGNATURES).filter_map(decode).collect();
    if digests.is_empty() {
        return Err(Refused::Malformed);
    }
    let signed = |secret: &&Secret| {
        let mac = mac(secret, timestamp, body);
        digests.iter().any(|digest| mac.clone().verify_slice(digest).is_ok())
    };
    let secret = secrets.iter().find(signed).ok_or(Refused::Mismatch)?;
    Ok(Signed { secret, timestamp })
}

impl Signed<'_> {
    /// Returns how long before `now` the delivery was sent, in seconds; negative if after `now`. An
    /// error if that is more than `tolerance` in either direction.
    pub fn check_time(&self, now: Moment, tolerance: Duration) -> Result<i64, Untimely> {
        let unreadable = |_| Untimely::Unreadable(self.timestamp.to_owned());
        let sent: i64 = self.timestamp.parse().map_err(unreadable)?;
        let (skew_s, tolerance_s) = (now.seconds().abs_diff(sent), tolerance.as_secs());
        if skew_s > tolerance_s {
            return Err(Untimely::OutOfTolerance { skew_s, tolerance_s });
        }
        Ok(now.seconds().saturating_sub(sent))
    }
}

/// Signs `body` as Zoom does; returns the value of `x-zm-signature`.
pub fn sign(secret: &Secret, timestamp: &str, body: &[u8]) -> String {
    let digest = mac(secret, timestamp, body).finalize().into_bytes();
    format!("v0={}", hex::encode(digest))
}

/// HMAC-SHA256 of `message`, in lower-case hexadecimal.
pub fn hmac_hex(secret: &Secret, message: &[u8]) -> String {
    let mut mac = keyed(secret);
    mac.update(message);
    hex::encode(mac.finalize().into_bytes())
}

/// The values of a header that may be folded.
fn values(header: &str) -> impl Iterator<Item = &str> {
    header.split(',').map(str::trim).filter(|value| !value.is_empty())
}

/// The value that `header` repeats, or the whole of it if its values differ.
fn unfold(header: &str) -> &str {
    let mut values = values(header);
    match values.next() {
        Some(first) if values.all(|value| value == first) => first,
        _ => header,
    }
}

fn decode(signature: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    hex::decode_to_slice(signature.strip_prefix("v0=")?, &mut digest).ok()?;
    Some(digest)
}

fn mac(secret: &Secret, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = keyed(secret);
    mac.update(b"v0:");
    mac.update(timestamp.as_bytes());
    mac.update(b":");
    mac.update(body);
    mac
}

fn keyed(secret: &Secret) -> Hmac<Sha256> {
    Hmac::new_from_slice(secret.reveal().as_bytes()).expect("HMAC takes a key of any length")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_785_369_686;
    const BODY: &[u8] = br#"{"event":"meeting.started"}"#;

    fn secret(text: &str) -> Secret {
        Secret::new(text).expect("not empty")
    }

    /// Several values as a gateway makes one of them.
    fn folded(values: &[Option<String>]) -> Option<String> {
        Some(values.iter().flatten().cloned().collect::<Vec<_>>().join(", "))
    }

    #[test]
    #[rustfmt::skip]
    fn verifies_only_deliveries_signed_by_zoom() {
        let secrets = [secret("new"), secret("old")];
        let signed = |by: &str, at: i64| Some(sign(&secret(by), &at.to_string(), BODY));
        let at = |seconds: i64| Some(seconds.to_string());
        let cases = [
            // what is special                timestamp                signature                      verdict
            ("genuine",                       at(NOW),                 signed("new", NOW),            Ok("new")),
            ("the older of two secrets",      at(NOW),                 signed("old", NOW),            Ok("old")),
            ("another secret",                at(NOW),                 signed("x", NOW),              Err(Refused::Mismatch)),
            ("signature for another second",  at(NOW),                 signed("new", NOW - 1),        Err(Refused::Mismatch)),
            ("no signature",                  at(NOW),                 None,                          Err(Refused::Missing(SIGNATURE_HEADER))),
            ("no timestamp",                  None,                    signed("new", NOW),            Err(Refused::Missing(TIMESTAMP_HEADER))),
            ("not hexadecimal",               at(NOW),                 Some("v0=zz".to_owned()),      Err(Refused::Malformed)),
            ("another version",               at(NOW),                 signed("new", NOW).map(|s| s.replace("v0", "v1")), Err(Refused::Malformed)),
            ("no time, wrong secret",         Some("x".to_owned()),    signed("new", NOW),            Err(Refused::Mismatch)),
            ("no time, signed all the same",  Some("x".to_owned()),    Some(sign(&secrets[0], "x", BODY)), Ok("new")),
            ("folded, the same twice",        at(NOW),                 folded(&[signed("new", NOW), signed("new", NOW)]), Ok("new")),
            ("folded, the first matches",     at(NOW),                 folded(&[signed("new", NOW), signed("new", NOW - 1)]), Ok("new")),
            ("folded, the last matches",      at(NOW),                 folded(&[signed("new", NOW - 1), signed("old", NOW)]), Ok("old")),
            ("folded without a space",        at(NOW),                 folded(&[signed("new", NOW - 1), signed("new", NOW)]).map(|s| s.replace(' ', "")), Ok("new")),
            ("folded with an empty value",    at(NOW),                 signed("new", NOW).map(|s| format!(", {s},")), Ok("new")),
            ("folded, one malformed",         at(NOW),                 signed("new", NOW).map(|s| format!("v1=zz, {s}")), Ok("new")),
            ("folded, none matches",          at(NOW),                 folded(&[signed("new", NOW - 1), signed("another", NOW)]), Err(Refused::Mismatch)),
            ("folded, all malformed",         at(NOW),                 Some("v1=00, v0=zz".to_owned()), Err(Refused::Malformed)),
            ("only commas",                   at(NOW),                 Some(", ,".to_owned()),         Err(Refused::Malformed)),
            ("folded, the eighth matches",    at(NOW),                 folded(&[vec![signed("new", NOW - 1); 7], vec![signed("new", NOW)]].concat()), Ok("new")),
            ("folded, the ninth would match", at(NOW),                 folded(&[vec![signed("new", NOW - 1); 8], vec![signed("new", NOW)]].concat()), Err(Refused::Mismatch)),
            ("folded timestamp",              Some(format!("{NOW}, {NOW}")), signed("new", NOW),       Ok("new")),
            ("both folded",                   Some(format!("{NOW},{NOW}")), folded(&[signed("new", NOW), signed("new", NOW)]), Ok("new")),
            ("folded timestamp, one differs", Some(format!("{NOW}, {}", NOW - 1)), signed("new", NOW), Err(Refused::Mismatch)),
            ("an old delivery with a newer timestamp added", Some(format!("{}, {NOW}", NOW - 301)), signed("new", NOW - 301), Err(Refused::Mismatch)),
        ];
        for (what, timestamp, signature, expected) in cases {
            let headers = Headers { timestamp: timestamp.as_deref(), signature: signature.as_deref() };
            let got = verify(&secrets, headers, BODY);
            assert_eq!(got.map(|signed| signed.secret.reveal()), expected, "{what}");
        }
    }

    #[test]
    #[rustfmt::skip]
    fn a_delivery_is_timely_if_it_was_sent_within_the_tolerance() {
        let out = |skew_s| Err(Untimely::OutOfTolerance { skew_s, tolerance_s: 300 });
        let at = |seconds: i64| seconds.to_string();
        let cases = [
            // what is special          timestamp                  verdict
            ("now",                     at(NOW),                   Ok(0)),
            ("a minute ago",            at(NOW - 60),              Ok(60)),
            ("in a minute",             at(NOW + 60),              Ok(-60)),
            ("at the edge",             at(NOW - 300),             Ok(300)),
            ("at the other edge",       at(NOW + 300),             Ok(-300)),
            ("too old",                 at(NOW - 301),             out(301)),
            ("from the future",         at(NOW + 301),             out(301)),
            ("at the end of time",      at(i64::MAX),              out(NOW.abs_diff(i64::MAX))),
            ("before all time",         at(i64::MIN),              out(NOW.abs_diff(i64::MIN))),
            ("no number",               "x".to_owned(),            Err(Untimely::Unreadable("x".to_owned()))),
            ("folded, two times",       format!("{NOW}, {}", NOW - 1), Err(Untimely::Unreadable(format!("{NOW}, {}", NOW - 1)))),
        ];
        let secret = secret("s");
        for (what, timestamp, expected) in cases {
            let signed = Signed { secret: &secret, timestamp: &timestamp };
            assert_eq!(signed.check_time(Moment::from_seconds(NOW), Duration::from_secs(300)), expected, "{what}");
        }
    }

    #[test]
    fn no_single_bit_may_change() {
        let secrets = [secret("s")];
        let timestamp = NOW.to_string();
        let signature = sign(&secrets[0], &timestamp, BODY);
        let headers = Headers { timestamp: Some(&timestamp), signature: Some(&signature) };
        for bit in 0..BODY.len() * 8 {
            let mut body = BODY.to_vec();
            body[bit / 8] ^= 1 << (bit % 8);
            let got = verify(&secrets, headers, &body);
            assert_eq!(got, Err(Refused::Mismatch), "bit {bit}");
        }
    }

    #[test]
    fn nobody_can_sign_without_a_secret() {
        let timestamp = NOW.to_string();
        let signature = format!("v0={}", "00".repeat(32));
        let headers = Headers { timestamp: Some(&timestamp), signature: Some(&signature) };
        assert_eq!(verify(&[], headers, BODY), Err(Refused::Mismatch));
    }
}
