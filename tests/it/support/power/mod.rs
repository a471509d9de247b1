//! A power cut at any moment of a traced run: what would be on the disk, and is everything in
//! it that was acknowledged?
//!
//! The system calls of an intake under load are written down, and a disk is made of them that
//! trusts nothing but syncs. What is under way when the power fails lands wholly, in part, in any
//! order, or not at all. Then SQLite opens what is left.
//!
//! Before that, the process may have been killed and started again: it then reads all that was
//! written before, whether or not it is on the disk.

mod machine;
mod run;
mod trace;

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use lookout::simulate::Rng;
use tempfile::{NamedTempFile, TempDir, TempPath};

use super::Lookout;
use super::lookout::program;
use super::stored::Stored;
use machine::Machine;
use trace::{Step, steps};

pub use run::Run;

/// A sector lands wholly or not at all.
const SECTOR: usize = 512;

/// What power cuts would have done.
#[derive(Debug, Default)]
pub struct Cuts {
    /// How often the power was cut: whenever something came to the disk, or failed to, after the
    /// first answer.
    pub cuts: usize,
    /// The keys of what was acknowledged.
    pub acknowledged: BTreeSet<String>,
    /// Those of them that would be gone after one of the cuts.
    pub lost: BTreeSet<String>,
    /// What SQLite found wrong after a cut.
    pub damage: BTreeSet<String>,
    /// Syncs that succeeded.
    pub syncs: usize,
    /// Syncs that failed, or of which the process did not live to see the end.
    pub failed_syncs: usize,
    /// How often a delivery was not acknowledged, and made again.
    pub refusals: usize,
}

impl Run<'_> {
    /// Runs it, and cuts the power all through what it did.
    #[track_caller]
    pub fn cut_the_power(&self) -> Cuts {
        let mut lookout = Lookout::new();
        let (traces, refusals) = self.traced(&mut lookout);
        Cuts { refusals, ..cut(&traces, &lookout.path("data/lookout.db")) }
    }
}

/// Cuts the power all through `traces`, one for each life of an intake whose journal is at
/// `journal`.
fn cut(traces: &[PathBuf], journal: &Path) -> Cuts {
    let dir = journal.parent().expect("it is in a directory");
    let above = dir.parent().expect("that is in another");
    let mut machine = Machine::new(above);
    let mut rng = Rng::new(1);
    let mut cuts = Cuts::default();
    for trace in traces {
        for step in steps(&run::read(trace)) {
            // Nothing has to be there before the first answer.
            if !cuts.acknowledged.is_empty() && step.is_sync() && step.result.is_some() {
                look(&machine, journal, &mut rng, &mut cuts);
            }
            machine.take(&step, &mut cuts);
        }
        machine.end_life(&mut cuts);
        look(&machine, journal, &mut rng, &mut cuts);
    }
    cuts
}

/// Looks what is there if the power fails now: with nothing of what is under way, and with some.
fn look(machine: &Machine, journal: &Path, rng: &mut Rng, cuts: &mut Cuts) {
    for is_lucky in [false, true] {
        cuts.cuts += 1;
        let disk = TempDir::new().expect("a temporary directory");
        machine.after_a_cut(disk.path(), |length| match rng.below(4) {
            0 | 1 if is_lucky => length,
            2 if is_lucky => rng.below(length / SECTOR + 1) * SECTOR,
            _ => 0,
        });
        let place = disk.path().join(journal.strip_prefix(&machine.above).expect("it is below"));
        // Where there is no journal, or none that can be read, everything is lost.
        let (keys, damage) = what_is_left(&place).unwrap_or_default();
        cuts.lost.extend(cuts.acknowledged.difference(&keys).cloned());
        if !damage.is_empty() {
            cuts.damage.insert(damage);
        }
    }
}

/// The keys of the journal at `place`, and what is wrong with it.
fn what_is_left(place: &Path) -> rusqlite::Result<(BTreeSet<String>, String)> {
    let stored = Stored::open(place)?;
    Ok((stored.keys_behind(0)?.0, stored.damage()))
}

impl Step {
    fn is_sync(&self) -> bool {
        matches!(self.call.as_str(), "fsync" | "fdatasync")
    }
}

/// The program but for one word: SQLite syncs now and then (`NORMAL`, which is 1), and not at
/// every commit (`FULL`).
#[track_caller]
pub fn without_syncs() -> TempPath {
    let (word, other) = (b"synchronous = FULL;", b"synchronous = 1   ;");
    let mut bytes = fs::read(program()).expect("readable");
    let places = bytes.windows(word.len()).enumerate();
    let places: Vec<_> = places.filter(|(_, bytes)| bytes == word).map(|(at, _)| at).collect();
    assert!(!places.is_empty(), "the word is there");
    for at in places {
        bytes[at..at + other.len()].copy_from_slice(other);
    }
    let file = NamedTempFile::new().expect("a temporary file");
    fs::write(&file, bytes).expect("written");
    fs::set_permissions(&file, Permissions::from_mode(0o700)).expect("set");
    file.into_temp_path()
}
