//! Reads a file that holds a secret, in the encodings that editors save.

use std::fs::{Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use nix::libc::O_NONBLOCK;
use nix::unistd::geteuid;

use crate::files::controller::controller;

/// The maximum length of a file, in bytes; secrets are much shorter.
const MAX_FILE_SIZE: u64 = 64 << 10;

/// Why a file with a secret cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    /// The system refuses access.
    #[error("{0}")]
    System(#[from] io::Error),
    /// It is not text.
    #[error("{0}")]
    NotText(String),
}

/// Reads `file` as UTF-8, or as UTF-16 with a byte order mark.
pub(super) fn read(file: &Path) -> Result<String, Unreadable> {
    decoded(bytes(file)?).map_err(Unreadable::NotText)
}

/// Reads a regular file of limited size. If another user controls the path, root reads only a file
/// of that user: a link could lead to any other file.
fn bytes(file: &Path) -> io::Result<Vec<u8>> {
    // Opening some devices has side effects, so check first. Check again once the file is open: it may
    // have been replaced.
    refuse_unless_regular(&file.metadata()?)?;
    // Without this, opening a pipe would wait for its writer.
    let opened = OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(file)?;
    let found = opened.metadata()?;
    refuse_unless_regular(&found)?;
    if geteuid().is_root()
        && let Some(other) = controller(file)?
        && found.uid() != other.uid
    {
        let text = format!(
            "user {} can replace it, but it belongs to user {}, so root does not read it; move it to a \
             directory of root's, such as `/etc/lookout`",
            other.uid,
            found.uid()
        );
        return Err(io::Error::other(text));
    }
    let mut bytes = Vec::new();
    opened.take(MAX_FILE_SIZE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_SIZE {
        return Err(io::Error::other("it is longer than 64 KiB; a secret is shorter"));
    }
    Ok(bytes)
}

fn refuse_unless_regular(found: &Metadata) -> io::Result<()> {
    if found.is_file() {
        return Ok(());
    }
    Err(io::Error::other("it is not a regular file; write the secret to a file"))
}

fn decoded(bytes: Vec<u8>) -> Result<String, String> {
    let unit = match bytes.get(..2) {
        Some([0xff, 0xfe]) => u16::from_le_bytes,
        Some([0xfe, 0xff]) => u16::from_be_bytes,
        _ => {
            return String::from_utf8(bytes).map_err(|error| {
                let byte = error.utf8_error().valid_up_to() + 1;
                format!("byte {byte} is not UTF-8; save the file as UTF-8")
            });
        }
    };
    let (pairs, rest) = bytes.as_chunks();
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    let text = String::from_utf16(&units).ok().filter(|_| rest.is_empty());
    text.ok_or_else(|| "it is broken UTF-16; save the file as UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::secret::trimmed;

    #[test]
    fn files_are_read_in_the_encodings_of_common_editors() {
        let utf16 = |to: fn(u16) -> [u8; 2], text: &str| -> Vec<u8> {
            text.encode_utf16().flat_map(to).collect()
        };
        let odd = [utf16(u16::to_le_bytes, "\u{feff}hush"), vec![0]].concat();
        #[rustfmt::skip]
        let cases = [
            // what is special        bytes                                        secret, or what is wrong
            ("plain",                 b"hush".to_vec(),                            Ok("hush")),
            ("a line end",            b"hush\n".to_vec(),                          Ok("hush")),
            ("Windows' line end",     b"hush\r\n".to_vec(),                        Ok("hush")),
            ("a byte order mark",     "\u{feff}hush\r\n".into(),                   Ok("hush")),
            ("a mark at each end",    "\u{feff} hush\u{feff}\n".into(),            Ok("hush")),
            ("a no-break space",      "hush\u{a0}".into(),                         Ok("hush")),
            ("UTF-16 of Windows",     utf16(u16::to_le_bytes, "\u{feff}hush\r\n"), Ok("hush")),
            ("UTF-16 of others",      utf16(u16::to_be_bytes, "\u{feff}hush\n"),   Ok("hush")),
            ("half a character",      odd,                                         Err("it is broken UTF-16; save the file as UTF-8")),
            ("Latin-1",               b"hush\xe9".to_vec(),                        Err("byte 5 is not UTF-8; save the file as UTF-8")),
            ("a binary file",         b"\x7fELF\x80hush".to_vec(),                 Err("byte 5 is not UTF-8; save the file as UTF-8")),
        ];
        for (what, bytes, expected) in cases {
            let text = decoded(bytes);
            let text = text.as_deref().map(trimmed).map_err(String::as_str);
            assert_eq!(text, expected, "{what}");
        }
    }

    #[test]
    fn only_regular_files_of_moderate_length_are_read_and_as_root_no_links_of_others() {
        use std::os::unix::fs::{chown, symlink};
        let dir = tempfile::tempdir().expect("a directory");
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("good"), "hush").expect("written");
        std::fs::write(at("long"), vec![b'x'; 65_537]).expect("written");
        nix::unistd::mkfifo(&at("pipe"), nix::sys::stat::Mode::S_IRWXU).expect("made");
        symlink("good", at("link")).expect("linked");
        std::fs::create_dir(at("adas")).expect("made");
        std::fs::write(at("adas/own"), "hush").expect("written");
        symlink(at("good"), at("adas/link")).expect("linked");
        let is_root = geteuid().is_root();
        if is_root {
            for path in ["adas", "adas/own"] {
                chown(at(path), Some(54_330), None).expect("given away");
            }
        }
        #[rustfmt::skip]
        let cases = [
            // what is special                 path                  what is wrong
            ("a file",                         at("good"),           None),
            ("a link beside it",               at("link"),           None),
            ("a user's own file",              at("adas/own"),       None),
            ("a user's link to root's file",   at("adas/link"),      is_root.then_some("user 54330 can replace it")),
            ("a pipe",                         at("pipe"),           Some("not a regular file")),
            ("a device",                       "/dev/zero".into(),   Some("not a regular file")),
            ("too long",                       at("long"),           Some("longer than 64 KiB")),
        ];
        for (what, path, wrong) in cases {
            match (read(&path), wrong) {
                (Ok(text), None) => assert_eq!(text, "hush", "{what}"),
                (Err(error), Some(wrong)) => {
                    assert!(error.to_string().contains(wrong), "{what}: {error}");
                }
                (found, _) => panic!("{what}: {found:?}"),
            }
        }
    }
}
