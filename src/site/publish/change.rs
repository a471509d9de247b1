//! Whether a file differs from what is in its place, and how the new one is to be dated.

use std::borrow::Cow;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::batch;
use crate::files::regular_file;

/// How far a file's date may be ahead of the clock, in seconds.
pub(super) const AHEAD_S: u64 = 2;

/// Readable by everybody: the web server is another user.
const PUBLIC: u32 = 0o644;
/// What only Lookout reads.
const PRIVATE: u32 = 0o600;

/// A file that is to be written.
#[derive(Debug)]
pub(super) struct Change<'a> {
    /// What it is called in messages.
    pub(super) label: Cow<'a, str>,
    pub(super) target: PathBuf,
    pub(super) bytes: Cow<'a, [u8]>,
    pub(super) mode: u32,
    /// Its date, in whole seconds; `None`: whatever the clock says.
    pub(super) dated: Option<SystemTime>,
    ahead: Duration,
}

impl<'a> Change<'a> {
    /// Compares `bytes` with what is at `target`; `None` where it is the same already.
    pub(super) fn find(
        label: &'a str,
        target: PathBuf,
        bytes: &'a [u8],
        now: SystemTime,
    ) -> io::Result<Option<Self>> {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let previous = match fs::symlink_metadata(&target) {
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        if let Some(metadata) = &previous
            && metadata.is_file()
            && metadata.len() == bytes.len() as u64
            && let Some(file) = holding(&target, bytes)?
        {
            batch::set_mode(&file, PUBLIC)?;
            return Ok(None);
        }
        let previous = previous.and_then(|metadata| u64::try_from(metadata.mtime()).ok());
        let date = next_date(previous, now.as_secs());
        Ok(Some(Self {
            label: Cow::Borrowed(label),
            target,
            bytes: Cow::Borrowed(bytes),
            mode: PUBLIC,
            dated: Some(UNIX_EPOCH + Duration::from_secs(date)),
            ahead: Duration::from_secs(date).saturating_sub(now),
        }))
    }

    /// A file for Lookout itself, without a date of its own.
    pub(super) fn private(target: PathBuf, bytes: &'a [u8]) -> Self {
        Self {
            label: Cow::Borrowed("the manifest"),
            target,
            bytes: Cow::Borrowed(bytes),
            mode: PRIVATE,
            dated: None,
            ahead: Duration::ZERO,
        }
    }

    /// A file that goes along with another one of this date.
    pub(super) fn along(label: String, target: PathBuf, bytes: Vec<u8>, date: SystemTime) -> Self {
        Self {
            label: Cow::Owned(label),
            target,
            bytes: Cow::Owned(bytes),
            mode: PUBLIC,
            dated: Some(date),
            ahead: Duration::ZERO,
        }
    }

    /// How long to wait before this may be written, if at all.
    pub(super) fn too_soon(&self) -> Option<Duration> {
        let wait = self.ahead.saturating_sub(Duration::from_secs(AHEAD_S));
        (!wait.is_zero()).then_some(wait)
    }
}

/// The regular file at `target`, if it holds `bytes` and nothing else.
pub(super) fn holding(target: &Path, bytes: &[u8]) -> io::Result<Option<File>> {
    let mut there = Vec::with_capacity(bytes.len() + 1);
    let file = regular_file::open(target, OpenOptions::new().read(true))?;
    (&file).take(bytes.len() as u64 + 1).read_to_end(&mut there)?;
    Ok((there == bytes).then_some(file))
}

/// The date of a new version, in seconds: now, but after `previous`. A date that
/// could not come from here is of a clock that was since put back: it holds nobody up.
fn next_date(previous: Option<u64>, now: u64) -> u64 {
    match previous {
        Some(previous) if previous <= now + AHEAD_S => now.max(previous + 1),
        _ => now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_is_dated_a_second_after_the_one_before() {
        #[rustfmt::skip]
        let cases = [
            // what is special             previous     now   date
            ("first version",              None,        100,  100),
            ("an old one before it",       Some(50),    100,  100),
            ("the same second",            Some(100),   100,  101),
            ("again in that second",       Some(101),   100,  102),
            ("as far ahead as may be",     Some(102),   100,  103),
            ("the clock was put back",     Some(5_000), 100,  100),
        ];
        for (what, previous, now, date) in cases {
            assert_eq!(next_date(previous, now), date, "{what}");
        }
    }
}
