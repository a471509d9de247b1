//! System calls that some file systems and sandboxes do not support.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use nix::errno::Errno;

/// Whether the error means that a file system or sandbox does not support the call, as SMB, NFS and
/// FUSE may.
pub(super) fn is_unsupported(error: &io::Error) -> bool {
    let refusals = [Errno::EPERM, Errno::EACCES, Errno::ENOSYS, Errno::EOPNOTSUPP, Errno::EINVAL];
    error.raw_os_error().is_some_and(|code| refusals.contains(&Errno::from_raw(code)))
}

/// Sets the mode of `file`, if the file system supports that.
pub(super) fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    if file.metadata()?.mode() & 0o777 == mode {
        return Ok(());
    }
    match file.set_permissions(Permissions::from_mode(mode)) {
        Err(error) if is_unsupported(&error) => Ok(()),
        set => set,
    }
}

/// Syncs `file`, if the file system supports that.
pub(super) fn sync_file(file: &File) -> io::Result<()> {
    match file.sync_all() {
        Err(error) if is_unsupported(&error) => Ok(()),
        synced => synced,
    }
}
