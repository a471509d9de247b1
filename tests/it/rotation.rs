//! Changing the secret token without losing an event, as the guide says.

use std::fs;

use lookout::config::Secret;
use lookout::zoom::signature::sign;

use crate::support::lookout::{SECRET, WEBHOOK, now};
use crate::support::{Lookout, Reply, Request};

const NEW: &str = "the-new-token";

fn deliver(lookout: &Lookout, token: &str, body: &str) -> Reply {
    let timestamp = now().to_string();
    let secret = Secret::new(token).expect("not empty");
    let signature = sign(&secret, &timestamp, body.as_bytes());
    let request = Request::post(WEBHOOK, body.as_bytes())
        .header("x-zm-request-timestamp", timestamp)
        .header("x-zm-signature", signature);
    request.send(lookout.public())
}

#[test]
fn both_tokens_are_taken_until_the_old_one_is_removed() {
    let mut lookout = Lookout::new();
    let settings = fs::read_to_string(lookout.path("lookout.toml")).expect("readable");
    let both = format!("[\"{NEW}\", \"{SECRET}\"]");
    #[rustfmt::skip]
    let steps = [
        // step            tokens                     old  new
        ("before",         format!("\"{SECRET}\""),   204, 401),
        ("both",           both,                      204, 204),
        ("after",          format!("\"{NEW}\""),      401, 204),
    ];
    for (n, (step, tokens, old, new)) in steps.into_iter().enumerate() {
        let settings = settings.replace(&format!("\"{SECRET}\""), &tokens);
        fs::write(lookout.path("lookout.toml"), settings).expect("written");
        lookout.serve();
        for (token, status) in [(SECRET, old), (NEW, new)] {
            let body = format!(r#"{{"event":"x","n":{n},"token":"{}"}}"#, token.len());
            assert_eq!(deliver(&lookout, token, &body).status, status, "{step}: {token}");
            let challenge = r#"{"event":"endpoint.url_validation","payload":{"plainToken":"abc"}}"#;
            let answered = deliver(&lookout, token, challenge);
            assert_eq!(answered.status == 200, status == 204, "{step}: the challenge");
        }
        lookout.stop();
    }
    assert_eq!(lookout.exported_keys().len(), 4, "what was acknowledged is there");
}
