//! The webhook as Zoom reaches it: sends a signed challenge to the public address.

use std::time::Duration;

use anyhow::{Context as _, Result};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Context, Finding};
use crate::config::Secret;
use crate::http_client;
use crate::request_failure::{Certificate, Failure};
use crate::zoom::challenge::CHALLENGE;
use crate::zoom::signature::{SIGNATURE_HEADER, TIMESTAMP_HEADER, hmac_hex, sign};

/// How long Zoom waits for an answer.
const TIMEOUT: Duration = Duration::from_secs(3);

/// As long as a token from Zoom.
const TOKEN: &str = "lookout-checks-itself0";

/// Sends a challenge to the webhook, if its public address is known.
pub(super) fn webhook(context: &Context<'_>) -> Vec<Finding> {
    let settings = context.settings;
    let base_url = &settings.site.base_url;
    let Some(secret) = settings.zoom.secret_tokens.first() else { return Vec::new() };
    if base_url.is_empty() {
        let text = "not tested from outside, because `site.base_url` is empty";
        return vec![Finding::ok("webhook", text)];
    }
    let url = format!("{base_url}{}", settings.zoom.path);
    let seconds = context.now.seconds().to_string();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let asked = runtime
        .context("cannot start the runtime")
        .and_then(|runtime| runtime.block_on(async { ask(&url, secret, &seconds).await }));
    vec![match asked {
        Ok(Reply { status, text }) => judge(&url, status, &text, secret),
        Err(error) => {
            let why = explain(&Failure::of(error.as_ref()));
            Finding::problem("webhook", format!("{url} cannot be reached: {why}"))
        }
    }]
}

struct Reply {
    status: StatusCode,
    text: String,
}

async fn ask(url: &str, secret: &Secret, seconds: &str) -> Result<Reply> {
    let client = http_client::builder(url).timeout(TIMEOUT).build()?;
    let challenge = json!({ "event": CHALLENGE, "payload": { "plainToken": TOKEN } }).to_string();
    let request = client
        .post(url)
        .header("content-type", "application/json")
        .header(TIMESTAMP_HEADER, seconds)
        .header(SIGNATURE_HEADER, sign(secret, seconds, challenge.as_bytes()));
    let reply = request.body(challenge).send().await?;
    Ok(Reply { status: reply.status(), text: reply.text().await? })
}

fn judge(url: &str, status: StatusCode, text: &str, secret: &Secret) -> Finding {
    let answer: Value = serde_json::from_str(text).unwrap_or_default();
    let is_ours = answer["encryptedToken"] == hmac_hex(secret, TOKEN.as_bytes());
    let advice = match status.as_u16() {
        200 if is_ours && url.starts_with("http://") => {
            let text = format!("{url} answers, but Zoom delivers to https only");
            return Finding::warning("webhook", text);
        }
        200 if is_ours => return Finding::ok("webhook", format!("{url} answers Zoom's challenge")),
        200..=299 => "something else serves this path; pass it on to `zoom.listen`",
        300..=399 => {
            "Zoom follows no redirection; put the address it leads to into `site.base_url`"
        }
        401 => {
            "a Lookout with another token is there; restart it if the settings are newer than it is"
        }
        403..=405 => {
            "the web server does not pass this path on; print its file again with `lookout print nginx`"
        }
        502 | 504 => "the web server finds no Lookout behind it; start `lookout serve`",
        503 => "Lookout is not ready, or its clock is wrong; `/readyz` at `admin.listen` says why",
        _ => "look at the web server's log",
    };
    Finding::problem("webhook", format!("{url} answers {}; {advice}", status.as_u16()))
}

/// What went wrong, and what to do.
fn explain(failure: &Failure) -> String {
    match failure {
        Failure::Certificate(fault) => certificate(fault),
        Failure::TimedOut => {
            "no answer within 3 s, and Zoom waits no longer; look at the firewall".to_owned()
        }
        Failure::Refused => "nothing listens there; start the web server".to_owned(),
        Failure::NoSuchHost => {
            "its name cannot be found; correct `site.base_url`, or the DNS".to_owned()
        }
        Failure::Unreachable => {
            "it cannot be reached from here; check this machine's network".to_owned()
        }
        Failure::NotTls => {
            "it does not speak TLS; set up TLS there, or correct `site.base_url`".to_owned()
        }
        Failure::Tls(text) => {
            format!("its certificate or TLS is not in order ({text}); correct that")
        }
        Failure::NoAuthorities => {
            "the certificates of authorities in `SSL_CERT_FILE` or `SSL_CERT_DIR` cannot be read; \
             correct that"
                .to_owned()
        }
        Failure::NotHttp => advice("it does not answer in HTTP"),
        Failure::Closed => advice("the connection was closed before an answer came"),
        Failure::Other(text) => advice(text),
    }
}

fn advice(text: &str) -> String {
    format!("{text}; correct `site.base_url`, or look at the web server's log")
}

fn certificate(fault: &Certificate) -> String {
    match fault {
        Certificate::Expired => "its certificate has expired; renew it".to_owned(),
        Certificate::NotValidYet => {
            "its certificate is not valid yet; set this machine's clock, or that of its issuer"
                .to_owned()
        }
        Certificate::WrongName => {
            "its certificate is for another name; get one for this name".to_owned()
        }
        Certificate::Untrusted => {
            "its certificate comes from an issuer that this machine does not trust, and neither will Zoom; \
             get one from Let's Encrypt, for example, and serve the whole chain"
                .to_owned()
        }
        Certificate::Other(text) => {
            format!("its certificate or TLS is not in order ({text}); correct that")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_has_its_advice() {
        let secret = Secret::new("hush").expect("not empty");
        let ours = json!({ "encryptedToken": hmac_hex(&secret, TOKEN.as_bytes()) }).to_string();
        #[rustfmt::skip]
        let cases = [
            // what is special          scheme   status  body       line
            ("Lookout",                 "https", 200,    ours.as_str(), "✓ webhook   https://a answers Zoom's challenge"),
            ("Lookout without TLS",     "http",  200,    &ours,     "! webhook   http://a answers, but Zoom delivers to https only"),
            ("a page",                  "https", 200,    "<html>",  "✗ webhook   https://a answers 200; something else serves this path"),
            ("another one's answer",    "https", 200,    "{}",      "✗ webhook   https://a answers 200; something else serves this path"),
            ("to https",                "https", 301,    "",        "✗ webhook   https://a answers 301; Zoom follows no redirection"),
            ("another token",           "https", 401,    "",        "✗ webhook   https://a answers 401; a Lookout with another token is there"),
            ("no location",             "https", 404,    "",        "✗ webhook   https://a answers 404; the web server does not pass this path on"),
            ("nobody behind",           "https", 502,    "",        "✗ webhook   https://a answers 502; the web server finds no Lookout"),
            ("not ready",               "https", 503,    "",        "✗ webhook   https://a answers 503; Lookout is not ready"),
        ];
        for (what, scheme, status, body, said) in cases {
            let status = StatusCode::from_u16(status).expect("a status");
            let line = judge(&format!("{scheme}://a"), status, body, &secret).to_string();
            assert!(line.starts_with(said), "{what}: {line}");
        }
    }
}
