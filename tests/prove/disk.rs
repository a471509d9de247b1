//! A disk that is full, again and again, and then is not.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::load::{Load, RATE};
use crate::proof::{Length, shown};
use crate::support::lookout::until;
use crate::support::replay::differences_from_a_replay;
use crate::support::stored::Stored;
use crate::support::{Lookout, Request};

/// So long the disk is full each time, and so long it is not.
const SPELL: Duration = Duration::from_secs(2);

pub fn journal(length: Length) -> String {
    let rounds = length.pick(3, 15);
    let mut lookout = Lookout::new();
    let disk = Disk::mounted(&lookout.path("data"), 64);
    lookout.serve();
    let load = Load::start(&lookout, 1, SPELL * 3 * rounds);
    let mut longest = Duration::ZERO;
    for round in 1..=rounds {
        thread::sleep(SPELL);
        disk.fill();
        let told = until(|| readiness(&lookout).0 == 503);
        let (_, why) = readiness(&lookout);
        assert!(told && why.contains("the journal cannot be written"), "round {round}: {why}");
        let page = lookout.get("/lookout/").status;
        assert_eq!(page, 200, "the site is still there, round {round}");
        thread::sleep(SPELL);
        disk.free();
        let freed = Instant::now();
        assert!(until(|| readiness(&lookout).0 == 200), "round {round}: {}", lookout.log());
        longest = longest.max(freed.elapsed());
    }
    let answered = load.finish();
    lookout.stop();
    assert!(answered.refusals > 0, "deliveries are refused while the disk is full");
    assert_eq!(answered.lost, 0, "each is taken in the end");
    let stored = Stored::open(&lookout.path("data/lookout.db")).expect("a journal");
    let (keys, _) = stored.keys_behind(0).expect("readable, and no event twice");
    let lost = answered.keys.difference(&keys).count();
    let unasked = keys.difference(&answered.keys).count();
    assert_eq!((lost, unasked), (0, 0), "lost, and stored though refused, of {}", keys.len());
    assert_eq!(stored.damage(), "");
    drop(stored);
    let differing = differences_from_a_replay(&lookout);
    assert!(differing.is_empty(), "these files differ from a replay's: {differing:?}");
    format!(
        "full {rounds} times at {RATE}/s: {} attempts answered 503, each of {} deliveries taken in the end, \
         what was acknowledged is what is stored, 0 lost; ready again at most {} after there was room",
        answered.refusals,
        answered.deliveries,
        shown(longest)
    )
}

pub fn site(length: Length) -> String {
    let rounds = length.pick(2, 10);
    let mut lookout = Lookout::new();
    let disk = Disk::mounted(&lookout.path("site"), 8);
    lookout.serve();
    let load = Load::start(&lookout, 1, SPELL * 3 * rounds);
    let mut longest = Duration::ZERO;
    for round in 1..=rounds {
        thread::sleep(SPELL);
        disk.fill();
        let told = until(|| readiness(&lookout) == (200, ready(true)));
        assert!(told, "round {round}: {:?}", readiness(&lookout));
        let before = lookout.site();
        thread::sleep(SPELL);
        // The date of a heartbeat may have changed, but no byte of any file.
        assert!(lookout.site() == before, "the site stays as it was, round {round}");
        disk.free();
        let freed = Instant::now();
        let works = until(|| readiness(&lookout) == (200, ready(false)));
        assert!(works, "round {round}: {}", lookout.log());
        longest = longest.max(freed.elapsed());
    }
    let answered = load.finish();
    assert_eq!((answered.refusals, answered.lost), (0, 0), "deliveries are taken all the same");
    lookout.stop();
    let differing = differences_from_a_replay(&lookout);
    assert!(differing.is_empty(), "these files differ from a replay's: {differing:?}");
    let left: Vec<_> = left_over(&lookout.path("site"));
    assert!(left.is_empty(), "left over: {left:?}");
    format!(
        "full {rounds} times at {RATE}/s: 0 of {} deliveries refused, the last good site stayed whole, \
         current again at most {} after there was room, 0 files left over",
        answered.deliveries,
        shown(longest)
    )
}

/// What `/readyz` answers, with its text.
fn readiness(lookout: &Lookout) -> (u16, String) {
    let reply = Request::get("/readyz").send(lookout.admin());
    (reply.status, reply.text())
}

fn ready(site_fails: bool) -> String {
    format!(r#"{{"ready":true,"reasons":[],"site_fails":{site_fails},"warnings":[]}}"#)
}

/// Files that are written and not in place, below `site`.
pub fn left_over(site: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(site).into_iter().flatten();
    let is_temporary = |path: &PathBuf| path.extension().is_some_and(|end| end == "tmp");
    entries.map(walkdir::DirEntry::into_path).filter(is_temporary).collect()
}

/// A small file system in memory; it goes with the proof.
struct Disk {
    path: PathBuf,
}

impl Disk {
    #[track_caller]
    fn mounted(path: &Path, mib: u32) -> Self {
        fs::create_dir(path).expect("made");
        let options = format!("size={mib}m,mode=0700");
        let mut mount = Command::new("mount");
        let mounted = mount.args(["-t", "tmpfs", "-o", &options, "lookout"]).arg(path).status();
        assert!(
            mounted.is_ok_and(|status| status.success()),
            "only root may mount a disk; `unshare --map-root-user --mount tests/prove.sh disk` makes one"
        );
        Self { path: path.to_owned() }
    }

    /// Takes all the room that there is.
    fn fill(&self) {
        let mut ballast = File::create(self.path.join("ballast")).expect("created");
        while ballast.write_all(&[0; 4096]).is_ok() {}
    }

    fn free(&self) {
        fs::remove_file(self.path.join("ballast")).expect("removed");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("--lazy").arg(&self.path).status());
    }
}
