//! Checkpoints that were not written by us, or not to their end.

use lookout::roster::checkpoint::{self, Header};
use lookout::roster::{Roster, Rules};
use lookout::zoom::understand;

use super::sample;

const JOURNAL: &str = "j";

/// Magic and format, before the checksum.
const PREFIX: usize = 12;

const EVENT: &str = r#"{"event":"meeting.participant_joined","event_ts":1767636000000,"payload":{"object":{"uuid":"m","id":"1","participant":{"user_id":"1","user_name":"Ada"}}}}"#;

/// Bytes are read or ignored, as they are and with a checksum that fits; whatever is read can be worked with.
pub fn is_read_or_ignored(bytes: &[u8]) {
    is_usable(bytes);
    let header =
        Header { journal: JOURNAL.to_owned(), position: 1, last_key: None, archive: vec![] };
    let genuine = checkpoint::encode(&Roster::new(), &header);
    let checksum = crc32fast::hash(bytes).to_le_bytes();
    is_usable(&[&genuine[..PREFIX], &checksum, bytes].concat());
}

fn is_usable(bytes: &[u8]) {
    let Ok(journal) = checkpoint::journal(bytes) else { return };
    let Ok((mut roster, header)) = checkpoint::decode(bytes, &journal) else { return };
    let rules = Rules { stale_after: 12 * 60 * 60, ..Rules::default() };
    let presence = roster.presence(&rules, sample::NOW);
    let (again, _) = checkpoint::decode(&checkpoint::encode(&roster, &header), &journal)
        .expect("what was read can be written and read");
    assert_eq!(again.presence(&rules, sample::NOW), presence, "written again, it is another one");
    // What is too late for it is refused, and nothing else happens.
    let _ = roster.apply(&understand(EVENT, 0));
    drop(roster.presence(&rules, sample::NOW));
}
