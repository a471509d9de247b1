//! Opening files in directories that others may write to.
//!
//! A pipe or a device at the path must not block Lookout, and a symbolic link must not redirect it.
//! So links are not followed, opening never blocks, only regular files are accepted, and reading
//! has a size limit.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::fcntl::OFlag;

/// Opens the regular file at `path` with `options`.
///
/// # Errors
///
/// It does not exist, can't be opened, or is a symbolic link or another kind of file.
pub fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let file = options.custom_flags(flags.bits()).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    Ok(file)
}

/// Creates an empty file that only its owner can read; does nothing if there is a file.
pub fn create_private(path: &Path) -> io::Result<()> {
    match File::options().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Reads the regular file at `path`, of at most `max_length` bytes.
///
/// # Errors
///
/// As for [`open`], or it is longer.
pub fn read(path: &Path, max_length: u64) -> io::Result<Vec<u8>> {
    let file = open(path, OpenOptions::new().read(true))?;
    let too_long = || {
        let why = format!("it is longer than {} MiB", max_length >> 20);
        io::Error::new(io::ErrorKind::FileTooLarge, why)
    };
    let length = file.metadata()?.len();
    if length > max_length {
        return Err(too_long());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    // It may grow while it is read.
    file.take(max_length + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max_length {
        return Err(too_long());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use nix::sys::stat::Mode;
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn only_a_regular_file_of_moderate_length_is_read() {
        let directory = TempDir::new().expect("a directory");
        let at = |name: &str| directory.path().join(name);
        fs::write(at("short"), "text").expect("written");
        File::create(at("max_length")).and_then(|file| file.set_len(1 << 20)).expect("made");
        File::create(at("too long")).and_then(|file| file.set_len((1 << 20) + 1)).expect("made");
        nix::unistd::mkfifo(&at("pipe"), Mode::S_IRWXU).expect("made");
        symlink("short", at("link")).expect("made");
        symlink("/dev/zero", at("link to a device")).expect("made");
        #[rustfmt::skip]
        let cases = [
            // what is special    name                length, or why not
            ("a file",            "short",            Ok(4)),
            ("as long as may be", "max_length",          Ok(1 << 20)),
            ("too long",          "too long",         Err("it is longer than 1 MiB")),
            ("a pipe",            "pipe",             Err("it is no regular file")),
            ("a link",            "link",             Err("symbolic links")),
            ("a link to zeros",   "link to a device", Err("symbolic links")),
            ("nothing",           "gone",             Err("No such file")),
            ("a directory",       "",                 Err("it is no regular file")),
        ];
        for (what, name, expected) in cases {
            match (read(&at(name), 1 << 20), expected) {
                (Ok(bytes), Ok(length)) => assert_eq!(bytes.len(), length, "{what}"),
                (Err(error), Err(why)) => {
                    assert!(error.to_string().contains(why), "{what}: {error}")
                }
                (got, _) => panic!("{what}: {:?}", got.map(|bytes| bytes.len())),
            }
        }
    }
}
