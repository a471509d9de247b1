//! Chooses the rules of the site's time zone: the system's, or the compiled-in ones.
//!
//! Governments change clocks at short notice, and packages update the system's files. So the system's
//! rules take precedence, unless they are known to be older than the compiled-in ones. The files of a
//! directory that `TZDIR` names (a variable of glibc) take precedence in any version.

use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::suggestion::{did_you_mean, suggest};
use crate::time::zone::{BUILT_IN_VERSION, Zone};

/// Where systems keep compiled time-zone files.
const DIRECTORY: &str = "/usr/share/zoneinfo";

/// The variable that names another such directory.
const VARIABLE: &str = "TZDIR";

/// Files of that directory whose first line is the version: tzdb's own, and that of BSD and macOS.
const VERSION_FILES: [&str; 2] = ["tzdata.zi", "+VERSION"];

/// The maximum size of a zone's file, in bytes; the rules of every zone are shorter.
const MAX_FILE_SIZE: u64 = 1 << 20;

/// The system's time-zone files.
#[derive(Debug, Clone, Copy)]
pub(super) struct Zoneinfo<'a> {
    /// Their directory; `None` to use only the compiled-in rules.
    directory: Option<&'a Path>,
    /// Whether `TZDIR` names that directory.
    is_chosen: bool,
}

/// The rules of the site's times, and why these are used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ZoneRules {
    /// Their version; `None` if the system's directory has no version file.
    pub version: Option<TzdbVersion>,
    /// Where they come from.
    pub source: RulesSource,
    /// The system's directory, whether or not its rules are used; `None` if it is not read.
    pub directory: Option<PathBuf>,
    /// Whether `TZDIR` names that directory.
    pub is_chosen: bool,
}

/// Where rules come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RulesSource {
    /// From the system.
    System,
    /// From this binary.
    BuiltIn(WhyBuiltIn),
}

/// Why the system's rules are not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhyBuiltIn {
    /// The system has none for this zone.
    Absent,
    /// The system's are of this older version.
    Older(TzdbVersion),
    /// The system's file is unusable for this reason.
    Unusable(String),
}

impl Default for RulesSource {
    fn default() -> Self {
        Self::BuiltIn(WhyBuiltIn::Absent)
    }
}

/// A version of tzdb, such as `2026f`: a year, and a letter for each release in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TzdbVersion(String);

impl TzdbVersion {
    /// The version at the start of `text`, without what a distribution appends.
    pub fn parse(text: &str) -> Option<Self> {
        let letters = text.get(4..)?;
        let length = letters.bytes().take_while(u8::is_ascii_lowercase).count();
        let is_version = length > 0 && text[..4].bytes().all(|byte| byte.is_ascii_digit());
        is_version.then(|| Self(text[..4 + length].to_owned()))
    }

    /// The version of the compiled-in rules.
    pub fn built_in() -> Option<Self> {
        Self::parse(BUILT_IN_VERSION)
    }

    /// Its year.
    pub fn year(&self) -> i64 {
        self.0[..4].parse().unwrap_or_default()
    }

    /// The version as tzdb writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TzdbVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ZoneRules {
    /// The files that determine the rules of `zone`; the rules may change when one of them does.
    pub fn files(&self, zone: &Zone) -> Vec<PathBuf> {
        let Some(directory) = &self.directory else { return Vec::new() };
        let names = [zone.name()].into_iter().chain(VERSION_FILES);
        names.map(|name| directory.join(name)).collect()
    }

    /// A problem that the operator has to fix, if there is one.
    pub fn problem(&self, zone: &Zone) -> Option<String> {
        let directory = self.directory.as_ref()?;
        let file = directory.join(zone.name());
        let (file, directory) = (file.display(), directory.display());
        match &self.source {
            RulesSource::BuiltIn(WhyBuiltIn::Unusable(why)) => {
                Some(format!("`{file}` is not used: {why}; reinstall the system's `tzdata`"))
            }
            RulesSource::BuiltIn(WhyBuiltIn::Absent) if self.is_chosen => Some(format!(
                "`{file}` is not there; correct the variable `{VARIABLE}`, which names `{directory}`"
            )),
            _ => None,
        }
    }
}

impl fmt::Display for ZoneRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "version {version}")?,
            None => f.write_str("an unknown version")?,
        }
        match (&self.source, &self.directory) {
            (RulesSource::System, Some(directory)) => write!(f, " in {}", directory.display()),
            (RulesSource::BuiltIn(WhyBuiltIn::Older(version)), Some(directory)) => {
                write!(f, ", compiled in; {} has the older {version}", directory.display())
            }
            _ => f.write_str(", compiled in"),
        }
    }
}

impl<'a> Zoneinfo<'a> {
    /// The directory that `env` names, else the usual one.
    pub(super) fn of(env: &'a Environment) -> Self {
        let chosen = env.get(VARIABLE).filter(|path| !path.is_empty()).map(Path::new);
        Self {
            directory: Some(chosen.unwrap_or(Path::new(DIRECTORY))),
            is_chosen: chosen.is_some(),
        }
    }

    /// No directory, so nothing is read from disk.
    pub(super) fn nowhere() -> Self {
        Self { directory: None, is_chosen: false }
    }

    /// The zone `name` and its rules; else a message that says what to write.
    pub(super) fn zone(self, name: &str) -> Result<(Zone, ZoneRules), String> {
        let unknown = || format!("`{name}` is not an IANA time zone{}", zone_hint(name));
        if !is_zone_name(name) || is_other_case(name) {
            return Err(unknown());
        }
        let version = self.directory.and_then(version);
        let built_in = Zone::built_in(name);
        let is_older = !self.is_chosen && version.is_some() && version < TzdbVersion::built_in();
        let why = match version.clone().filter(|_| is_older && built_in.is_some()) {
            Some(older) => WhyBuiltIn::Older(older),
            None => match self.system_zone(name) {
                Ok(zone) => return Ok((zone, self.rules(version, RulesSource::System))),
                Err(why) => why,
            },
        };
        let source = RulesSource::BuiltIn(why);
        built_in.map(|zone| (zone, self.rules(TzdbVersion::built_in(), source))).ok_or_else(unknown)
    }

    fn rules(self, version: Option<TzdbVersion>, source: RulesSource) -> ZoneRules {
        let directory = self.directory.map(Path::to_owned);
        ZoneRules { version, source, directory, is_chosen: self.is_chosen }
    }

    fn system_zone(self, name: &str) -> Result<Zone, WhyBuiltIn> {
        let file = self.directory.ok_or(WhyBuiltIn::Absent)?.join(name);
        let bytes = read(&file).map_err(|error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => WhyBuiltIn::Absent,
            _ => WhyBuiltIn::Unusable(error.to_string()),
        })?;
        Zone::from_tzif(name, &bytes).map_err(|error| WhyBuiltIn::Unusable(error.to_string()))
    }
}

/// The content of a regular file of limited size.
fn read(file: &Path) -> io::Result<Vec<u8>> {
    // Opening a pipe would wait for its writer.
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    File::open(file)?.take(MAX_FILE_SIZE).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The version of the rules in `directory`, from a line such as `# version 2026b` or `2026b`.
fn version(directory: &Path) -> Option<TzdbVersion> {
    let first_line = |file: &str| {
        let file = directory.join(file);
        let mut line = String::new();
        let is_file = file.metadata().ok()?.is_file();
        File::open(file).ok().filter(|_| is_file)?.take(40).read_to_string(&mut line).ok()?;
        let line = line.lines().next()?.trim();
        TzdbVersion::parse(line.strip_prefix("# version ").unwrap_or(line))
    };
    VERSION_FILES.into_iter().find_map(first_line)
}

/// Whether `name` may be the name of a zone, and so of a file below the system's directory. Excludes
/// the directories with copies of all zones, the system's own zone, and files that are not zones.
fn is_zone_name(name: &str) -> bool {
    let is_part = |part: &str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte);
        part.starts_with(|c: char| c.is_ascii_alphabetic()) && part.bytes().all(is_plain)
    };
    let first = name.split('/').next().unwrap_or_default();
    let is_none = ["posix", "right", "localtime", "posixrules", "Factory"].contains(&first);
    name.split('/').all(is_part) && !is_none
}

/// Whether `name` is the name of a zone in different case, which some file systems ignore.
fn is_other_case(name: &str) -> bool {
    let mut names = Zone::built_in_names();
    names.any(|known| known.eq_ignore_ascii_case(name) && known != name)
}

/// Suggests a zone, by its city first: people know that rather than the continent. The last of several
/// zones is suggested: `Asia/Istanbul` is only another name of `Europe/Istanbul`.
fn zone_hint(text: &str) -> String {
    let folded = text.trim().replace(' ', "_").to_lowercase();
    let mut names: Vec<_> = Zone::built_in_names().filter(|name| is_zone_name(name)).collect();
    names.sort_unstable();
    let city = |name: &&&str| name.to_lowercase().rsplit('/').next() == Some(&folded);
    let by_city = names.iter().rfind(city).copied();
    match by_city.or_else(|| suggest(&folded, names.iter().copied())) {
        Some(zone) => did_you_mean(Some(zone)),
        None => "; write a name such as `Europe/Istanbul` or `UTC`".to_owned(),
    }
}

#[cfg(test)]
mod tests;
