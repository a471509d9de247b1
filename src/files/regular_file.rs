//! Opening files in directories that others may write to.
//!
//! A pipe or a device in the place of a file must not hold Lookout up, and a link must not lead
//! it elsewhere: so links are not followed, opening never blocks, only regular files count, and no
//! file is read that is too long to be what it is taken for.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
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

/// Reads the regular file at `path`, of at most `longest` bytes.
///
/// # Errors
///
/// As for [`open`], or it is longer.
pub fn read(path: &Path, longest: u64) -> io::Result<Vec<u8>> {
    let file = open(path, OpenOptions::new().read(true))?;
    let too_long = || {
        let why = format!("it is longer than {} MiB", longest >> 20);
        io::Error::new(io::ErrorKind::FileTooLarge, why)
    };
    let length = file.metadata()?.len();
    if length > longest {
        return Err(too_long());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    // It may grow while it is read.
    file.take(longest + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > longest {
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
        File::create(at("longest")).and_then(|file| file.set_len(1 << 20)).expect("made");
        File::create(at("too long")).and_then(|file| file.set_len((1 << 20) + 1)).expect("made");
        nix::unistd::mkfifo(&at("pipe"), Mode::S_IRWXU).expect("made");
        symlink("short", at("link")).expect("made");
        symlink("/dev/zero", at("link to a device")).expect("made");
        #[rustfmt::skip]
        let cases = [
            // what is special    name                length, or why not
            ("a file",            "short",            Ok(4)),
            ("as long as may be", "longest",          Ok(1 << 20)),
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
