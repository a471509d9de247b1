//! What SQLite says of its log in `-shm`, and whether the log on disk is the one it means.
//!
//! Offsets are those of SQLite, *WAL-mode File Format*: two copies of a header of 48 bytes in the
//! machine's byte order, then how far the log was copied into the database.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// The version of the format.
const VERSION: u32 = 3_007_000;

const HEADER: usize = 48;

/// Both copies of the header, and what follows up to the attempted backfill.
const LENGTH: usize = 132;

/// The header of the log itself.
const WAL_HEADER: u64 = 32;

/// The header of a frame, which is followed by a page.
const FRAME_HEADER: u64 = 24;

/// While another connection commits, both copies differ for a moment.
const ATTEMPTS: usize = 1000;

/// The state of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WalIndex {
    /// Frames that are committed.
    pub frames: u32,
    page_size: u32,
    /// The checksum of the last frame as it is in the log, over all frames before it, too.
    checksum: [u8; 8],
    /// What tells this log from the one before it in the same file.
    salt: [u8; 8],
    /// Frames that are in the database.
    pub backfilled: u32,
    /// Frames that were being copied into the database last.
    pub attempted: u32,
}

impl WalIndex {
    /// Reads the index in `shm`; `None` where it has another format.
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
            page_size: (size & 0xfe00) + ((size & 1) << 16),
            checksum,
            salt: bytes[32..40].try_into().ok()?,
            backfilled: number(96)?,
            attempted: number(128)?,
        })
    }

    /// Whether `wal` holds the log that is meant, up to its last frame.
    pub fn describes(&self, wal: &File) -> bool {
        let Some(before) = self.frames.checked_sub(1) else { return true };
        let mut frame = [0; 16];
        let last = WAL_HEADER + u64::from(before) * self.frame() + 8;
        let is_read = wal.read_exact_at(&mut frame, last).is_ok();
        is_read && frame[..8] == self.salt && frame[8..] == self.checksum && self.begins(wal)
    }

    /// Whether a part of `wal` is left from its beginning on that the database does not have.
    pub fn has_usable_part(&self, wal: &File) -> bool {
        let length = wal.metadata().map_or(0, |data| data.len());
        let frames = length.saturating_sub(WAL_HEADER) / self.frame();
        self.begins(wal) && frames >= u64::from(self.backfilled)
    }

    fn begins(&self, wal: &File) -> bool {
        let mut salt = [0; 8];
        wal.read_exact_at(&mut salt, 16).is_ok() && salt == self.salt
    }

    fn frame(&self) -> u64 {
        FRAME_HEADER + u64::from(self.page_size)
    }

    /// Whether frames were copied into the database since it was as in `before`, or are being
    /// copied now.
    pub fn was_backfilled_since(&self, before: &Self) -> bool {
        let state = |index: &Self| (index.salt, index.backfilled, index.attempted);
        state(self) != state(before) || self.attempted > self.backfilled
    }
}
