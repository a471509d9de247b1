//! From the internet to the page: the files that `lookout print` prints, with the real nginx
//! and the real systemd.

mod behind;
mod caddy;
mod certificates;
mod chain;
mod etags;
mod github_pages;
mod members;
mod observatory;
mod printed;
mod restarts;
mod slow;

use crate::support::Lookout;
use crate::support::lookout::WEBHOOK;
use crate::support::nginx::{HOST, Nginx, PAGES};

/// A running `serve` behind an nginx with the printed file.
fn behind_nginx() -> (Lookout, Nginx) {
    behind_nginx_with(WEBHOOK)
}

/// The same, with `zoom.path` set to `webhook`.
fn behind_nginx_with(webhook: &str) -> (Lookout, Nginx) {
    let lookout = serving(webhook);
    let nginx = Nginx::start(&printed(&lookout));
    (lookout, nginx)
}

/// The same, with more options of `print nginx`.
fn behind_nginx_printed(options: &[&str]) -> (Lookout, Nginx) {
    let lookout = serving(WEBHOOK);
    let nginx = Nginx::start(&printed_with(&lookout, options));
    (lookout, nginx)
}

/// A running `serve` that keeps its address.
fn serving(webhook: &str) -> Lookout {
    let mut lookout = Lookout::with_settings(&format!(
        "[site]\nbase_url = \"https://{HOST}\"\n[privacy]\npublish = [\"*\"]\n"
    ));
    lookout.set_webhook(webhook);
    lookout.serve();
    lookout.keep_address();
    lookout.wait_for("lookout/index.html", |page| !page.is_empty());
    lookout
}

#[track_caller]
pub fn printed(lookout: &Lookout) -> String {
    printed_with(lookout, &[])
}

#[track_caller]
fn printed_with(lookout: &Lookout, options: &[&str]) -> String {
    let common = ["print", "nginx", "--pages", PAGES, "--resolver", "127.0.0.1"];
    lookout.ok(&[&common, options].concat())
}

/// Somebody joined just now.
fn join(name: &str) -> Vec<u8> {
    let at = lookout::time::clock::now_ms();
    let time = lookout::time::moment::Moment::from_millis(at);
    format!(
        r#"{{"event":"meeting.participant_joined","event_ts":{at},"payload":{{"object":{{"uuid":"m","id":"1","participant":{{"user_id":"{name}","user_name":"{name}","join_time":"{time}"}}}}}}}}"#
    )
    .into_bytes()
}
