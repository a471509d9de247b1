//! The log, `check` and `notify --test` explain why a chat does not respond. Real sockets, and a real
//! nginx with broken certificates.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::thread;
use std::time::Duration;

use lookout::config::Secret;
use lookout::notify::Service;
use lookout::notify::answer::Outcome;
use lookout::notify::client::ChatClient;
use tempfile::TempDir;

use super::harness::hook;
use super::messages::{attempt, encoder, lounge, messages, people};
use super::program::{body, deliver, lookout};
use crate::support::chat::{Answer, Chat};
use crate::support::lookout::{program, until};
use crate::support::nginx::{free_address, make_certificate};
use crate::support::tls::{TlsFront, make_authority, sign};

const UNTRUSTED: &str = "this machine does not trust the authority of its certificate; add the authority with \
     `update-ca-certificates` and restart Lookout, or have the server send the whole chain";

/// Each kind of certificate: its file, and the message.
const CERTIFICATES: [(&str, &str); 5] = [
    ("good", "the sample was taken"),
    ("old", "its certificate has expired; have it renewed, or set this machine's clock"),
    ("new", "its certificate is not valid yet; is this machine's clock right?"),
    ("other", "its certificate is for another name; correct the address, or have one made for it"),
    ("localhost", UNTRUSTED),
];

/// Creates these certificates, each with its own server in front of `chat`.
fn fronts(dir: &Path, chat: &Chat) -> (TlsFront, Vec<SocketAddr>) {
    make_authority(dir);
    sign(dir, "good", "localhost", "20200101000000Z", "20491231000000Z");
    sign(dir, "old", "localhost", "20200101000000Z", "20200201000000Z");
    sign(dir, "new", "localhost", "20480101000000Z", "20491231000000Z");
    sign(dir, "other", "other.example", "20200101000000Z", "20491231000000Z");
    make_certificate(dir, "localhost");
    let sites = CERTIFICATES.map(|(file, _)| (file, free_address()));
    let nginx = TlsFront::start(dir, &sites, &chat.address().to_string());
    (nginx, sites.map(|(_, address)| address).to_vec())
}

/// The URL of the webhook of `chat` through the server at `address`.
fn behind(address: SocketAddr, chat: &Chat) -> String {
    let path = chat.hook().replace(&chat.server_url(), "");
    format!("https://localhost:{}{path}", address.port())
}

#[test]
fn a_test_names_what_is_wrong_with_a_certificate() {
    let (dir, chat) = (TempDir::new().expect("a temporary directory"), Chat::mattermost());
    let (_nginx, addresses) = fronts(dir.path(), &chat);
    let targets = addresses.iter().map(|address| hook("mattermost", &behind(*address, &chat)));
    let lookout = lookout(&targets.collect::<String>());
    let mut test = lookout.command(&["notify", "--test"]);
    let output = test.env("SSL_CERT_FILE", dir.path().join("ca.pem")).output();
    let said = String::from_utf8(output.expect("it starts").stdout).expect("UTF-8");
    assert_eq!(said.lines().count(), CERTIFICATES.len(), "{said}");
    for (line, (file, expected)) in said.lines().zip(CERTIFICATES) {
        let found = line.split_once(" (mattermost at localhost), webhook: ").expect(&said).1;
        assert_eq!(found, expected, "{file}");
    }
}

#[test]
fn where_the_system_has_no_authorities_those_in_the_program_are_trusted() {
    let (dir, chat) = (TempDir::new().expect("a temporary directory"), Chat::mattermost());
    let (_nginx, addresses) = fronts(dir.path(), &chat);
    let lookout = lookout(&hook("mattermost", &behind(addresses[0], &chat)));
    let (empty, missing) = (dir.path().join("empty"), dir.path().join("missing"));
    std::fs::create_dir(&empty).expect("created");
    let unreadable = "the certificates of authorities in `SSL_CERT_FILE` or `SSL_CERT_DIR` cannot be read; \
         correct that, and restart Lookout";
    #[rustfmt::skip]
    let cases = [
        // what is special             variable         value     said
        ("none, so not the test's own", "SSL_CERT_DIR",  &empty,   UNTRUSTED),
        ("named, but not there",        "SSL_CERT_FILE", &missing, unreadable),
    ];
    for (what, variable, value, expected) in cases {
        let mut test = lookout.command(&["notify", "--test"]);
        let output = test.env(variable, value).output().expect("it starts");
        let said =
            String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(expected), "{what}: {said}");
    }
}

#[test]
fn the_log_and_check_name_what_is_wrong_with_a_certificate() {
    let (dir, chat) = (TempDir::new().expect("a temporary directory"), Chat::mattermost());
    let (_nginx, addresses) = fronts(dir.path(), &chat);
    let untrusted = behind(addresses[4], &chat);
    let mut lookout = lookout(&hook("mattermost", &untrusted));
    lookout.run_instead(vec![
        "env".into(),
        format!("SSL_CERT_FILE={}", dir.path().join("ca.pem").display()).into(),
        program().into(),
    ]);
    lookout.serve();
    lookout.wait_for_chats();
    deliver(&lookout, &body("joined", "Ada"));
    let check = || String::from_utf8(lookout.run(&["check"]).stdout).expect("UTF-8");
    let line = |said: &str| {
        let line = said.lines().find(|line| line.contains(" notify "));
        line.map(str::to_owned).unwrap_or_default()
    };
    assert!(until(|| line(&check()).contains(UNTRUSTED)), "{}", check());
    let log = lookout.stop();
    let logged = format!("messages wait for the next attempt: {UNTRUSTED}");
    assert_eq!(log.matches(&logged).count(), 1, "{log}");
    let secret = untrusted.rsplit('/').next().expect("it has a path");
    assert!(!log.contains(secret), "{log}");
}

/// A server that responds with `bytes` to everything.
fn server_saying(bytes: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it listens");
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            // A client that disconnects is no error.
            let mut request = [0; 4096];
            drop(stream.read(&mut request));
            drop(stream.write_all(bytes));
        }
    });
    address
}

#[test]
fn each_kind_of_failure_has_its_message() {
    let hangs = Chat::mattermost();
    hangs.always(Answer::Hangs);
    let closes = Chat::mattermost();
    closes.always(Answer::Closes);
    let breaks_off = Chat::mattermost();
    breaks_off.always(Answer::ClosesHalfway);
    let web = server_saying(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
    let tls = server_saying(b"\x15\x03\x01\x00\x02\x02\x46");
    let no_name = format!("http://{}.invalid/hook", "a".repeat(64));
    #[rustfmt::skip]
    let cases = [
        // what is special         address                                 said
        ("nothing listens",        format!("http://{}/", free_address()),  "nothing listens there; is the address right, and the server up?"),
        ("no such name",           no_name,                                "its name cannot be looked up; is the address right, and does this machine's DNS work?"),
        ("no answer",              hangs.hook(),                           "no answer in time; is the server up, or a firewall in between?"),
        ("it closes",              closes.hook(),                          "the connection was closed before the answer came"),
        ("… in the answer",        breaks_off.hook(),                      "the connection was closed before the answer came"),
        ("TLS to a web server",    format!("https://{web}/"),              "it does not speak TLS; is it `http://`, or another port?"),
        ("HTTP to one with TLS",   format!("http://{tls}/"),               "it does not answer in HTTP; is it `https://`, or another port?"),
    ];
    let runtime = tokio::runtime::Runtime::new().expect("it starts");
    for (what, address, said) in cases {
        let secret = Secret::new(&address).expect("not empty");
        // Only the server that hangs may run into the time-out, even on a slow machine.
        let request_timeout = Duration::from_secs(if what == "no answer" { 1 } else { 60 });
        let service = Service::mattermost_webhook(&secret).expect(what);
        let client = ChatClient::new(service.clone(), request_timeout).expect(what);
        let (_, message) = messages(&lounge(), &people(1), 0).remove(0);
        let request = encoder(service, "en").message(&message, &attempt());
        let outcome = runtime.block_on(client.send(request.expect(what)));
        assert_eq!(outcome, Outcome::NoAnswer(said.to_owned()), "{what}");
    }
}
