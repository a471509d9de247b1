//! Run as root, a command becomes the journal's owner, with all the groups of that user.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::Lookout;

/// A user and a group that nobody has.
const USER: u32 = 54_320;
const GROUP: u32 = 54_321;

/// Whether this process may give files away and mount: root may, unless in a container of few rights.
fn may_become_others() -> bool {
    let id = fs::metadata("/proc/self").expect("there is one").uid();
    let mounts = Command::new("unshare").args(["--mount", "true"]).status();
    id == 0 && mounts.is_ok_and(|status| status.success())
}

/// `/etc/passwd` or `/etc/group` with one line more, as a file in `dir`.
fn with_line(dir: &Path, name: &str, line: &str) -> String {
    let there = fs::read_to_string(Path::new("/etc").join(name)).expect("readable");
    let path = dir.join(name);
    fs::write(&path, format!("{there}{line}\n")).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("set");
    path.to_str().expect("UTF-8").to_owned()
}

#[test]
fn a_build_as_root_may_write_what_the_service_may_by_a_group() {
    if !may_become_others() {
        eprintln!("skipped: only root can become another user");
        return;
    }
    #[rustfmt::skip]
    let cases = [
        // what is special                  user known   in the group   writes
        ("a user with a further group",     true,        true,          true),
        ("a user without it",               true,        false,         false),
        ("a user whom nobody knows",        false,       true,          false),
    ];
    for (what, is_known, is_member, writes) in cases {
        let settings = "[privacy]\npublish = [\"*\"]\n[csv]\ncopies = [\"blog/room.csv\"]\n";
        let lookout = Lookout::with_settings(settings);
        let dir = lookout.dir.path();
        let open = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
        };
        open(dir, 0o755);
        open(&lookout.path("lookout.toml"), 0o644);
        for own in ["data", "site"] {
            fs::create_dir(lookout.path(own)).expect("made");
            chown(lookout.path(own), Some(USER), Some(USER)).expect("given away");
        }
        let blog = lookout.path("blog");
        fs::create_dir(&blog).expect("made");
        chown(&blog, Some(0), Some(GROUP)).expect("given away");
        open(&blog, 0o770);

        let name = if is_known { "lookout-test" } else { "nobody-else" };
        let id = if is_known { USER } else { USER + 10 };
        let users = format!("{name}:x:{id}:{id}::/:/usr/sbin/nologin");
        let members = if is_member { name } else { "" };
        let users = with_line(dir, "passwd", &users);
        let groups = with_line(dir, "group", &format!("blog-test:x:{GROUP}:{members}"));
        // Only this process sees these users: the machine's own stay as they are.
        let script = "mount --bind \"$1\" /etc/passwd && mount --bind \"$2\" /etc/group && shift 2 && exec \"$@\"";
        let program = crate::support::lookout::program();
        let built = Command::new("unshare")
            .args(["--mount", "sh", "-c", script, "sh", &users, &groups])
            .arg(program)
            .arg("build")
            .current_dir(dir)
            .output()
            .expect("it starts");
        let stderr = String::from_utf8_lossy(&built.stderr);
        assert_eq!(built.status.success(), writes, "{what}: {stderr}");
        assert_eq!(blog.join("room.csv").exists(), writes, "{what}: {stderr}");
        let made = fs::metadata(lookout.path("site/_data")).expect("it is there");
        assert_eq!((made.uid(), made.gid()), (USER, USER), "{what}");
    }
}

/// Whether this process may give files away.
fn is_root() -> bool {
    fs::metadata("/proc/self").expect("there is one").uid() == 0
}

/// What the service's user did to its own directories.
type Mischief = fn(&Path);

#[test]
fn a_build_as_root_writes_nothing_as_root_where_the_service_leads_it() {
    if !is_root() {
        eprintln!("skipped: only root can give files away");
        return;
    }
    #[rustfmt::skip]
    let cases: [(&str, Mischief, &str, &str); 5] = [
        // what is special                    what it did                                                             journal                  said
        ("a link to root's file",             |dir| link(dir, "roots/file", "state/lookout.db"),                      "state/lookout.db",      ""),
        ("a link to where nothing is",        |dir| link(dir, "roots/new", "state/lookout.db"),                       "state/lookout.db",      ""),
        ("a link to root's directory",        |dir| link(dir, "roots", "state/data"),                                 "state/data/lookout.db", ""),
        ("a journal that root made",          |dir| fs::write(dir.join("state/lookout.db"), "").expect("written"),    "state/lookout.db",      "belongs to user `root`"),
        ("root's journal, the service's site", |_| {},                                                                "roots/lookout.db",      "root does not work there"),
    ];
    for (what, mischief, journal, said) in cases {
        let lookout = Lookout::with_settings(&format!("[journal]\npath = \"{journal}\"\n"));
        let dir = lookout.dir.path();
        fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).expect("set");
        fs::create_dir(dir.join("roots")).expect("made");
        fs::write(dir.join("roots/file"), "").expect("written");
        for own in ["state", "site"] {
            fs::create_dir(dir.join(own)).expect("made");
            chown(dir.join(own), Some(USER), Some(USER)).expect("given away");
        }
        mischief(dir);
        let before = roots_files(dir);
        let built = lookout.run(&["build"]);
        let stderr = String::from_utf8_lossy(&built.stderr);
        assert_eq!(roots_files(dir), before, "{what}: {stderr}");
        // What root may not do, that user may: a journal that everybody can read is read.
        let is_refused = !built.status.success() && stderr.contains(said);
        assert!(is_refused || said.is_empty(), "{what}: {stderr}");
    }
}

/// A link of the service's user, from `to` to `from`, both below `dir`.
fn link(dir: &Path, from: &str, to: &str) {
    symlink(dir.join(from), dir.join(to)).expect("linked");
    lchown(dir.join(to), Some(USER), Some(USER)).expect("given away");
}

/// The paths of what belongs to root below `dir`.
fn roots_files(dir: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(dir).sort_by_file_name().into_iter().flatten();
    let is_roots = |entry: &walkdir::DirEntry| entry.metadata().is_ok_and(|data| data.uid() == 0);
    entries.filter(is_roots).map(walkdir::DirEntry::into_path).collect()
}

#[test]
fn root_reads_no_secret_where_a_link_of_the_service_leads() {
    if !is_root() {
        eprintln!("skipped: only root can give files away");
        return;
    }
    let lookout = Lookout::new();
    let dir = lookout.dir.path();
    fs::create_dir(dir.join("state")).expect("made");
    chown(dir.join("state"), Some(USER), Some(USER)).expect("given away");
    fs::write(dir.join("roots"), "not for others").expect("written");
    link(dir, "roots", "state/token");
    let settings = "[zoom]\nsecret_token_file = \"state/token\"\n";
    fs::write(dir.join("other.toml"), settings).expect("written");
    let output = lookout.run(&["-c", "other.toml", "check"]);
    let said = String::from_utf8_lossy(&output.stdout);
    let line = said.lines().find(|line| line.contains(" secret ")).unwrap_or(&said);
    assert!(line.starts_with('✗') && line.contains("can replace it"), "{line}");
}

#[test]
fn a_restore_as_root_leaves_the_journal_to_the_service() {
    if !is_root() {
        eprintln!("skipped: only root can give files away");
        return;
    }
    let mut lookout = Lookout::new();
    let dir = lookout.dir.path().to_owned();
    lookout.serve();
    let event = r#"{"event":"meeting.started","event_ts":1}"#;
    assert_eq!(lookout.deliver(event.as_bytes()).status, 204);
    lookout.ok(&["backup", "backup.db"]);
    lookout.stop();
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).expect("set");
    fs::set_permissions(dir.join("backup.db"), fs::Permissions::from_mode(0o600)).expect("set");
    for entry in walkdir::WalkDir::new(dir.join("data")) {
        chown(entry.expect("readable").path(), Some(USER), Some(USER)).expect("given away");
    }
    for backup in ["backup.db", "data/lookout.db.1"] {
        lookout.ok(&["restore", backup]);
        for entry in walkdir::WalkDir::new(dir.join("data")).min_depth(1) {
            let (data, path) = entry.map(|e| (e.metadata(), e.into_path())).expect("readable");
            let data = data.expect("readable");
            let (mode, shown) = (data.permissions().mode() & 0o777, path.display());
            assert_eq!((data.uid(), data.gid(), mode), (USER, USER, 0o600), "{backup}: {shown}");
        }
    }
    // The service's links lead root nowhere.
    fs::write(dir.join("secret"), "not for others").expect("written");
    fs::set_permissions(dir.join("secret"), fs::Permissions::from_mode(0o600)).expect("set");
    link(&dir, "secret", "data/link.db");
    let output = lookout.run(&["restore", "data/link.db"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("cannot read the backup"), "{said}");
}
