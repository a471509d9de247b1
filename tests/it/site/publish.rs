//! Putting files in place, in real directories.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use lookout::site::{Edition, Position, PublishOutcome, Published, Replace};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::sample::{self, edition};
use super::stage::Stage;

fn now() -> i64 {
    let now =
        lookout::time::clock::system_time().duration_since(UNIX_EPOCH).expect("the clock is set");
    i64::try_from(now.as_secs()).expect("the clock is set")
}

#[test]
fn a_site_is_put_in_place_for_the_web_server_to_read() {
    let stage = Stage::new();
    let published = stage.publish(&[("lookout/index.html", "page"), ("a.csv", "table")]);
    assert_eq!(published.written, ["lookout/index.html", "a.csv"]);
    assert_eq!(stage.visible(), ["a.csv", "lookout/index.html"]);
    #[rustfmt::skip]
    let cases = [
        // what is special   path                       mode
        ("a page",           "lookout/index.html",      0o644),
        ("a directory",      "lookout",                 0o755),
        ("the output",       ".",                       0o755),
        ("ours alone",       ".lookout-manifest.json",  0o600),
    ];
    for (what, path, mode) in cases {
        let metadata = fs::metadata(stage.path(path)).expect("it is there");
        assert_eq!(metadata.permissions().mode() & 0o777, mode, "{what}");
    }
}

#[test]
fn what_has_not_changed_is_not_touched() {
    let stage = Stage::new();
    stage.publish(&[("index.html", "page"), ("a.csv", "table")]);
    let long_ago = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    stage.set_date("index.html", long_ago);
    stage.set_date("a.csv", long_ago);
    let inode = |path: &str| fs::metadata(stage.path(path)).expect("it is there").ino();
    let before = inode("index.html");

    let published = stage.publish(&[("index.html", "page"), ("a.csv", "longer table")]);
    assert_eq!(published.written, ["a.csv"]);
    assert_eq!(published.unchanged, 1);
    assert_eq!(stage.date("index.html"), 1_000_000_000);
    assert_eq!(inode("index.html"), before);
    assert!(stage.date("a.csv") >= now() - 2);
}

#[test]
fn each_version_is_dated_a_second_later_and_then_has_to_wait() {
    let stage = Stage::new();
    stage.publish(&[("index.html", "0")]);
    let mut dates = vec![stage.date("index.html")];
    let mut waited = None;
    while waited.is_none() {
        assert!(dates.len() < 1000, "nothing has to wait: {dates:?}");
        let text = dates.len().to_string();
        match stage.try_publish(&[("index.html", &text)], &edition(1), Replace::NotNewer) {
            Ok(PublishOutcome::Published(_)) => dates.push(stage.date("index.html")),
            Ok(PublishOutcome::TooSoon(wait)) => waited = Some(wait),
            other => panic!("{other:?}"),
        }
    }
    let waited = waited.expect("the loop ends with it");
    assert!(dates.windows(2).all(|pair| pair[1] > pair[0]), "{dates:?}");
    assert!(dates.iter().all(|date| *date <= now() + 2), "{dates:?}");
    assert!(waited <= Duration::from_secs(1), "{waited:?}");
    let last = (dates.len() - 1).to_string();
    assert_eq!(stage.read("index.html"), Some(last), "what had to wait is not written");

    thread::sleep(waited);
    stage.publish(&[("index.html", "after waiting")]);
}

#[test]
fn a_clock_that_was_put_back_holds_nobody_up() {
    let stage = Stage::new();
    stage.publish(&[("index.html", "before")]);
    stage.set_date("index.html", lookout::time::clock::system_time() + Duration::from_secs(86_400));
    stage.publish(&[("index.html", "after")]);
    assert!(stage.date("index.html") <= now() + 2);
}

#[test]
fn only_what_we_wrote_is_removed() {
    let stage = Stage::new();
    stage.publish(&[
        ("index.html", "page"),
        ("old/deep/index.html", "old"),
        ("shared/index.html", "old"),
    ]);
    fs::write(stage.path("CNAME"), "theirs").expect("it can be written");
    fs::write(stage.path("shared/theirs.html"), "theirs").expect("it can be written");
    let published = stage.publish(&[("index.html", "page")]);
    assert_eq!(published.removed, ["old/deep/index.html", "shared/index.html"]);
    assert_eq!(stage.visible(), ["CNAME", "index.html", "shared/theirs.html"]);
    assert!(!stage.path("old").exists(), "empty directories go too");

    fs::create_dir_all(stage.path("old/deep")).expect("it can be made");
    fs::write(stage.path("old/deep/index.html"), "theirs by now").expect("it can be written");
    stage.publish(&[("index.html", "page")]);
    assert_eq!(stage.read("old/deep/index.html").as_deref(), Some("theirs by now"));
}

#[test]
fn a_manifest_can_not_make_us_remove_elsewhere() {
    let stage = Stage::new();
    stage.publish(&[("index.html", "page")]);
    let outside = stage.directory.path().join("deep/outside");
    fs::write(&outside, "theirs").expect("it can be written");
    let manifest =
        r#"{"version":"0","edition":null,"files":["../outside","gone.html","index.html"]}"#;
    fs::write(stage.path(".lookout-manifest.json"), manifest).expect("it can be written");
    let published = stage.publish(&[("index.html", "page")]);
    assert_eq!(published.removed, Vec::<String>::new());
    assert!(outside.exists());
}

#[test]
fn an_older_position_replaces_nothing() {
    let of = |journal: &str, last_event: u64| Edition {
        position: Position { journal: journal.to_owned(), last_event, archive: None },
        moment: sample::at(sample::NOW),
    };
    #[rustfmt::skip]
    let cases = [
        // what is special          edition          replace             page
        ("older",                   of("a", 6),      Replace::NotNewer,  "there"),
        ("the same, other words",   of("a", 7),      Replace::NotNewer,  "new"),
        ("newer",                   of("a", 8),      Replace::NotNewer,  "new"),
        ("older, and asked for",    of("a", 6),      Replace::Any,       "new"),
        ("another journal",         of("b", 1),      Replace::NotNewer,  "new"),
    ];
    for (what, edition, replace, page) in cases {
        let stage = Stage::new();
        stage.try_publish(&[("index.html", "there")], &of("a", 7), Replace::NotNewer).expect(what);
        let outcome = stage.try_publish(&[("index.html", "new")], &edition, replace).expect(what);
        assert_eq!(stage.read("index.html").as_deref(), Some(page), "{what}");
        let superseded = outcome == PublishOutcome::Superseded(of("a", 7).position);
        assert_eq!(superseded, page == "there", "{what}");
    }
}

#[test]
fn what_a_crash_left_is_cleaned_away() {
    let stage = Stage::new();
    stage.publish(&[("index.html", "page"), ("lounge/index.html", "page")]);
    for left in [".lookout-1-0.tmp", "lounge/.lookout-99999-3.tmp"] {
        fs::write(stage.path(left), "half a pa").expect("it can be written");
    }
    fs::write(stage.path(".theirs.tmp"), "theirs").expect("it can be written");
    stage.publish(&[("index.html", "page"), ("lounge/index.html", "page")]);
    assert_eq!(stage.visible(), [".theirs.tmp", "index.html", "lounge/index.html"]);
}

#[test]
fn publishers_wait_for_each_other() {
    let stage = Stage::new();
    stage.publish(&[("index.html", "before")]);
    let lock = lookout::files::lock::acquire(&stage.lock(), Duration::ZERO).expect("it is free");
    thread::scope(|scope| {
        let (done, is_done) = mpsc::channel();
        let waiting = &stage;
        scope.spawn(move || {
            waiting.publish(&[("index.html", "after")]);
            done.send(()).expect("somebody listens");
        });
        let early = is_done.recv_timeout(Duration::from_millis(200));
        assert!(early.is_err(), "it did not wait for the lock");
        assert_eq!(stage.read("index.html").as_deref(), Some("before"));
        drop(lock);
        is_done.recv_timeout(Duration::from_secs(10)).expect("it goes on");
    });
    assert_eq!(stage.read("index.html").as_deref(), Some("after"));
}

#[test]
fn a_reader_finds_every_file_whole_at_all_times() {
    let stage = Stage::new();
    let page = |letter: &str| letter.repeat(200_000);
    stage.publish(&[("index.html", &page("a"))]);
    let (stop, stopped) = mpsc::channel::<()>();
    let (path, reads) = (stage.path("index.html"), AtomicUsize::new(0));
    let (path, reads) = (&path, &reads);
    thread::scope(|scope| {
        let reader = scope.spawn(move || {
            while stopped.try_recv() == Err(mpsc::TryRecvError::Empty) {
                let text = fs::read_to_string(path).expect("the file is always there");
                assert_eq!(text.len(), 200_000, "it is never torn");
                assert_eq!(text.bytes().filter(|byte| *byte != text.as_bytes()[0]).count(), 0);
                reads.fetch_add(1, Ordering::Relaxed);
            }
        });
        // On a busy machine the reader may get its turn late: publish until it has had enough.
        for (count, letter) in ["b", "a"].into_iter().cycle().enumerate() {
            let enough = count >= 100 && reads.load(Ordering::Relaxed) > 10;
            if enough || reader.is_finished() {
                break;
            }
            stage.publish(&[("index.html", &page(letter))]);
            // As if there had been time enough.
            stage.set_date("index.html", UNIX_EPOCH);
        }
        drop(stop);
        reader.join().expect("the reader found nothing torn");
    });
}

#[test]
fn mirrors_are_kept_equal_and_do_not_stop_publishing() {
    let mut stage = Stage::new();
    let jekyll = stage.directory.path().join("jekyll");
    fs::create_dir_all(&jekyll).expect("it can be made");
    stage.mirrors = vec![jekyll.join("a.csv"), stage.directory.path().join("nowhere/a.csv")];
    let published = stage.publish(&[("a.csv", "table")]);
    assert_eq!(fs::read_to_string(jekyll.join("a.csv")).expect("it is there"), "table");
    assert_eq!(published.problems.len(), 1, "{published:?}");
    assert!(published.problems[0].contains("nowhere/a.csv"), "{published:?}");

    let published = stage.publish(&[("a.csv", "table")]);
    assert_eq!((published.written.len(), published.unchanged), (0, 2));
    fs::write(jekyll.join("a.csv"), "table\nedited").expect("it can be written");
    stage.publish(&[("a.csv", "table")]);
    assert_eq!(fs::read_to_string(jekyll.join("a.csv")).expect("it is there"), "table");
    assert_eq!(
        fs::read_dir(&jekyll).expect("it is there").count(),
        1,
        "nothing else is left there"
    );
}

#[test]
fn paths_that_lead_elsewhere_are_refused() {
    let stage = Stage::new();
    for path in ["../up.html", "/etc/motd", "a/../../b", "", ".htaccess", "a/.git/config"] {
        let refused = stage.try_publish(&[(path, "x")], &edition(1), Replace::NotNewer);
        let error = refused.expect_err(path).to_string();
        assert!(error.contains("cannot be the path of a published file"), "{path}: {error}");
    }
    let twice = [("a.csv", "table"), ("a.csv", "page")];
    let refused = stage.try_publish(&twice, &edition(1), Replace::NotNewer);
    let error = refused.expect_err("two files in one place").to_string();
    assert!(error.contains("two files would both be `a.csv`"), "{error}");
    assert!(!stage.output().exists());
}

#[test]
fn a_link_is_replaced_not_followed() {
    for (what, page) in [("other contents", "page two"), ("the same contents", "theirs")] {
        let stage = Stage::new();
        stage.publish(&[("index.html", "page")]);
        let outside = stage.directory.path().join("outside");
        fs::write(&outside, "theirs").expect("it can be written");
        fs::remove_file(stage.path("index.html")).expect("it is there");
        std::os::unix::fs::symlink(&outside, stage.path("index.html")).expect("links can be made");
        stage.publish(&[("index.html", page)]);
        let theirs = fs::read_to_string(&outside).expect("it is there");
        assert_eq!(theirs, "theirs", "{what}");
        assert_eq!(stage.read("index.html").as_deref(), Some(page), "{what}");
        assert!(!stage.path("index.html").is_symlink(), "{what}");
    }
}

#[test]
fn a_place_that_is_taken_is_named_and_nothing_hidden_is_left() {
    let stage = Stage::new();
    fs::create_dir_all(stage.path("b.html/theirs")).expect("it can be made");
    let files = [("a.html", "a"), ("b.html", "b"), ("c.html", "c")];
    let error = stage.try_publish(&files, &edition(1), Replace::NotNewer).expect_err("taken");
    let place = stage.path("b.html");
    let said = format!("cannot replace `{}`", place.display());
    assert!(format!("{error:#}").contains(&said), "{error:#}");
    assert_eq!(stage.visible(), ["a.html"], "the next publication completes it");
}

#[test]
fn the_heartbeat_is_dated_and_not_rewritten() {
    let directory = TempDir::new().expect("a temporary directory");
    let settings = sample::settings(directory.path());
    let moment = lookout::time::moment::Moment::from_seconds(1_785_369_660);
    lookout::site::touch_heartbeat(&settings, moment)
        .expect("nothing is published yet, and that is no error");
    let renderer = lookout::site::Renderer::load(&settings).expect("the built-in templates load");
    let build = || {
        let presence = sample::presence(Vec::new());
        lookout::site::build(&renderer, &presence, &settings, &edition(1), Replace::NotNewer)
    };
    build().expect("it builds");
    let path = settings.site.output_dir.join("lookout/heartbeat.txt");
    let file = fs::File::options().write(true).open(&path).expect("it is there");
    file.set_modified(UNIX_EPOCH).expect("it can be dated");
    lookout::site::touch_heartbeat(&settings, moment).expect("it can be dated");
    assert_eq!(fs::metadata(&path).expect("it is there").mtime(), moment.seconds());
    let PublishOutcome::Published(published) = build().expect("it builds").outcome else {
        panic!("not published");
    };
    assert_eq!(published.written, Vec::<String>::new());
}

/// What `publish` makes of `files`, within the patience of the test.
#[track_caller]
fn publish_in_time(what: &str, stage: Stage, files: &'static [(&str, &str)]) -> (Stage, Published) {
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        let published = stage.publish(files);
        drop(done.send((stage, published)));
    });
    is_done.recv_timeout(Duration::from_secs(20)).unwrap_or_else(|_| panic!("{what}: it waits"))
}

#[test]
fn no_lock_that_others_can_hold_keeps_the_site_or_a_copy_back() {
    for locked in [
        "deep/site",
        "deep/site/lookout",
        "deep/site/.lookout-lock",
        "deep/site/a.csv",
        "jekyll",
        "jekyll/a.csv",
        "data",
    ] {
        let mut stage = Stage::new();
        let jekyll = stage.directory.path().join("jekyll");
        fs::create_dir_all(&jekyll).expect("it can be made");
        stage.mirrors = vec![jekyll.join("a.csv")];
        stage.publish(&[("lookout/index.html", "page"), ("a.csv", "table\nbefore")]);
        fs::write(stage.path(".lookout-lock"), "").expect("an earlier version left it");
        let foreign = fs::File::open(stage.directory.path().join(locked)).expect("it is there");
        foreign.lock().expect("anybody can lock what they can open");
        let files = &[("lookout/index.html", "page two"), ("a.csv", "table\nafter")];
        let (stage, published) = publish_in_time(locked, stage, files);
        assert_eq!(published.problems, Vec::<String>::new(), "{locked}");
        let copy = fs::read_to_string(jekyll.join("a.csv")).expect("it is there");
        assert_eq!(copy, "table\nafter", "{locked}");
        assert_eq!(stage.read("a.csv").as_deref(), Some("table\nafter"), "{locked}");
        assert!(!stage.path(".lookout-lock").exists(), "{locked}");
    }
}

#[test]
fn a_copy_that_is_a_link_is_written_through() {
    #[rustfmt::skip]
    let cases = [
        // what is special                  the link leads to     what is there       what is there then       said
        ("a file elsewhere",                "elsewhere/a.csv",    Some("table\nold"),  "table\nnew",            ""),
        ("a file that is not there yet",    "elsewhere/a.csv",    None,               "table\nnew",            ""),
        ("a link to a link",                "jekyll/second",      Some("table\nold"),  "table\nnew",            ""),
        ("something else",                  "elsewhere/a.csv",    Some("theirs"),     "theirs",                "something else is there"),
        ("the same already",                "elsewhere/a.csv",    Some("table\nnew"),  "table\nnew",            ""),
    ];
    for (what, target, there, then, said) in cases {
        let mut stage = Stage::new();
        let at = |path: &str| stage.directory.path().join(path);
        fs::create_dir_all(at("jekyll")).expect("it can be made");
        fs::create_dir_all(at("elsewhere")).expect("it can be made");
        if let Some(there) = there {
            fs::write(at("elsewhere/a.csv"), there).expect("it can be written");
        }
        std::os::unix::fs::symlink("../elsewhere/a.csv", at("jekyll/second")).expect("linked");
        std::os::unix::fs::symlink(at(target), at("jekyll/a.csv")).expect("linked");
        let (copy, end) = (at("jekyll/a.csv"), at("elsewhere/a.csv"));
        stage.mirrors = vec![copy.clone()];
        let (_stage, published) = publish_in_time(what, stage, &[("a.csv", "table\nnew")]);
        assert!(copy.is_symlink(), "{what}: it stays a link");
        assert!(!end.is_symlink(), "{what}");
        assert_eq!(fs::read_to_string(&end).expect("it is there"), then, "{what}");
        let problems = published.problems.join("\n");
        assert!(
            problems.contains(said) && problems.is_empty() == said.is_empty(),
            "{what}: {problems}"
        );
        for directory in [copy.parent(), end.parent()].into_iter().flatten() {
            let names = fs::read_dir(directory)
                .expect("it is there")
                .flatten()
                .map(|entry| entry.file_name());
            let odd: Vec<_> =
                names.filter(|name| name.to_string_lossy().starts_with('.')).collect();
            assert_eq!(odd, Vec::<std::ffi::OsString>::new(), "{what}: nothing is left behind");
        }
    }
}

/// Puts something at a path.
type Make = fn(&std::path::Path);

#[test]
fn a_copy_that_is_no_file_is_reported_and_holds_nothing_up() {
    #[rustfmt::skip]
    let cases: [(&str, Make); 4] = [
        // what is there                make
        ("a pipe",                      |path| nix::unistd::mkfifo(path, nix::sys::stat::Mode::S_IRWXU).expect("made")),
        ("a link to an endless device", |path| std::os::unix::fs::symlink("/dev/zero", path).expect("linked")),
        ("a directory",                 |path| fs::create_dir(path).expect("made")),
        ("a link to itself",            |path| std::os::unix::fs::symlink(path, path).expect("linked")),
    ];
    for (what, make) in cases {
        let mut stage = Stage::new();
        let copy = stage.directory.path().join("a.csv");
        make(&copy);
        stage.mirrors = vec![copy.clone()];
        let (stage, published) = publish_in_time(what, stage, &[("a.csv", "table")]);
        assert_eq!(stage.read("a.csv").as_deref(), Some("table"), "{what}");
        assert_eq!(published.problems.len(), 1, "{what}: {published:?}");
        assert!(copy.symlink_metadata().is_ok(), "{what}: it stays");
    }
}

#[test]
fn two_installations_may_have_their_copies_in_one_directory() {
    let mut stage = Stage::new();
    let jekyll = stage.directory.path().join("jekyll");
    fs::create_dir_all(&jekyll).expect("it can be made");
    stage.mirrors = vec![jekyll.join("a.csv")];
    stage.publish(&[("a.csv", "table\n1")]);
    // Another one is about to put its copy in place; a crash of our own left something, too.
    let ours = format!(".lookout-{}-1-0.tmp", &hex::encode(Sha256::digest("a.csv"))[..8]);
    let theirs = format!(".lookout-{}-1-0.tmp", &hex::encode(Sha256::digest("b.csv"))[..8]);
    for name in [&ours, &theirs] {
        fs::write(jekyll.join(name), "half").expect("it can be written");
    }
    stage.publish(&[("a.csv", "table\n2")]);
    assert!(!jekyll.join(ours).exists() && jekyll.join(theirs).exists());
}
