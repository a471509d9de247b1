//! The index (`-shm`) of SQLite's write-ahead log (`-wal`), and whether the log on disk matches it.
//!
//! The offsets are from SQLite, *WAL-mode File Format*: two copies of a header of 48 bytes in the
//! machine's byte order, then how many frames have been copied into the database.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// The version of the format that this module reads.
const VERSION: u32 = 3_007_000;

/// The length of one copy of the header.
const HEADER: usize = 48;

/// The length of both copies of the header and the fields up to the attempted backfill.
const LENGTH: usize = 132;

/// The length of the log's header.
const WAL_HEADER: u64 = 32;

/// The length of a frame's header; a page of the database follows it.
const FRAME_HEADER: u64 = 24;

/// How many times to read: the copies differ for a moment while another connection commits.
const ATTEMPTS: usize = 1000;

/// The state of a log, as its index describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WalIndex {
    /// How many frames are committed.
    pub frames: u32,
    page_size: u32,
    /// The checksum of the last frame as the log stores it; it covers all frames before it.
    checksum: [u8; 8],
    /// A random value that differs from the one of the previous log in the same file.
    salt: [u8; 8],
    /// How many frames have been copied into the database.
    pub backfilled: u32,
    /// How many frames the last checkpoint tried to copy.
    pub attempted: u32,
}

impl WalIndex {
    /// Reads the index in `shm`; `None` if it has another format, or its two copies keep differing.
    pub fn read(shm: &File) -> io::Result<Option<Self>> {
        let mut bytes = [0; LENGTH];
        for _ in 0..ATTEMPTS {
            shm.read_exact_at(&mut bytes, 0)?;
            if bytes[..HEADER] == bytes[HEADER..2 * HEADER] {
                return Ok(Self::parse(&bytes));
            }
            std::thread::yield_now();
        }
        Ok(None)
    }

    fn parse(bytes: &[u8; LENGTH]) -> Option<Self> {
        let number = |at: usize| bytes[at..at + 4].try_into().map(u32::from_ne_bytes).ok();
        if number(0)? != VERSION {
            return None;
        }
        let size = u32::from(u16::from_ne_bytes(bytes[14..16].try_into().ok()?));
        let mut checksum = [0; 8];
        checksum[..4].copy_from_slice(&number(24)?.to_be_bytes());
        checksum[4..].copy_from_slice(&number(28)?.to_be_bytes());
        Some(Self {
            frames: number(16)?,
            // A page size of 65,536 is stored as 1.
            page_size: (size & 0xfe00) + ((size & 1) << 16),
            checksum,
            salt: bytes[32..40].try_into().ok()?,
            backfilled: number(96)?,
            attempted: number(128)?,
        })
    }

    /// Whether `wal` contains the log of this index, up to the last committed frame.
    ///
    /// # Errors
    ///
    /// `wal` can't be read.
    pub fn describes(&self, wal: &File) -> io::Result<bool> {
        let Some(frames_before) = self.frames.checked_sub(1) else { return Ok(true) };
        // The salt and the checksum of the last frame.
        let mut found = [0; 16];
        let at = WAL_HEADER + u64::from(frames_before) * self.frame_size() + 8;
        Ok(is_long_enough(wal.read_exact_at(&mut found, at))?
            && found[..8] == self.salt
            && found[8..] == self.checksum
            && self.has_same_salt(wal)?)
    }

    /// Whether `wal` begins as the log of this index, and is long enough for the frames that have
    /// been copied into the database.
    ///
    /// # Errors
    ///
    /// `wal` can't be read.
    pub fn has_usable_part(&self, wal: &File) -> io::Result<bool> {
        let length = wal.metadata()?.len();
        let frames = length.saturating_sub(WAL_HEADER) / self.frame_size();
        Ok(self.has_same_salt(wal)? && frames >= u64::from(self.backfilled))
    }

    fn has_same_salt(&self, wal: &File) -> io::Result<bool> {
        let mut salt = [0; 8];
        Ok(is_long_enough(wal.read_exact_at(&mut salt, 16))? && salt == self.salt)
    }

    fn frame_size(&self) -> u64 {
        FRAME_HEADER + u64::from(self.page_size)
    }

    /// Whether frames have been copied into the database since `before`, or are being copied now.
    pub fn was_backfilled_since(&self, before: &Self) -> bool {
        let state = |index: &Self| (index.salt, index.backfilled, index.attempted);
        state(self) != state(before) || self.attempted > self.backfilled
    }
}

/// The outcome of `read`: false if the file ends too early.
fn is_long_enough(read: io::Result<()>) -> io::Result<bool> {
    match read {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
