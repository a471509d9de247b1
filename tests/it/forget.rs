//! Forgetting somebody: beside a running `serve`, down to the last byte on disk.

use std::fs;
use std::path::{Path, PathBuf};

use lookout::time::moment::Moment;
use mongodb::bson::{Document, doc};

use crate::evening;
use crate::support::chat::{Answer, Chat};
use crate::support::lookout::{now, until};
use crate::support::mongod::{Events, Mongod, ReplicaSet};
use crate::support::{Lookout, Request};

/// She came as "Guest", shares, and has a sign in her name that JSON may escape.
const NAME: &str = "Hiroko Nakagawa 🌻";

const PUBLISHED: &str = "[privacy]\npublish = [\"*\"]\n";

/// All files below `dir` that hold `bytes`.
fn holding(dir: &Path, bytes: &[u8]) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(dir).into_iter().filter_map(Result::ok);
    let files = entries.filter(|entry| entry.file_type().is_file());
    let found = files.filter(|file| {
        let contents = fs::read(file.path()).unwrap_or_default();
        contents.windows(bytes.len()).any(|window| window == bytes)
    });
    found.map(|file| file.into_path()).collect()
}

/// The evening, its people published, and three texts more that name her.
fn with_an_evening(lookout: &Lookout) {
    for (_, body) in evening::bodies() {
        lookout.deliver(&body);
    }
    let topic = format!(
        r#"{{"event":"meeting.started","event_ts":1773518400000,"payload":{{"object":{{"uuid":"t","id":"9","topic":"{NAME}'s Zoom Meeting","start_time":"2026-03-14T20:00:00Z"}}}}}}"#
    );
    let odd = br#"{"event":"meeting.x","event":"y","user_name":"Hiroko Nakagawa \ud83c\udf3b"}"#;
    assert_eq!(lookout.deliver(topic.as_bytes()).status, 204);
    assert_eq!(lookout.deliver(odd).status, 204);
    assert_eq!(lookout.deliver(format!("not JSON, of {NAME}").as_bytes()).status, 204);
}

#[test]
fn nobody_finds_a_byte_of_somebody_forgotten_and_everybody_else_is_as_before() {
    let mut lookout = Lookout::with_settings(
        "[privacy]\npublish = [\"*\"]\n[presence]\nstale_after = \"36500d\"\n[csv]\ncopies = [\"copy.csv\"]\n",
    );
    lookout.serve();
    with_an_evening(&lookout);
    lookout.wait_for("_data/zoom-room-dashboard.csv", |csv| csv.contains(NAME));
    // The store has her as well.
    lookout.stop();
    assert!(lookout.path("data/lookout.presence").exists());
    // One that could not be read may be kept.
    fs::write(lookout.path("data/lookout.presence.unusable"), NAME).expect("written");
    lookout.serve();
    let before = lookout.csv();
    let first = holding(lookout.dir.path(), NAME.as_bytes());
    assert!(first.len() >= 4, "journal, store, page, table: {first:?}");

    let output = lookout.run(&["forget", NAME]);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("nothing was removed"), "{stderr}");
    assert_eq!(holding(lookout.dir.path(), NAME.as_bytes()), first);

    let output = lookout.run(&["forget", "--yes", NAME]);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{stderr}");
    insta::assert_snapshot!(stderr, @"
    to be forgotten: `Hiroko Nakagawa 🌻`
      in the journal: 5 events of theirs; the name in 1 event of others, which stay without it, and in 2 unreadable deliveries
    with it goes what happened on the same connections as `Guest`
    forgotten; what this cannot reach:
      exports and backups made before, and copies of the site; delete those
    who joins under the name again is stored again
    ");
    // Also once the running `serve` has published and saved again.
    let later = evening::bodies().into_iter().find(|(name, _)| name.contains("stays"));
    let later = String::from_utf8(later.expect("it is there").1).expect("UTF-8");
    let later = later.replace("2026-03-14T20:30:10Z", "2026-03-14T20:30:11Z");
    assert_eq!(lookout.deliver(later.as_bytes()).status, 204);
    let is_gone = || holding(lookout.dir.path(), NAME.as_bytes()).is_empty();
    assert!(until(is_gone), "{:?}", holding(lookout.dir.path(), NAME.as_bytes()));
    lookout.stop();
    let left = holding(lookout.dir.path(), b"Hiroko Nakagawa");
    assert!(left.is_empty(), "{left:?}");
    let rows = |csv: &str| -> Vec<String> { csv.lines().map(str::to_owned).collect() };
    let others: Vec<_> = rows(&before).into_iter().filter(|row| !row.contains(NAME)).collect();
    assert_eq!(rows(&lookout.csv()), others);

    // What Zoom sends again is known, and not stored again.
    lookout.serve();
    let count = lookout.ok(&["export"]).lines().count();
    with_an_evening(&lookout);
    assert_eq!(lookout.ok(&["export"]).lines().count(), count);
    assert!(holding(lookout.dir.path(), NAME.as_bytes()).is_empty());
}

#[test]
fn where_old_events_are_only_in_the_store_they_are_forgotten_there() {
    let mut lookout = Lookout::new();
    lookout.serve();
    with_an_evening(&lookout);
    let waits = format!(
        r#"{{"event":"meeting.participant_jbh_waiting","event_ts":1773530000000,"payload":{{"object":{{"uuid":"door==","participant":{{"user_name":"{NAME}"}}}}}}}}"#
    );
    assert_eq!(lookout.deliver(waits.as_bytes()).status, 204);
    lookout.wait_for("_data/zoom-room-dashboard.csv", |csv| csv.contains(NAME));
    lookout.stop();
    let journal = rusqlite::Connection::open(lookout.path("data/lookout.db")).expect("it opens");
    let prune = "PRAGMA secure_delete = ON; DELETE FROM events; UPDATE journal SET pruned = 1;";
    journal.execute_batch(prune).expect("pruned");
    drop(journal);
    let before = lookout.csv();

    lookout.ok(&["forget", "--yes", NAME]);
    let left = holding(lookout.dir.path(), NAME.as_bytes());
    assert!(left.is_empty(), "{left:?}");
    lookout.ok(&["build"]);
    let others: Vec<_> = before.lines().filter(|row| !row.contains(NAME)).collect();
    assert_eq!(lookout.csv().lines().collect::<Vec<_>>(), others);
}

#[test]
fn the_archive_forgets_and_so_does_whoever_follows_it() {
    let mongod = Mongod::alone();
    forgets_with_its_followers(&mongod.settings(), &mongod.events());
}

#[test]
fn a_replica_set_forgets_and_so_does_whoever_follows_its_stream_of_changes() {
    let set = ReplicaSet::of_three();
    forgets_with_its_followers(&set.settings(), &set.events());
}

#[track_caller]
fn forgets_with_its_followers(settings: &str, events: &Events) {
    let (mut first, mut second) =
        (Lookout::with_settings(settings), Lookout::with_settings(settings));
    first.serve();
    second.serve();
    with_an_evening(&first);
    let other = format!(r#"{{"event":"x","payload":{{"object":{{"topic":"{NAME} was here"}}}}}}"#);
    assert_eq!(second.deliver(other.as_bytes()).status, 204);
    let old = |name: &str| {
        let participant =
            doc! { "user_id": name, "user_name": name, "join_time": "2026-03-14T21:00:00Z" };
        let object = doc! { "uuid": "old", "id": "1", "participant": participant };
        doc! { "event": "meeting.participant_joined", "event_ts": 1_773_522_000_000_i64, "payload": { "object": object } }
    };
    events.insert(vec![old(NAME), old("Guest of old")]);
    let count = first.ok(&["export", "--from", "journal"]).lines().count()
        + first.ok(&["export", "--from", "journal", "--quarantined"]).lines().count();
    assert!(until(|| events.count(doc! {}) == count as u64 + 3), "all is shipped");
    let csv = "_data/zoom-room-dashboard.csv";
    let is_complete = |csv: &str| csv.contains(NAME) && csv.contains("Guest of old");
    for lookout in [&first, &second] {
        lookout.wait_for(csv, is_complete);
    }

    first.ok(&["forget", "--yes", NAME]);
    let held = |document: &Document| format!("{document:?}").contains("Hiroko");
    assert_eq!(events.all().iter().filter(|document| held(document)).count(), 0);
    for lookout in [&first, &second] {
        lookout.wait_for(csv, |csv| csv.contains("Guest of old") && !csv.contains("Hiroko"));
    }
    assert!(holding(first.dir.path(), NAME.as_bytes()).is_empty());

    // The journal has another id now; what it shipped before and after is known all the same.
    let shipped = events.count(doc! {});
    deliver(&first, "joined", "5", "Somebody later");
    assert!(until(|| events.count(doc! {}) == shipped + 1), "{}", first.log());
    let log = first.stop();
    assert!(!log.contains("shipped again"), "{log}");
    first.serve();
    // What goes leaves its key: nobody ships it again.
    let before = events.count(doc! {});
    with_an_evening(&second);
    let waits = "lookout_archive_backlog 0";
    assert!(until(|| Request::get("/metrics").send(second.admin()).text().contains(waits)));
    assert_eq!(events.count(doc! {}), before);
    assert!(!first.stop().contains("shipped again"));
    assert_eq!(events.all().iter().filter(|document| held(document)).count(), 0);
}

/// A chat to tell.
fn target(chat: &Chat) -> String {
    format!(
        "[[notify]]\nkind = \"mattermost\"\nurl = \"{}\"\nnames = \"all\"\n\
         events = [\"joined\", \"left\", \"started\", \"ended\", \"waiting\"]\n",
        chat.hook()
    )
}

/// Somebody comes or goes, now.
#[track_caller]
fn deliver(lookout: &Lookout, what: &str, id: &str, name: &str) {
    let time = Moment::from_seconds(now());
    let key = if what == "left" { "leave_time" } else { "join_time" };
    let body = format!(
        r#"{{"event":"meeting.participant_{what}","event_ts":1,"payload":{{"object":{{"uuid":"m","id":"1","participant":{{"user_id":"{id}","user_name":"{name}","{key}":"{time}","date_time":"{time}"}}}}}}}}"#
    );
    assert_eq!(lookout.deliver(body.as_bytes()).status, 204, "{body}");
}

/// Grace and others come and wait to be let in while the chat is down, and `kept` says when all of it
/// waits.
#[track_caller]
fn with_messages_that_wait(lookout: &Lookout, chat: &Chat, kept: impl Fn() -> String) {
    lookout.wait_for_chats();
    chat.always(Answer::Status(503));
    deliver(lookout, "joined", "1", "Grace");
    assert!(until(|| kept().contains("started")), "{}", lookout.log());
    deliver(lookout, "joined_waiting_room", "4", NAME);
    assert!(until(|| kept().contains(r#""waiting":{"names":"#)), "{}", lookout.log());
    deliver(lookout, "joined", "2", "Edsger");
    deliver(lookout, "joined", "3", NAME);
    let waits = format!(r#""joined":["Edsger","{NAME}"]"#);
    assert!(until(|| kept().contains(&waits)), "{}", lookout.log());
}

/// The chat is up again, and hears of everybody but her.
#[track_caller]
fn hears_of_the_others(lookout: &Lookout, chat: &Chat) {
    chat.always(Answer::Usual);
    deliver(lookout, "left", "2", "Edsger");
    assert!((0..4).any(|_| until(|| chat.posts().len() >= 3)), "{}", lookout.log());
    let texts: Vec<_> = chat.posts().iter().map(|post| post.body.to_string()).collect();
    assert!(texts.iter().all(|text| !text.contains("Hiroko")), "{texts:#?}");
    assert!(texts[0].contains("Grace"), "{texts:#?}");
    assert!(texts[1].contains("Edsger") && texts[2].contains("Edsger"), "{texts:#?}");
    assert_eq!(texts.len(), 3, "nobody else left, and nothing is repeated: {texts:#?}");
}

#[test]
fn what_a_chat_was_told_and_waits_to_be_told_forgets_beside_a_running_serve_and_without_one() {
    for runs in [true, false] {
        let chat = Chat::mattermost();
        let mut lookout = Lookout::with_settings(&format!("{PUBLISHED}{}", target(&chat)));
        lookout.serve();
        let told = || {
            let parts = ["data/lookout.notify.db", "data/lookout.notify.db-wal"];
            let parts = parts.map(|part| fs::read(lookout.path(part)).unwrap_or_default());
            String::from_utf8_lossy(&parts.concat()).into_owned()
        };
        with_messages_that_wait(&lookout, &chat, told);
        if !runs {
            lookout.stop();
        }
        let output = lookout.run(&["forget", "--yes", NAME]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        assert!(stderr.contains("messages that were sent to a chat already"), "{stderr}");
        if !runs {
            let left = holding(lookout.dir.path(), b"Hiroko Nakagawa");
            assert!(left.is_empty(), "{left:?}");
            lookout.serve();
        }
        let heard = chat.heard().len();
        hears_of_the_others(&lookout, &chat);
        let after = &chat.heard()[heard..];
        let named = |body: &[u8]| String::from_utf8_lossy(body).contains("Hiroko");
        assert!(!after.iter().any(|heard| named(&heard.body)), "nor in vain");
        let left = holding(lookout.dir.path(), b"Hiroko Nakagawa");
        assert!(left.is_empty(), "{left:?}");
        lookout.stop();
        let left = holding(lookout.dir.path(), b"Hiroko Nakagawa");
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn what_is_kept_with_a_lease_forgets_as_well() {
    let (mongod, chat) = (Mongod::alone(), Chat::mattermost());
    let settings = format!("{}{}", mongod.settings(), target(&chat));
    let mut lookout = Lookout::with_settings(&settings);
    lookout.serve();
    let events = mongod.events();
    let kept = || -> String {
        let leases = events.leases().into_iter();
        leases.filter_map(|lease| lease.get_str("kept").ok().map(str::to_owned)).collect()
    };
    with_messages_that_wait(&lookout, &chat, kept);
    lookout.ok(&["forget", "--yes", NAME]);
    assert!(!kept().contains("Hiroko"), "{}", kept());
    hears_of_the_others(&lookout, &chat);
    lookout.stop();
    assert!(!kept().contains("Hiroko"), "{}", kept());
    assert!(holding(lookout.dir.path(), b"Hiroko Nakagawa").is_empty());
}
