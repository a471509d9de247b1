//! Changed settings, and events that the journal no longer has.

use super::*;

/// Removes what is in the journal, as `journal.keep` does; what the store has stays.
fn prune(directory: &TempDir) {
    let journal = rusqlite::Connection::open(directory.path().join("lookout.db"));
    let prune = "DELETE FROM events; UPDATE journal SET pruned = 1";
    journal.expect("it opens").execute_batch(prune).expect("pruned");
}

/// What an operator changes.
type Edit<'a> = &'a dyn Fn(&mut Settings);

#[test]
fn who_may_appear_counts_at_once_whatever_else_a_reload_changes_and_whatever_is_gone() {
    use crate::config::{Person, Room, Slug};
    let name = |text| crate::zoom::Name::clean(text).expect("a name");
    let person = |settings: &mut Settings| {
        settings.people = vec![Person {
            name: name("Grace"),
            aliases: vec![name("Amazing Grace")],
            zoom_user_ids: Vec::new(),
        }];
    };
    let room = |settings: &mut Settings| {
        settings.rooms = vec![Room {
            meeting_id: "1".to_owned(),
            name: "Lounge".to_owned(),
            slug: Slug::parse("lounge").expect("a slug"),
            join_url: String::new(),
            icon: None,
            subtitle: None,
            stale_after: None,
        }];
    };
    #[rustfmt::skip]
    let cases: [(_, Edit<'_>); 3] = [
        // what changes besides
        ("nothing",     &|_| {}),
        ("`[[people]]`", &person),
        ("`[[rooms]]`",  &room),
    ];
    for (what, change) in cases {
        let mut stage = Stage::new();
        // Long ago, so that it is summed up; then somebody else, so that there is a page.
        stage.join([NOW.plus(-100 * DAY), NOW].into_iter());
        stage.step(NOW.plus(1));
        stage.watch_loop.housekeeping.sync(&mut stage.watch_loop.generator);
        prune(&stage.directory);
        assert!(stage.csv().contains("Ada"), "{what}");

        let mut settings = Settings::clone(stage.watch_loop.generator.settings());
        settings.privacy.publish = PublishList::Only([name("Grace")].into_iter().collect());
        change(&mut settings);
        stage.watch_loop.generator.adopt(settings, NOW.plus(2)).expect("the templates are ours");
        stage.watch_loop.publisher.request();
        stage.step(NOW.plus(2));
        assert!(!stage.csv().is_empty() && !stage.csv().contains("Ada"), "{what}");
        assert!(!stage.connections.health.site_fails(), "{what}");
    }
}

#[test]
fn a_late_event_counts_although_its_meeting_was_removed() {
    #[rustfmt::skip]
    let cases = [
        // what it is                event                  whether Ada has left once
        ("it can change nothing",    "recording.deleted",   false),
        ("it ends an old meeting",   "meeting.ended",       true),
    ];
    for (what, event, has_left) in cases {
        let mut stage = Stage::new();
        stage.join([NOW.plus(-100 * DAY), NOW].into_iter());
        stage.step(NOW.plus(1));
        stage.watch_loop.housekeeping.sync(&mut stage.watch_loop.generator);
        prune(&stage.directory);
        // The meeting of `join` goes on, so that a newer one shows whether the page does.
        let (old, new) = (NOW.plus(-100 * DAY), NOW.plus(60));
        stage.store(&format!(
            r#"{{"event":"{event}","event_ts":{},"payload":{{"object":{{"uuid":"old","id":"1","end_time":"{old}"}}}}}}"#,
            old.seconds() * 1000
        ));
        stage.store(&format!(
            r#"{{"event":"meeting.participant_joined","event_ts":1,"payload":{{"object":{{"uuid":"n","id":"2","participant":{{"user_id":"2","user_name":"Grace","join_time":"{new}"}}}}}}}}"#
        ));
        stage.step(NOW.plus(61));
        assert!(stage.csv().contains("Grace"), "{what}: {}", stage.csv());
        let csv = stage.csv();
        let ada = csv.lines().find(|line| line.contains("Ada")).expect("she is listed");
        assert_eq!(!ada.contains("N/A"), has_left, "{what}: {ada}");
        assert!(!stage.connections.health.site_fails(), "{what}");
    }
}

#[test]
fn a_generator_that_panics_is_made_again_by_the_settings_that_were_in_effect() {
    let Stage { directory, watch_loop, connections, _runtime } = Stage::new();
    let journal = Arc::clone(connections.journal.as_ref().expect("it has one"));
    let file = directory.path().join("lookout.toml");
    fs::write(&file, "").expect("written");
    let before = {
        let mut settings = Settings::clone(watch_loop.generator.settings());
        settings.origin.file = Some(file.clone());
        settings
    };
    let mut edited = before.clone();
    edited.privacy.publish = PublishList::Only([].into());
    // First they are read as edited, then reading them panics, then they are broken.
    let reads = Arc::new(Mutex::new(0));
    let load: Load = {
        let (reads, edited) = (Arc::clone(&reads), edited.clone());
        Arc::new(move || {
            let mut reads = reads.lock().unwrap_or_else(PoisonError::into_inner);
            *reads += 1;
            match *reads {
                1 => Ok(edited.clone()),
                2 => panic!("on purpose"),
                _ => Err(edited.refuse("site.title", "broken on purpose")),
            }
        })
    };
    let connections = Connections {
        load: Some(load),
        current_settings: Arc::new(Mutex::new(Arc::new(before.clone()))),
        ..connections
    };
    drop(watch_loop);
    let made_for = Arc::new(Mutex::new(Vec::new()));
    let generator = |settings: &Settings| {
        Generator::new(settings.clone(), Log::open_to_follow(settings, None)?)
    };
    let shutdown = connections.shutdown.clone();
    let runtime = tokio::runtime::Runtime::new().expect("it starts");
    let handle = runtime.handle().clone();
    let thread = {
        let made_for = Arc::clone(&made_for);
        thread::spawn(move || {
            run(&connections, &handle, |settings| {
                made_for.lock().expect("nobody panicked").push(settings.privacy.clone());
                generator(settings)
            });
        })
    };
    let patience = std::time::Instant::now() + Duration::from_secs(60);
    while made_for.lock().expect("nobody panicked").len() < 2 {
        assert!(std::time::Instant::now() < patience, "it is never made again");
        fs::write(&file, "# touched").expect("written");
        thread::sleep(Duration::from_millis(20));
    }
    shutdown.cancel();
    thread.join().expect("it ends");
    drop(journal);
    let made_for = made_for.lock().expect("nobody panicked");
    assert_eq!(made_for[..2], [before.privacy, edited.privacy]);
}

#[test]
fn a_withdrawn_name_goes_where_the_system_reports_no_change() {
    let directory = TempDir::new().expect("a temporary directory");
    let at = |path: &str| directory.path().join(path);
    for (release, publish) in [("1", "*"), ("2", "Grace")] {
        fs::create_dir_all(at(&format!("releases/{release}"))).expect("made");
        let settings =
            format!("[privacy]\npublish = ['{publish}']\n[site]\noutput_dir = '../../site'\n");
        fs::write(at(&format!("releases/{release}/lookout.toml")), settings).expect("written");
    }
    std::os::unix::fs::symlink("releases/1", at("current")).expect("linked");
    let file = at("current/lookout.toml");
    let load = move || crate::config::load(Some(&file), &crate::config::Environment::default());
    let mut settings = load().expect("valid");
    settings.site.output_dir = at("site");
    settings.journal.path = at("lookout.db");
    let mut stage = Stage::with_settings(settings.clone(), directory);
    let often = std::time::Duration::from_millis(10);
    stage.watch_loop.reload.set_inputs(Inputs::poll_only(Arc::new(load), &settings, often));
    stage.join([NOW].into_iter());
    stage.step(NOW);
    stage.step(NOW);
    assert!(stage.csv().contains("Ada"));

    let at = |path: &str| stage.directory.path().join(path);
    std::os::unix::fs::symlink("releases/2", at("new")).expect("linked");
    fs::rename(at("new"), at("current")).expect("renamed");
    let runtime = tokio::runtime::Runtime::new().expect("it starts");
    let begun = std::time::Instant::now();
    while stage.csv().contains("Ada") {
        assert!(begun.elapsed() < std::time::Duration::from_secs(60), "the name stays");
        runtime.block_on(async {
            let changed = stage.watch_loop.reload.changed();
            drop(tokio::time::timeout(often * 20, changed).await);
        });
        stage.step(NOW);
    }
}
