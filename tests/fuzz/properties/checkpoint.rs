//! Checkpoints of an earlier version, which the store takes over, damaged or made up.

use lookout::generator::import_old_checkpoint;
use lookout::roster::Rules;
use lookout::store::Store;

use super::sample;

const JOURNAL: &str = "j";

/// Magic and format, before the checksum.
const PREFIX: &[u8; 12] = b"lookout\0\x05\0\0\0";

/// Bytes are read or ignored, as they are and with a checksum that fits; whatever is read can be worked with.
pub fn is_read_or_ignored(bytes: &[u8]) {
    is_usable(bytes);
    let checksum = crc32fast::hash(bytes).to_le_bytes();
    is_usable(&[PREFIX, &checksum[..], bytes].concat());
}

fn is_usable(bytes: &[u8]) {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = directory.path().join("lookout.db");
    std::fs::write(directory.path().join("lookout.checkpoint"), bytes).expect("written");
    let mut store = Store::in_memory().expect("there is memory");
    let taken = import_old_checkpoint(&journal, JOURNAL, &mut store, sample::NOW);
    taken.expect("what is of no use is ignored");
    let rules = Rules { stale_after: 12 * 60 * 60, ..Rules::default() };
    drop(store.presence(&rules, sample::NOW).expect("it is read"));
}
