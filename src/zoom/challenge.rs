//! Zoom's challenge, which checks that an endpoint knows the secret.
//!
//! Answers and signatures use the same key, so an answer could be misused as a signature: a token such
//! as `v0:<time>:<forged body>` would come back signed. A challenge is therefore answered only if its
//! own signature is valid and its token looks like one of Zoom's.

use serde::Serialize;

use crate::types::Secret;
use crate::zoom::json::Json;
use crate::zoom::signature::hmac_hex;

/// The event name of a challenge.
pub const CHALLENGE: &str = "endpoint.url_validation";

/// The maximum length of a token. Zoom's have 22 characters.
const MAX_TOKEN_BYTES: usize = 128;

/// The answer that Zoom expects, as JSON.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    plain_token: String,
    encrypted_token: String,
}

/// A challenge whose answer could serve as a signature, or that holds no token.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the challenge's `plainToken` is not one that Zoom would send")]
pub struct Dishonest;

/// Answers the challenge in `document`, which `secret` has signed.
pub fn answer(document: &Json, secret: &Secret) -> Result<Answer, Dishonest> {
    let token = document
        .get("payload")
        .and_then(|payload| payload.get("plainToken"))
        .and_then(Json::as_str)
        .ok_or(Dishonest)?;
    if token.is_empty() || token.len() > MAX_TOKEN_BYTES || token.contains(':') {
        return Err(Dishonest);
    }
    Ok(Answer {
        plain_token: token.to_owned(),
        encrypted_token: hmac_hex(secret, token.as_bytes()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer_to(body: &str) -> Result<Answer, Dishonest> {
        let secret = Secret::new("fixture-secret-token-not-a-real-secret").expect("not empty");
        answer(&Json::parse(body).expect("the body is JSON"), &secret)
    }

    #[test]
    fn answers_with_the_published_vector() {
        let body = r#"{"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"}}"#;
        let answer = answer_to(body).expect("an honest challenge");
        assert_eq!(
            serde_json::to_string(&answer).expect("an answer is JSON"),
            r#"{"plainToken":"qgg8vlvZRS6UYooatFL8Aw","encryptedToken":"501d03bbef2249b81044802aa44ca9da0790e696d7751b5256a1caf211ce9e82"}"#
        );
    }

    #[test]
    fn never_hands_out_signatures() {
        let long = format!(r#"{{"payload":{{"plainToken":"{}"}}}}"#, "a".repeat(129));
        #[rustfmt::skip]
        let cases = [
            // what is special     body
            ("a signed message",   r#"{"payload":{"plainToken":"v0:1:{}"}}"#),
            ("too long",           long.as_str()),
            ("empty",              r#"{"payload":{"plainToken":""}}"#),
            ("not text",           r#"{"payload":{"plainToken":7}}"#),
            ("no token",           r#"{"payload":{}}"#),
            ("no payload",         r#"{}"#),
        ];
        for (what, body) in cases {
            assert_eq!(answer_to(body), Err(Dishonest), "{what}");
        }
    }
}
