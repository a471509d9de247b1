//! Forgotten is gone: after any history, with kills at any moment, no byte of any file has the name.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use lookout::simulate::Rng;

use crate::support::Lookout;
use crate::support::chat::{Answer, Chat};
use crate::support::lookout::{WEBHOOK, now, signed, until};

/// Who is forgotten, one after the other. Each has signs that somebody escapes.
const NAMES: [&str; 4] =
    ["Zoë \"Z\" Ünal", "Ada Byron", "Hiroko Nakagawa 🌻", "Søren O'Kierkegaard/Bakke"];

/// The name as others may write it, certainly the same.
fn spellings(name: &str) -> Vec<String> {
    let json = |text: &str| -> String {
        let units = text.encode_utf16();
        units.map(|unit| format!("\\u{unit:04x}")).collect()
    };
    let quoted = serde_json::to_string(name).expect("any text can be written");
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric();
    let percent = |byte: &u8| match is_plain(byte) {
        true => char::from(*byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    let percents: String = name.as_bytes().iter().map(percent).collect();
    vec![
        name.to_owned(),
        quoted[1..quoted.len() - 1].to_owned(),
        json(name),
        percents.replace("%20", "+"),
        percents,
        name.replacen(' ', "\u{200b} ", 1),
    ]
}

/// All files below `dir` that hold one of `names`, also compressed, whatever the case of letters.
fn holding(dir: &Path, names: &[&str]) -> Vec<(PathBuf, String)> {
    let needles: Vec<String> =
        names.iter().flat_map(|name| spellings(name)).map(|text| text.to_lowercase()).collect();
    let mut found = Vec::new();
    for file in walkdir::WalkDir::new(dir).into_iter().filter_map(Result::ok) {
        let Ok(mut bytes) = fs::read(file.path()) else { continue };
        if file.path().extension().is_some_and(|extension| extension == "gz") {
            let mut text = Vec::new();
            flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut text).expect("whole");
            bytes = text;
        }
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        let held = needles.iter().find(|needle| text.contains(*needle));
        found.extend(held.map(|needle| (file.path().to_owned(), needle.clone())));
    }
    found
}

/// A visit that shares no id with any other.
const OF_GRACE: &[u8] = br#"{"event":"meeting.participant_joined","event_ts":1,"payload":{"object":{"uuid":"quiet","id":"9","participant":{"user_id":"g","participant_uuid":"g","user_name":"Grace","join_time":"2026-03-14T09:00:00Z"}}}}"#;

/// Something that names one of `names`, or somebody else.
fn body(rng: &mut Rng, names: &[&str], number: usize) -> Vec<u8> {
    let mut pick = vec!["Somebody Else", "Grace"];
    pick.extend(names);
    let name = *rng.pick(&pick);
    let spelling = rng.pick(&spellings(name)).clone();
    let quoted = serde_json::to_string(name).expect("any text can be written");
    let (id, room) = (rng.below(9), rng.below(2));
    let time = format!("2026-03-14T{:02}:{:02}:{:02}Z", 10 + number / 60 % 9, number % 60, id);
    let kinds = [
        ("joined", "join_time"),
        ("left", "leave_time"),
        ("joined_waiting_room", "date_time"),
        ("jbh_waiting", "date_time"),
    ];
    let (kind, key) = *rng.pick(&kinds);
    let words = "word ".repeat(rng.below(200));
    let object = match rng.below(10) {
        0 => format!(
            r#""topic":{}"#,
            serde_json::to_string(&format!("{name}'s meeting {words}")).expect("text")
        ),
        1 => format!(r#""join_url":"https://a.example/{number}?n={}""#, spellings(name)[4]),
        2 => {
            let (first, last) = name.split_once(' ').unwrap_or((name, ""));
            let [first, last] =
                [first, last].map(|text| serde_json::to_string(text).expect("text"));
            format!(
                r#""registrant":{{"first_name":{first},"last_name":{last},"address":"{words}"}}"#
            )
        }
        3 => format!(
            r#""note":{}"#,
            serde_json::to_string(&format!("{{\"a\":{quoted}}}")).expect("text")
        ),
        _ => {
            let name = if spelling.starts_with('\\') { format!("\"{spelling}\"") } else { quoted };
            format!(
                r#""id":"{room}","participant":{{"user_id":"{id}","participant_uuid":"{id}-{number}","user_name":{name},"{key}":"{time}","note":"{words}"}}"#
            )
        }
    };
    let event = format!(
        r#"{{"event":"meeting.participant_{kind}","event_ts":{number},"payload":{{"object":{{"uuid":"m{room}",{object}}}}}}}"#
    );
    match rng.below(8) {
        0 => [event.as_bytes(), b"\xff", spelling.as_bytes()].concat(),
        1 => event.replacen('{', r#"{"event":"twice","#, 1).into_bytes(),
        _ => event.into_bytes(),
    }
}

/// Begins a command and kills it, or lets it end if it was quicker.
fn begin_and_kill(lookout: &Lookout, rng: &mut Rng, arguments: &[&str]) {
    let mut command = lookout.command(arguments);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut child = child.expect("the program starts");
    thread::sleep(Duration::from_millis(rng.below(60) as u64));
    drop(child.kill());
    drop(child.wait());
}

fn forget(lookout: &Lookout, name: &str) {
    let mut command = lookout.command(&["forget", "--yes", "-"]);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("the program starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(format!("{name}\n").as_bytes()).expect("written");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[track_caller]
fn nobody_is_found(lookout: &Lookout, forgotten: &[&str], seed: u64) {
    let is_gone = || holding(lookout.dir.path(), forgotten).is_empty();
    assert!(until(is_gone), "seed {seed}: {:?}", holding(lookout.dir.path(), forgotten));
}

#[test]
fn after_any_history_no_byte_of_any_file_names_who_was_forgotten() {
    for seed in 0..3 {
        let mut rng = Rng::new(seed);
        let chat = Chat::mattermost();
        chat.always(Answer::Status(503));
        let mut lookout = Lookout::with_settings(&format!(
            "[privacy]\npublish = [\"*\"]\n[csv]\ncopies = [\"copies/table.csv\"]\n\
             [[notify]]\nkind = \"mattermost\"\nurl = \"{}\"\nnames = \"all\"\n\
             events = [\"joined\", \"left\", \"waiting\", \"stranger\"]\n",
            chat.hook()
        ));
        for dir in ["copies", "backups"] {
            fs::create_dir(lookout.path(dir)).expect("made");
        }
        lookout.serve();
        let grace = signed(WEBHOOK, OF_GRACE, now());
        assert_eq!(grace.send(lookout.public()).status, 204);
        let mut number = 0;
        for left in (0..NAMES.len()).rev() {
            let (named, forgotten) = (&NAMES[..=left], &NAMES[left..]);
            for part in 0..3 {
                for _ in 0..20 {
                    number += 1;
                    let body = body(&mut rng, named, number);
                    let request = signed(WEBHOOK, &body, now());
                    assert_eq!(request.send(lookout.public()).status, 204);
                }
                match (part, rng.below(2)) {
                    (0, 0) => drop(lookout.stop()),
                    (0, _) => lookout.kill(),
                    (1, 0) => begin_and_kill(&lookout, &mut rng, &["backup", "backups/a.db"]),
                    (1, _) => begin_and_kill(&lookout, &mut rng, &["backup", "data/a.db"]),
                    _ => begin_and_kill(&lookout, &mut rng, &["build", "--replay"]),
                }
                if part == 0 {
                    lookout.serve();
                }
            }
            if rng.below(2) == 0 {
                lookout.kill();
                begin_and_kill(&lookout, &mut rng, &["forget", "--yes", NAMES[left]]);
                forget(&lookout, NAMES[left]);
                lookout.serve();
            } else {
                forget(&lookout, NAMES[left]);
            }
            // Backups made before are out of reach; the next ones take their places.
            for backup in ["backups/a.db", "data/a.db"] {
                lookout.ok(&["backup", backup]);
            }
            nobody_is_found(&lookout, forgotten, seed);
        }
        lookout.stop();
        nobody_is_found(&lookout, &NAMES, seed);
        assert!(lookout.csv().contains("Grace"), "the others stay");
    }
}

/// What an earlier version, or a kill, left in each directory, with her name.
const LEFT: [&str; 7] = [
    "data/.checkpoint-a1B2c3",
    "data/.backup-a1B2c3",
    "data/.backup-a1B2c3-journal",
    "data/.lookout-checkpoint-a1B2c3/new",
    "data/.lookout-backup-a1B2c3/new",
    "site/.lookout-1-0.tmp",
    "site/lookout/room/.lookout-1-7.tmp",
];

fn leave(lookout: &Lookout) {
    for file in LEFT {
        let path = lookout.path(file);
        fs::create_dir_all(path.parent().expect("there is one")).expect("made");
        fs::write(path, NAMES[1]).expect("written");
    }
}

#[test]
fn what_a_kill_left_goes_at_the_next_start_and_when_somebody_is_forgotten() {
    let mut lookout = Lookout::new();
    let count = |lookout: &Lookout| {
        holding(&lookout.path("data"), &NAMES).len() + holding(&lookout.path("site"), &NAMES).len()
    };
    leave(&lookout);
    lookout.serve();
    assert!(until(|| count(&lookout) <= 1), "{:?}", holding(lookout.dir.path(), &NAMES));
    lookout.stop();
    #[rustfmt::skip]
    let cases = [
        // command                              left
        (["build", "--replay"].as_slice(),      1),
        (&["backup", "data/a.db"],              2),
        (&["forget", "--yes", "Nobody"],        0),
    ];
    for (command, left) in cases {
        leave(&lookout);
        lookout.ok(command);
        assert_eq!(count(&lookout), left, "{command:?}: {:?}", holding(lookout.dir.path(), &NAMES));
    }
}

#[test]
fn what_was_never_published_forgets_as_well() {
    let mut lookout = Lookout::new();
    lookout.intake();
    lookout.stop();
    leave(&lookout);
    lookout.ok(&["forget", "--yes", "Nobody"]);
    assert_eq!(holding(lookout.dir.path(), &NAMES), []);
}

#[test]
fn a_name_on_stdin_is_taken_from_its_first_line_and_the_answer_from_the_second() {
    #[rustfmt::skip]
    let cases = [
        // what is special        arguments                        stdin                 gone     says
        ("answered",              &["forget", "-"][..],            "Ada Byron\ny\n",     true,    "forgotten"),
        ("need not be answered",  &["forget", "--yes", "-"],       "Ada Byron\n",        true,    "forgotten"),
        ("Windows' line end",     &["forget", "-", "--yes"],       "Ada Byron\r\n",      true,    "forgotten"),
        ("refused",               &["forget", "-"],                "Ada Byron\nn\n",     false,   "nothing was removed"),
        ("not answered",          &["forget", "-"],                "Ada Byron\n",        false,   "answer `y` in the second line of stdin, or add `--yes`"),
        ("nothing",               &["forget", "-"],                "",                   false,   "stdin is empty; its first line is the name"),
        ("an empty line",         &["forget", "-"],                "\ny\n",              false,   "the name is empty"),
    ];
    for (what, arguments, stdin, is_gone, says) in cases {
        let lookout = Lookout::new();
        let line = r#"{"event":"meeting.participant_joined","payload":{"object":{"uuid":"m","participant":{"user_id":"1","user_name":"Ada Byron"}}}}"#;
        fs::write(lookout.path("a.jsonl"), line).expect("written");
        lookout.ok(&["import", "a.jsonl"]);
        let mut command = lookout.command(arguments);
        let child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("the program starts");
        let mut input = child.stdin.take().expect("it is piped");
        input.write_all(stdin.as_bytes()).expect("written");
        drop(input);
        let output = child.wait_with_output().expect("it ends");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.success(), is_gone, "{what}: {stderr}");
        assert!(stderr.contains(says), "{what}: {stderr}");
        assert_eq!(lookout.ok(&["export"]).is_empty(), is_gone, "{what}");
    }
}

#[test]
fn what_is_near_to_the_name_is_listed_after_the_question_and_stays() {
    let lookout = Lookout::new();
    let joined = |name: String| {
        let name = serde_json::to_string(&name).expect("any text can be written");
        format!(
            r#"{{"event":"meeting.participant_joined","payload":{{"object":{{"uuid":"m","participant":{{"user_id":{name},"user_name":{name}}}}}}}}}"#
        )
    };
    let names = ["Ada Byron", "Ada Byron - iPhone", "O'Byron, Ada Byron", "Ada Lovelace"]
        .map(str::to_owned);
    let mut lines: Vec<_> =
        names.into_iter().chain((10..32).map(|n| format!("ada byron {n}"))).map(joined).collect();
    lines.push(
        r#"{"event":"recording.completed","payload":{"object":{"file":"Ada_Byron.mp4"}}}"#
            .to_owned(),
    );
    fs::write(lookout.path("a.jsonl"), lines.join("\n")).expect("written");
    lookout.ok(&["import", "a.jsonl"]);
    let output = lookout.run(&["forget", "--yes", "Ada Byron"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert_eq!(lookout.ok(&["export"]).lines().count(), lines.len() - 1);
    let listed = stderr.split_once("stored again\n").expect("it ends so").1;
    assert!(listed.contains("lookout forget 'Ada Byron - iPhone'\n"), "{listed}");
    assert!(listed.contains(r"lookout forget 'O'\''Byron, Ada Byron'"), "{listed}");
    assert!(listed.contains("  and 5 more") && !listed.contains("Lovelace"), "{listed}");
    lookout.ok(&["forget", "--yes", "Ada_Byron"]);
    assert!(!lookout.ok(&["export"]).contains("mp4"));
}

#[test]
fn what_is_near_to_the_name_is_listed_also_where_only_the_store_has_it() {
    let mut lookout = Lookout::new();
    lookout.serve();
    for name in [NAMES[1], "ada byron (2)", "Grace"] {
        let body = format!(
            r#"{{"event":"meeting.participant_joined","event_ts":1,"payload":{{"object":{{"uuid":"m","id":"1","participant":{{"user_id":"{name}","user_name":"{name}","join_time":"2026-03-14T20:00:00Z"}}}}}}}}"#
        );
        assert_eq!(lookout.deliver(body.as_bytes()).status, 204);
    }
    lookout.wait_for("_data/zoom-room-dashboard.csv", |csv| csv.contains("Grace"));
    lookout.stop();
    let journal = rusqlite::Connection::open(lookout.path("data/lookout.db")).expect("it opens");
    let prune = "PRAGMA secure_delete = ON; DELETE FROM events; UPDATE journal SET pruned = 1;";
    journal.execute_batch(prune).expect("pruned");
    drop(journal);

    let output = lookout.run(&["forget", "--yes", NAMES[1]]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("lookout forget 'ada byron (2)'\n"), "{stderr}");
    lookout.ok(&["forget", "--yes", "ada byron (2)"]);
    assert_eq!(holding(lookout.dir.path(), &NAMES), []);
    assert!(lookout.csv().contains("Grace"));
}
