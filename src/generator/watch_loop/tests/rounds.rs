//! When the site and the chats are told of what happens.

use super::*;

#[test]
fn a_clock_that_was_put_back_takes_the_site_along() {
    let mut stage = Stage::new();
    stage.join([NOW].into_iter());
    #[rustfmt::skip]
    let moments = [
        // what the clock says       seconds later  is Ada in?
        ("the right time",           1,             true),
        ("a day too much",           86_400,        false),
        ("the right time again",     2,             true),
    ];
    for (what, later, is_in) in moments {
        stage.step(NOW.plus(later));
        assert_eq!(stage.csv().contains("toggle-on"), is_in, "{what}");
    }
}

#[test]
fn a_site_that_was_removed_comes_back_with_the_heartbeat() {
    let mut stage = Stage::new();
    stage.step(NOW);
    assert!(!stage.csv().is_empty());
    fs::remove_dir_all(stage.directory.path().join("site")).expect("removed");
    stage.step(NOW);
    assert!(stage.csv().is_empty(), "nothing has changed, as far as anybody knows");
    stage.step(NOW.plus(heartbeat::INTERVAL_S));
    assert!(!stage.csv().is_empty(), "it is there again");
}

#[test]
fn a_start_publishes_once_and_puts_off_the_heartbeat() {
    let mut stage = Stage::new();
    stage.step(NOW);
    assert!(!stage.watch_loop.publisher.is_pending(), "nothing is left to be published");
    stage.step(NOW);
    assert!(!stage.watch_loop.publisher.is_pending(), "nor for the heartbeat");
}

#[test]
fn the_heartbeat_is_dated_to_whole_minutes_whoever_comes_and_goes() {
    let mut stage = Stage::new();
    let minute = NOW.seconds().div_euclid(60) * 60;
    let dated = |stage: &Stage| {
        let path = stage.directory.path().join("site/lookout/heartbeat.txt");
        std::os::unix::fs::MetadataExt::mtime(&fs::metadata(path).expect("it is there"))
    };
    #[rustfmt::skip]
    let moments = [
        // seconds into the minute  somebody joins  dated to the minute
        (1,                         false,          0),
        (2,                         true,           0),
        (59,                        true,           0),
        (60,                        false,          1),
        (61,                        true,           1),
        (250,                       false,          4),
    ];
    for (seconds, joins, dated_to) in moments {
        let now = Moment::from_seconds(minute + seconds);
        if joins {
            stage.join([now].into_iter());
        }
        stage.step(now);
        assert_eq!(dated(&stage), minute + 60 * dated_to, "{seconds} s into the minute");
    }
}

#[test]
fn an_event_waits_for_another_one_but_for_nothing_else() {
    #[rustfmt::skip]
    let cases = [
        // what was published just before   moments of events  and of steps   it waits
        ("the first site",                  vec![],            vec![0],         false),
        ("another event",                   vec![0],           vec![0],         true),
        ("that a day has passed",           vec![0],           vec![0, 86_400], false),
    ];
    for (what, events, steps, waits) in cases {
        // Whether it waits shows only while it does: on a busy machine, that may be over.
        let seen = (0..20).find_map(|_| {
            let mut stage = Stage::new();
            stage.join(events.iter().map(|second| NOW.plus(*second)));
            let mut begun = Instant::now();
            for second in &steps {
                begun = Instant::now();
                stage.step(NOW.plus(*second));
            }
            stage.join([NOW.plus(86_401)].into_iter());
            stage.watch_loop.step(NOW.plus(86_401));
            let is_pending = stage.watch_loop.publisher.is_pending();
            (begun.elapsed() < GATHER_INTERVAL).then_some(is_pending)
        });
        assert_eq!(seen, Some(waits), "{what}");
    }
}

#[test]
fn chats_are_shown_who_comes_and_goes_while_the_output_directory_fails() {
    let mut stage = Stage::new();
    let mut snapshots = stage.connections.snapshots.subscribe();
    let directory = stage.directory.path().join("site");
    fs::write(&directory, "a file where the site should be").expect("written");
    stage.watch_loop.publisher = Publisher::new(&stage.connections, LONG_WAIT);
    stage.step(NOW);
    assert!(stage.connections.health.site_fails());
    assert!(stage.watch_loop.publisher.waits_until(Instant::now()).is_some());
    snapshots.mark_unchanged();
    stage.join([NOW.plus(1)].into_iter());
    // The next attempt at the site is not due yet.
    stage.watch_loop.step(NOW.plus(2));
    assert!(snapshots.has_changed().expect("it is connected"));
    let presence = stage.watch_loop.generator.presence(NOW.plus(2)).expect("it is read");
    assert_eq!(presence.people.len(), 1);
}

#[test]
fn chats_are_shown_that_a_meeting_went_stale_although_no_site_was_ever_published() {
    let mut stage = Stage::new();
    let mut snapshots = stage.connections.snapshots.subscribe();
    let directory = stage.directory.path().join("site");
    fs::write(&directory, "a file where the site should be").expect("written");
    stage.join([NOW].into_iter());
    stage.step(NOW.plus(1));
    snapshots.mark_unchanged();
    #[rustfmt::skip]
    let moments = [
        // what is special     seconds later     shown anew
        ("nothing changes",    60,               false),
        ("the meeting is stale", 13 * 60 * 60,   true),
        ("nothing more",       13 * 60 * 60 + 1, false),
    ];
    for (what, later, expected) in moments {
        stage.step(NOW.plus(later));
        let is_shown = snapshots.has_changed().expect("it is connected");
        assert_eq!(is_shown, expected, "{what}");
        snapshots.mark_unchanged();
    }
}

#[test]
fn the_first_events_of_a_store_are_synced_at_once_so_that_the_journal_can_be_pruned() {
    let mut stage = Stage::new();
    let store = stage.directory.path().join("lookout.presence");
    let synced = |stage: &mut Stage| stage.watch_loop.generator.log_mut().synced_id();
    stage.join([NOW].into_iter());
    stage.step(NOW);
    assert_eq!(synced(&mut stage), 1, "a new store");
    stage.join([NOW.plus(1)].into_iter());
    stage.step(NOW.plus(1));
    assert_eq!(synced(&mut stage), 1, "the next events wait for others");
    fs::remove_file(&store).expect("removed");
    stage.step(NOW.plus(2));
    assert_eq!(synced(&mut stage), 2, "a store that was removed and filled again");
}
