//! A damaged journal whose events are in an archive.

use std::fs;
use std::os::unix::fs::FileExt;

use mongodb::bson::doc;

use super::{body, deliver};
use crate::support::Lookout;
use crate::support::lookout::until;
use crate::support::mongod::Mongod;

#[test]
fn damaged_rows_come_back_from_the_archive() {
    let mongod = Mongod::alone();
    let mut lookout = Lookout::with_settings(&mongod.settings());
    lookout.serve();
    let events = mongod.events();
    for n in 0..20 {
        deliver(&lookout, &body("joined", "m1", &format!("Guest {n:02}"), "2026-01-05T20:00:00Z"));
    }
    assert_eq!(lookout.deliver(b"not JSON").status, 204);
    assert!(until(|| events.count(doc! {}) == 21), "{}", lookout.log());
    lookout.stop();
    let all = lookout.exported_keys_with(&["--from", "journal"]);
    let bytes = fs::read(lookout.path("data/lookout.db")).expect("readable");
    for (text, damage) in [("Guest 07", "F"), ("Guest 13", "F"), ("not JSON", "x")] {
        let at = bytes.windows(text.len()).position(|window| window == text.as_bytes());
        let file = fs::File::options().write(true).open(lookout.path("data/lookout.db"));
        let at = at.expect("it is stored") as u64;
        file.expect("it opens").write_all_at(damage.as_bytes(), at).expect("written");
    }
    let output = lookout.run(&["repair"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("3 damaged rows were restored"), "{said}");
    assert_eq!(lookout.exported_keys_with(&["--from", "journal"]), all);
    let odd = lookout.exported_lines(&["--from", "journal", "--quarantined"]);
    assert_eq!(odd.len(), 1, "{odd:?}");

    // It is another journal now, and ships what it has: the archive has it once.
    lookout.serve();
    deliver(&lookout, &body("left", "m1", "Guest 07", "2026-01-05T21:00:00Z"));
    assert!(until(|| events.count(doc! {}) == 22), "{}", lookout.log());
    assert_eq!(lookout.exported_keys_with(&["--from", "archive"]).len(), 21);
}
