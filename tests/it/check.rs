//! `check` on set-ups that are broken, each in its own way.

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use crate::evening;
use crate::support::Lookout;
use crate::support::lookout::SECRET;

const PORTS: &str = "[admin]\nlisten = \"127.0.0.1:0\"\n[zoom]\nlisten = \"127.0.0.1:0\"\n";

/// One set-up: what is broken, how it was made, and settings.
struct SetUp {
    what: &'static str,
    settings: String,
    make: fn(&Lookout),
}

fn set_up(what: &'static str, settings: String, make: fn(&Lookout)) -> SetUp {
    SetUp { what, settings, make }
}

fn with_secret(more: &str) -> String {
    format!("{PORTS}secret_token = \"{SECRET}\"\n[privacy]\npublish = [\"*\"]\n{more}")
}

fn write(lookout: &Lookout, path: &str, text: &str) {
    let path = lookout.path(path);
    fs::create_dir_all(path.parent().expect("below the directory")).expect("made");
    fs::write(path, text).expect("written");
}

fn set_mode(lookout: &Lookout, path: &str, mode: u32) {
    fs::set_permissions(lookout.path(path), Permissions::from_mode(mode)).expect("set");
}

/// Copies of the table in every condition.
fn odd_copies() -> SetUp {
    set_up(
        "copies that are links, and one that is a pipe",
        with_secret("[csv]\ncopies = [\"link.csv\", \"theirs.csv\", \"lost.csv\", \"pipe.csv\"]\n"),
        |lookout| {
            let link = |target: &str, name: &str| {
                std::os::unix::fs::symlink(target, lookout.path(name)).expect("linked");
            };
            write(lookout, "blog/notes.csv", "mine,all mine\n");
            link("blog/table.csv", "link.csv");
            link("blog/notes.csv", "theirs.csv");
            link("nowhere/table.csv", "lost.csv");
            let pipe = lookout.path("pipe.csv");
            nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).expect("made");
        },
    )
}

fn set_ups(taken: u16) -> Vec<SetUp> {
    let nobody = |_: &Lookout| {};
    vec![
        set_up("nothing is set", PORTS.to_owned(), nobody),
        set_up("everybody can read the secret", with_secret(""), |lookout| {
            set_mode(lookout, "lookout.toml", 0o644);
        }),
        set_up(
            "an alias is published",
            format!(
                "{PORTS}secret_token = \"x\"\n[privacy]\npublish = [\"Ada\"]\n\
                 [[people]]\nname = \"Ada Lovelace\"\naliases = [\"Ada\"]\n"
            ),
            nobody,
        ),
        set_up(
            "the journal is below the site",
            with_secret("[journal]\npath = \"site/data/lookout.db\"\n"),
            nobody,
        ),
        set_up(
            "the site is where the settings are",
            with_secret("[site]\noutput_dir = \".\"\n"),
            nobody,
        ),
        set_up(
            "the journal is a directory",
            with_secret("[journal]\npath = \"data\"\n"),
            |lookout| fs::create_dir(lookout.path("data")).expect("made"),
        ),
        set_up("the journal is something else", with_secret(""), |lookout| {
            write(lookout, "data/lookout.db", &"this is no database\n".repeat(500));
        }),
        set_up(
            "copies and templates that cannot be",
            with_secret(
                "[csv]\ncopies = [\"notes.csv\", \"blog/_data/table.csv\"]\n\
                 [site]\ntemplates_dir = \"theme\"\nstatic_dir = \"my-static\"\n",
            ),
            |lookout| {
                write(lookout, "notes.csv", "mine,all mine\n");
                write(lookout, "theme/index.html", "{% if nobody_closes_this %}");
            },
        ),
        odd_copies(),
        set_up(
            "something else has the port",
            with_secret("").replacen(":0", &format!(":{taken}"), 1),
            nobody,
        ),
        set_up(
            "nobody answers at the public address",
            with_secret("[site]\nbase_url = \"https://127.0.0.1:9\"\n"),
            nobody,
        ),
        set_up("a web server cannot read what is there", with_secret(""), |lookout| {
            write(lookout, "site/lookout/index.html", "x");
            set_mode(lookout, "site/lookout/index.html", 0o640);
        }),
    ]
}

/// The lines that ask for something, without what differs from machine to machine.
fn report(lookout: &Lookout) -> (Option<i32>, String) {
    let output = lookout.run(&["check"]);
    let stdout = String::from_utf8(output.stdout).expect("UTF-8");
    let dir = lookout.dir.path().display().to_string();
    let is_asking = |line: &&str| {
        let is_about = |what: &str| line.split_whitespace().nth(1) == Some(what);
        !line.starts_with('✓') && !is_about("clock") && !is_about("zone")
    };
    let lines = stdout.lines().filter(is_asking);
    // A temporary directory is closed to others.
    let lines = lines.filter(|line| !line.contains("other users can't pass"));
    let lines: Vec<_> = lines.map(|line| line.replace(&dir, "DIR")).collect();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), format!("{}{stderr}", lines.join("\n")))
}

#[test]
fn every_broken_set_up_is_told_what_to_do() {
    let other = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let taken = other.local_addr().expect("it listens").port();
    let mut reports = String::new();
    for SetUp { what, settings, make } in set_ups(taken) {
        let lookout = Lookout::new();
        fs::write(lookout.path("lookout.toml"), settings).expect("written");
        set_mode(&lookout, "lookout.toml", 0o600);
        make(&lookout);
        let (code, lines) = report(&lookout);
        let lines = lines.replace(&taken.to_string(), "PORT");
        writeln!(reports, "{what}: exit {}\n{lines}\n", code.unwrap_or(-1)).expect("written");
    }
    insta::assert_snapshot!(reports);
}

#[test]
fn a_running_lookout_is_asked_from_outside_and_names_are_compared_with_those_seen() {
    let mut lookout = Lookout::with_settings(
        "[privacy]\npublish = [\"Aylin Lindquist\", \"Wanjiru Quispe\"]\nhide = [\"Wanjiru Quisbe\", \"Bram Okonkwo\"]\n",
    );
    set_mode(&lookout, "lookout.toml", 0o600);
    lookout.serve();
    for (_, body) in evening::bodies() {
        lookout.deliver(&body);
    }
    let settings = fs::read_to_string(lookout.path("lookout.toml")).expect("readable");
    let (public, admin) = (lookout.public(), lookout.admin());
    let settings = settings.replacen("127.0.0.1:0", &public.to_string(), 1).replacen(
        "127.0.0.1:0",
        &admin.to_string(),
        1,
    );
    let asking = |token: &str| {
        let settings = settings.replace(SECRET, token);
        let outside = format!("{settings}[site]\nbase_url = \"http://{public}\"\n");
        fs::write(lookout.path("lookout.toml"), outside).expect("written");
        let (code, lines) = report(&lookout);
        (code, lines.replace(&public.to_string(), "PUBLIC"))
    };
    let (code, lines) = asking(SECRET);
    assert_eq!(code, Some(0), "{lines}");
    insta::assert_snapshot!(lines);
    let (code, lines) = asking("another");
    assert_eq!(code, Some(1), "{lines}");
    assert!(lines.contains("✗ webhook   http://PUBLIC/webhooks/zoom answers 401"), "{lines}");
}

#[test]
fn a_container_is_told_whether_lookout_is_alive() {
    let mut lookout = Lookout::with_settings("");
    lookout.serve();
    let admin = lookout.admin().to_string();
    let is_alive = |lookout: &Lookout| {
        let mut check = lookout.command(&["check", "--alive"]);
        let output = check.env("LOOKOUT_ADMIN__LISTEN", &admin).output().expect("it starts");
        let said = String::from_utf8(output.stdout).expect("UTF-8");
        (output.status.code(), said.replace(&admin, "ADMIN"))
    };
    let running = "✓ ports     Lookout is running; its health is at ADMIN\n";
    assert_eq!(is_alive(&lookout), (Some(0), running.to_owned()));
    lookout.stop();
    let stopped = "✗ ports     no Lookout answers at ADMIN; `lookout serve` starts it\n";
    assert_eq!(is_alive(&lookout), (Some(1), stopped.to_owned()));
}
