//! What settings are read against: the directory of relative paths, credentials, time zones.

use std::path::{Path, PathBuf};

use super::credentials::credential_name;
use super::environment::Environment;
use super::zones::Zoneinfo;

/// The variable that names the directory with a service's credentials.
const VARIABLE: &str = "CREDENTIALS_DIRECTORY";

/// Where settings are read from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'a> {
    /// Relative paths are relative to it.
    pub(super) directory: &'a Path,
    /// Where systemd put copies of files with secrets, if it did.
    pub(super) credentials: Option<&'a Path>,
    /// Where the system's time-zone files are.
    pub(super) zoneinfo: Zoneinfo<'a>,
}

impl<'a> Context<'a> {
    /// The directory of the settings file, and what `env` says about credentials and time zones.
    pub(super) fn new(file: Option<&'a Path>, env: &'a Environment) -> Self {
        let directory = file.and_then(Path::parent).unwrap_or(Path::new(""));
        let credentials = env.get(VARIABLE).filter(|path| !path.is_empty()).map(Path::new);
        Self { directory, credentials, zoneinfo: Zoneinfo::of(env) }
    }

    /// No file, no credentials, no time zones but those compiled in.
    pub(super) fn nowhere() -> Self {
        Self { directory: Path::new(""), credentials: None, zoneinfo: Zoneinfo::nowhere() }
    }

    /// The copy of `file` that systemd made for us, else `file` itself.
    pub(super) fn readable(&self, file: PathBuf) -> PathBuf {
        let copy = self.credentials.map(|directory| directory.join(credential_name(&file)));
        copy.filter(|copy| copy.exists()).unwrap_or(file)
    }
}
