//! A whole run that says all it can: none of it is a secret.

use std::fs;
use std::process::Output;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::proof::Length;
use crate::support::chat::ntfy::{NTFY_TOKEN, TOPIC};
use crate::support::chat::telegram::{TELEGRAM_CHAT, TELEGRAM_TOKEN};
use crate::support::chat::{Answer, CHANNEL, Chat, TOKEN};
use crate::support::lookout::{WEBHOOK, now, signed, until};
use crate::support::mongod::{Mongod, settings};
use crate::support::nginx::free_address;
use crate::support::{Lookout, Request, SECRET};

/// The password of every user of [`Mongod::with_users`].
const PASSWORD: &str = "hush";

/// The key of the signatures of the webhook.
const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=";

pub fn whole_run(_: Length) -> String {
    let mut said = Said::default();
    for format in ["text", "json"] {
        let mut mongod = Mongod::with_users(&[("writer", "readWrite")]);
        let chats = [
            Chat::mattermost(),
            Chat::mattermost(),
            Chat::telegram(),
            Chat::ntfy(),
            Chat::webhook(),
        ];
        said.secrets =
            [SECRET, PASSWORD, TOKEN, TELEGRAM_TOKEN, NTFY_TOKEN, KEY].map(str::to_owned).into();
        let hooks = [&chats[0], &chats[4]].map(Chat::hook);
        let places = hooks.iter().filter_map(|hook| hook.rsplit('/').next());
        said.secrets.extend(places.map(str::to_owned));
        let mut lookout = Lookout::with_settings(&format!(
            "{}{}",
            settings(&mongod.url_of("writer:hush@")),
            targets(&chats)
        ));
        lookout.listen_on(free_address());
        fs::write(lookout.path("bot"), TOKEN).expect("written");
        let options = ["-vvv", "--log-format", format];
        serve(&mut lookout, &options, &mut mongod, &chats, &mut said);
        run_commands(&lookout, &options, &mut said);
        make_mistakes(&lookout, &options, &mut said);
        for (path, bytes) in lookout.site() {
            said.note(&path.display().to_string(), &String::from_utf8_lossy(&bytes));
        }
    }
    assert!(said.places > 100 && said.bytes > 100_000, "it says a lot: {} bytes", said.bytes);
    format!(
        "{} KiB of logs, errors, output, metrics and site in {} places, at trace level, as text and as JSON: \
         0 hits of tokens, keys, password and hooks, as they are, in base64 or in hexadecimal",
        said.bytes / 1024,
        said.places
    )
}

/// The settings of a hook and a bot of Mattermost, a bot of Telegram, a topic of ntfy, and a webhook.
fn targets([hook, bot, telegram, ntfy, webhook]: &[Chat; 5]) -> String {
    let mattermost = format!(
        "[[notify]]\nkind = \"mattermost\"\nurl = \"{}\"\n[[notify]]\nkind = \"mattermost\"\n\
         bot_token_file = \"bot\"\nserver_url = \"{}\"\nchannel_id = \"{CHANNEL}\"\n",
        hook.hook(),
        bot.server_url(),
    );
    let others = format!(
        "[[notify]]\nkind = \"telegram\"\nbot_token = \"{TELEGRAM_TOKEN}\"\nserver_url = \"{}\"\n\
         chat = \"{TELEGRAM_CHAT}\"\n[[notify]]\nkind = \"ntfy\"\ntoken = \"{NTFY_TOKEN}\"\n\
         server_url = \"{}\"\ntopic = \"{TOPIC}\"\n[[notify]]\nkind = \"webhook\"\nurl = \"{}\"\n\
         secret = \"{KEY}\"\n",
        telegram.server_url(),
        ntfy.server_url(),
        webhook.hook(),
    );
    mattermost + &others
}

/// A `serve` through good and bad times.
fn serve(
    lookout: &mut Lookout,
    options: &[&str],
    mongod: &mut Mongod,
    chats: &[Chat; 5],
    said: &mut Said,
) {
    lookout.serve_with(options);
    // Chats are silent about what was before their first look.
    lookout.wait_for_chats();
    let come = |name: &str| assert_eq!(lookout.deliver(join(name).as_bytes()).status, 204);
    come("Ada");
    chats.iter().for_each(|chat| drop(chat.wait_for_requests(1)));
    let is_shipped = || lookout.exported_lines(&["--from", "archive"]).len() == 1;
    assert!(until(is_shipped), "{}", lookout.log());
    for answer in [Answer::Status(503), Answer::Closes, Answer::Status(403)] {
        for chat in chats {
            chat.always(answer);
        }
        come(&format!("{answer:?}"));
        let heard = chats.each_ref().map(|chat| chat.heard().len());
        chats.iter().zip(heard).for_each(|(chat, heard)| drop(chat.wait_for_requests(heard + 1)));
    }
    mongod.kill();
    come("Grace");
    let address = lookout.public();
    Request::post(WEBHOOK, b"{}").header("x-zm-signature", "v0=00").send(address);
    signed(WEBHOOK, b"{}", now() - 4_000).send(address);
    lookout.deliver(br#"{"event":"endpoint.url_validation","payload":{"plainToken":"x"}}"#);
    lookout.deliver(b"no event at all");
    for path in ["/metrics", "/readyz", "/healthz"] {
        said.note(path, &Request::get(path).send(lookout.admin()).text());
    }
    mongod.run();
    let log = lookout.stop();
    assert!(log.contains("TRACE"), "the log says all: {log:.300}");
    said.note("the log of serve", &log);
}

/// Every command that says something of the settings.
fn run_commands(lookout: &Lookout, options: &[&str], said: &mut Said) {
    let commands: [&[&str]; 13] = [
        &["check"],
        &["build"],
        &["build", "--model"],
        &["build", "--json", "--replay"],
        &["export"],
        &["export", "--from", "archive"],
        &["notify", "--test"],
        &["print", "config"],
        &["print", "nginx"],
        &["print", "systemd"],
        &["backup", "backup.db"],
        &["forget", "Ada", "--yes"],
        &["import", "nothing.jsonl"],
    ];
    for command in commands {
        let output = lookout.run(&[options, command].concat());
        said.note_output(&command.join(" "), &output);
    }
}

/// Settings that are wrong, one after the other, in the place of those that are right.
fn make_mistakes(lookout: &Lookout, options: &[&str], said: &mut Said) {
    let path = lookout.path("lookout.toml");
    let right = fs::read_to_string(&path).expect("readable");
    #[rustfmt::skip]
    let mistakes = [
        // what is wrong                   from                             to
        ("a misspelt key",                 "secret_token = ",               "secret_tokn = "),
        ("no closing quote",               "with-this\"",                   "with-this"),
        ("a number in the list",           "\"the-tests-sign-with-this\"",  "[\"the-tests-sign-with-this\", 7]"),
        ("a table",                        "\"the-tests-sign-with-this\"",  "{ a = \"the-tests-sign-with-this\" }"),
        ("no such section",                "[zoom]",                        "[zom]"),
        ("a port of MongoDB that is none", "mongodb://",                    "mongodb://x:99999,"),
        ("another scheme of MongoDB",      "mongodb://",                    "mongo://"),
        ("a password that is wrong",       ":hush@",                        ":hush%zz@"),
        ("a hook without a scheme",        "url = \"http://",               "url = \"//"),
        ("a hook of another scheme",       "url = \"http://",               "url = \"ftp://"),
        ("a hook where no number is",      "url = \"http://",               "max_body = \"http://"),
        ("a chat of no kind",              "kind = \"mattermost\"",         "kind = \"matrmost\""),
        ("no file of the bot",             "bot_token_file = \"bot\"",      "bot_token_file = \"no-bot\""),
    ];
    for (what, from, to) in mistakes {
        let wrong = right.replacen(from, to, 1);
        assert_ne!(wrong, right, "{what}");
        fs::write(&path, wrong).expect("written");
        for command in ["check", "build"] {
            let output = lookout.run(&[options, &[command]].concat());
            said.note_output(what, &output);
        }
    }
    fs::write(&path, right).expect("written");
}

/// What was said, and what should never be.
#[derive(Default)]
struct Said {
    secrets: Vec<String>,
    bytes: usize,
    places: usize,
}

impl Said {
    #[track_caller]
    fn note(&mut self, place: &str, text: &str) {
        self.bytes += text.len();
        self.places += 1;
        for secret in &self.secrets {
            let base64 = BASE64.encode(secret);
            // The last letters of base64 depend on what follows.
            let forms = [secret.clone(), base64[..secret.len()].to_owned(), hex::encode(secret)];
            for form in forms {
                let line = text.lines().find(|line| line.contains(&form));
                assert!(line.is_none(), "{place} says `{form}`: {}", line.unwrap_or_default());
            }
        }
    }

    #[track_caller]
    fn note_output(&mut self, place: &str, output: &Output) {
        for text in [&output.stdout, &output.stderr] {
            self.note(place, &String::from_utf8_lossy(text));
        }
    }
}

/// Somebody joins now.
fn join(name: &str) -> String {
    let now = lookout::time::clock::now();
    format!(
        r#"{{"event":"meeting.participant_joined","event_ts":1,"payload":{{"object":{{"uuid":"m","id":"1","participant":{{"user_id":"{name}","user_name":"{name}","join_time":"{now}"}}}}}}}}"#
    )
}
