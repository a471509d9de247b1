//! Finds out whether a file differs from the published one, and the date of the new version.

use std::borrow::Cow;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::optional_calls;
use crate::files::regular_file;

/// How far a file's date may be ahead of the clock, in seconds.
pub(super) const MAX_AHEAD_S: u64 = 2;

/// Readable by everybody: the web server is another user.
const PUBLIC: u32 = 0o644;
/// Readable by Lookout only.
const PRIVATE: u32 = 0o600;

/// A file to write.
#[derive(Debug)]
pub(super) struct FileChange<'a> {
    /// Its name in messages.
    pub(super) label: Cow<'a, str>,
    pub(super) target: PathBuf,
    pub(super) bytes: Cow<'a, [u8]>,
    pub(super) mode: u32,
    /// Its date, in whole seconds; `None`: the current time.
    pub(super) dated: Option<SystemTime>,
    ahead: Duration,
}

impl<'a> FileChange<'a> {
    /// Compares `bytes` with the file at `target`; `None` if they are equal.
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
            && let Some(file) = open_if_equal(&target, bytes)?
        {
            optional_calls::set_mode(&file, PUBLIC)?;
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

    /// A file for Lookout itself, without a fixed date.
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

    /// A file with the given date, which is that of the file it belongs to.
    pub(super) fn with_date(
        label: String,
        target: PathBuf,
        bytes: Vec<u8>,
        date: SystemTime,
    ) -> Self {
        Self {
            label: Cow::Owned(label),
            target,
            bytes: Cow::Owned(bytes),
            mode: PUBLIC,
            dated: Some(date),
            ahead: Duration::ZERO,
        }
    }

    /// How long to wait before this may be written; `None`: not at all.
    pub(super) fn too_soon(&self) -> Option<Duration> {
        let wait = self.ahead.saturating_sub(Duration::from_secs(MAX_AHEAD_S));
        (!wait.is_zero()).then_some(wait)
    }
}

/// Opens the regular file at `target`; `None` if its content is not `bytes`.
pub(super) fn open_if_equal(target: &Path, bytes: &[u8]) -> io::Result<Option<File>> {
    let mut there = Vec::with_capacity(bytes.len() + 1);
    let file = regular_file::open(target, OpenOptions::new().read(true))?;
    (&file).take(bytes.len() as u64 + 1).read_to_end(&mut there)?;
    Ok((there == bytes).then_some(file))
}

/// The date of a new version, in seconds: now, but after `previous`. A previous date too far ahead
/// comes from a clock that was set back since, and is ignored.
fn next_date(previous: Option<u64>, now: u64) -> u64 {
    match previous {
        Some(previous) if previous <= now + MAX_AHEAD_S => now.max(previous + 1),
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
