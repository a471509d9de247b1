//! Opening files in directories that others may write to.
//!
//! A pipe or a device in the place of a file must not hold Lookout up, and a link must not lead
//! it elsewhere: so links are not followed, opening never blocks, and only regular files count.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::fcntl::OFlag;

/// Opens the regular file at `path` as `options` say.
///
/// # Errors
///
/// There is none, it can't be opened, or it is a link or something else than a regular file.
pub fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let file = options.custom_flags(flags.bits()).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    Ok(file)
}
