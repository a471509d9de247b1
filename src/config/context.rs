//! What the values of settings depend on: directories for relative paths, credentials and time zones.

use std::path::{Path, PathBuf};

use super::credentials::credential_name;
use super::environment::Environment;
use super::zones::Zoneinfo;

/// The variable that names the directory with a service's credentials.
const VARIABLE: &str = "CREDENTIALS_DIRECTORY";

/// The directories that values refer to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'a> {
    /// The base of relative paths.
    pub(super) directory: &'a Path,
    /// The directory with systemd's copies of secret files, if there is one.
    pub(super) credentials: Option<&'a Path>,
    /// The system's time-zone files.
    pub(super) zoneinfo: Zoneinfo<'a>,
    /// Whether the operator's words are read.
    pub(super) has_own_words: bool,
}

impl<'a> Context<'a> {
    /// The directory of the settings `file`, and those for credentials and time zones that `env` names.
    pub(super) fn new(file: Option<&'a Path>, env: &'a Environment) -> Self {
        let directory = file.and_then(Path::parent).unwrap_or(Path::new(""));
        let credentials = env.get(VARIABLE).filter(|path| !path.is_empty()).map(Path::new);
        Self { directory, credentials, zoneinfo: Zoneinfo::of(env), has_own_words: true }
    }

    /// No settings file, no credentials, only the compiled-in time zones and words.
    pub(super) fn nowhere() -> Self {
        Self {
            directory: Path::new(""),
            credentials: None,
            zoneinfo: Zoneinfo::nowhere(),
            has_own_words: false,
        }
    }

    /// The copy of `file` that systemd made, else `file` itself.
    pub(super) fn readable(&self, file: PathBuf) -> PathBuf {
        let copy = self.credentials.map(|directory| directory.join(credential_name(&file)));
        // What cannot be examined is there: reading it says why.
        copy.filter(|copy| copy.try_exists().unwrap_or(true)).unwrap_or(file)
    }
}
