//! Names of systemd credentials.
//!
//! Only root may be able to read a file with a secret. The unit that `lookout print systemd` prints
//! makes systemd read it (`LoadCredential=`) and put a copy where only the service can read it.
//! The settings still name the original file, so they mean the same to `serve` and to
//! `lookout check` run by root.

use std::path::Path;

use sha2::{Digest, Sha256};

/// The name of systemd's copy of `file`: a valid file name, different for every path.
pub fn credential_name(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = name.chars().map(plain).take(40).collect();
    let digest = Sha256::digest(file.as_os_str().as_encoded_bytes());
    format!("{name}-{}", hex::encode(&digest[..4]))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::parse;

    #[test]
    fn names_are_valid_file_names_and_differ_for_every_path() {
        let names = ["/etc/lookout/zoom token", "/etc/lookout/zoom-token", "/srv/zoom-token"]
            .map(|path| credential_name(Path::new(path)));
        insta::assert_debug_snapshot!(names, @r#"
        [
            "zoom-token-9adb6244",
            "zoom-token-ece51909",
            "zoom-token-8249b261",
        ]
        "#);
    }

    #[test]
    fn a_secret_is_read_from_the_copy_of_systemd() {
        let (etc, copies) =
            (tempfile::tempdir().expect("made"), tempfile::tempdir().expect("made"));
        let file = etc.path().join("lookout.toml");
        let secret = etc.path().join("token");
        let read = || {
            let env = [("CREDENTIALS_DIRECTORY", copies.path())].into_iter().collect();
            parse("[zoom]\nsecret_token_file = 'token'", &file, &env).expect("valid")
        };
        let tokens = |settings: crate::config::Settings| {
            settings.zoom.secret_tokens.iter().map(|t| t.reveal().to_owned()).collect::<Vec<_>>()
        };
        fs::write(&secret, "of-the-file").expect("written");
        assert_eq!(tokens(read()), ["of-the-file"], "there is no copy");

        fs::write(copies.path().join(credential_name(&secret)), "of-the-copy").expect("written");
        assert_eq!(tokens(read()), ["of-the-copy"]);
        assert_eq!(read().origin.secret_files, [secret], "the settings name the file itself");
    }
}
