//! Conditional requests: whoever asks with an `ETag` is never told "not modified" of what was.

use std::borrow::Cow;
use std::thread;

use lookout::site::{Edition, File, Position, PublishOutcome, Replace, Withheld, publish};

use super::{behind_nginx, printed};
use crate::support::nginx::Nginx;
use crate::support::{Lookout, Request};

/// So many directories are published into at the same time, so often each: 1,000 in all. A path
/// is rewritten about once a second at most, so one alone would take a quarter of an hour.
const DIRECTORIES: usize = 100;
const REBUILDS: usize = 10;
const THREADS: usize = 4;

#[test]
fn a_file_is_sent_again_if_it_changed_and_only_then() {
    let (_lookout, nginx) = behind_nginx();
    for path in ["/lookout/", "/lookout/presence.json", "/_data/zoom-room-dashboard.csv"] {
        let first = nginx.get(path);
        let header = |name| first.header(name).unwrap_or_default().to_owned();
        #[rustfmt::skip]
        let cases = [
            // what is special       header               value                              status
            ("the same",             "if-none-match",     header("etag"),                    304),
            ("weakly the same",      "if-none-match",     format!("W/{}", header("etag")),   304),
            ("of another version",   "if-none-match",     "\"65000000-1\"".to_owned(),       200),
            ("of this second",       "if-modified-since", header("last-modified"),           304),
            ("long ago",             "if-modified-since", "Mon, 05 Jan 2026 20:00:00 GMT".to_owned(), 200),
        ];
        for (what, name, value, status) in cases {
            let reply = nginx.send(&Request::get(path).header(name, value));
            assert_eq!(reply.status, status, "{path}: {what}");
        }
    }
}

#[test]
fn no_visitor_is_told_not_modified_over_a_thousand_quick_rebuilds() {
    let (lookout, _) = behind_nginx();
    // This is no visitor but a thousand.
    let nginx = Nginx::start(&printed(&lookout).replace("rate=50r/s", "rate=10000r/s"));
    let stale: usize = thread::scope(|scope| {
        let part = |part: usize| {
            let (lookout, nginx) = (&lookout, &nginx);
            scope.spawn(move || rebuild_part(part, lookout, nginx))
        };
        let parts: Vec<_> = (0..THREADS).map(part).collect();
        parts.into_iter().map(|part| part.join().expect("no panic")).sum()
    });
    assert_eq!(stale, 0, "of {} rebuilds", DIRECTORIES * REBUILDS);
}

/// Rebuilds every fourth directory as often and as soon as it may be; how many visitors were
/// told that nothing had changed.
fn rebuild_part(part: usize, lookout: &Lookout, nginx: &Nginx) -> usize {
    let mine = (part..DIRECTORIES).step_by(THREADS);
    let mut etags = vec![String::new(); DIRECTORIES];
    let mut stale = 0;
    for number in 0..REBUILDS {
        for directory in mine.clone() {
            // Always of the same size: only the date can tell one from the other.
            let text = format!("rebuild {number:02}");
            rebuild(lookout, directory, &text);
            let path = format!("/lookout/r{directory}/page.html");
            let reply = nginx.send(&Request::get(&path).header("if-none-match", &etags[directory]));
            stale += usize::from(reply.status != 200 || reply.text() != text);
            etags[directory] = reply.header("etag").unwrap_or_default().to_owned();
        }
    }
    stale
}

fn rebuild(lookout: &Lookout, directory: usize, text: &str) {
    let output = lookout.path("site/lookout").join(format!("r{directory}"));
    let bytes = Cow::Borrowed(text.as_bytes());
    let files = [File { path: "page.html".to_owned(), bytes, lasting: false }];
    let position = Position { journal: "j".to_owned(), last_event: 1, archive: None };
    let edition = Edition { position, moment: lookout::time::clock::now() };
    let lock = lookout.path(&format!("r{directory}.lock"));
    loop {
        match publish(&files, &Withheld::default(), &[], &output, &lock, &edition, Replace::Any)
            .expect("published")
        {
            PublishOutcome::Published(_) => return,
            PublishOutcome::TooSoon(wait) => thread::sleep(wait),
            PublishOutcome::Superseded(there) => panic!("superseded by {there:?}"),
        }
    }
}
