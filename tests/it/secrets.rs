//! The token's file as people's editors and shells leave it, and the token in memory.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use crate::support::Lookout;
use crate::support::lookout::{SECRET, program, until};

/// An installation whose token is in a file with these bytes.
fn with_token(bytes: &[u8]) -> Lookout {
    let lookout = Lookout::new();
    let path = lookout.path("lookout.toml");
    let settings = fs::read_to_string(&path).expect("readable");
    let typed = format!("secret_token = \"{SECRET}\"");
    assert!(settings.contains(&typed), "{settings}");
    fs::write(path, settings.replace(&typed, "secret_token_file = \"token\"")).expect("written");
    fs::write(lookout.path("token"), bytes).expect("written");
    lookout
}

#[test]
fn a_token_saved_on_windows_verifies_deliveries() {
    let text = format!("\u{feff}{SECRET}\r\n");
    let utf16 = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (what, bytes) in [("UTF-8", text.into_bytes()), ("UTF-16", utf16)] {
        let mut lookout = with_token(&bytes);
        lookout.serve();
        let body = br#"{"event":"meeting.started","payload":{}}"#;
        assert_eq!(lookout.deliver(body).status, 204, "{what}: {}", lookout.log());
        lookout.stop();
    }
}

#[test]
fn a_token_with_a_stray_character_is_a_settings_error_in_every_command() {
    #[rustfmt::skip]
    let cases = [
        // what is special           file                                      said
        ("quotes",                   format!("\"{SECRET}\"\n").into_bytes(),   "line 1: character 1 is a quotation mark"),
        ("a zero-width space",       format!("{SECRET}\u{200b}\n").into_bytes(), "line 1: character 25 is invisible"),
        ("the second while rotating", format!("{SECRET}\n'new'\n").into_bytes(), "line 2: character 1 is a quotation mark"),
        ("Latin-1",                  [SECRET.as_bytes(), b"\xa0\n"].concat(),  "byte 25 is not UTF-8"),
    ];
    for (what, bytes, said) in cases {
        let lookout = with_token(&bytes);
        for command in ["check", "build", "intake", "serve"] {
            let output = lookout.run(&[command]);
            let shown = [output.stdout, output.stderr].concat();
            let shown = String::from_utf8(shown).expect("UTF-8");
            assert_eq!(output.status.code(), Some(2), "{what}, {command}: {shown}");
            assert!(shown.contains("`zoom.secret_token_file`: `"), "{what}, {command}: {shown}");
            assert!(shown.contains(said), "{what}, {command}: {shown}");
            assert!(!shown.contains(SECRET), "{what}, {command}: {shown}");
        }
    }
}

#[test]
fn what_is_in_memory_is_in_no_dump_and_open_to_no_debugger_of_the_same_user() {
    const USER: u32 = 54_322;
    if fs::metadata("/proc/self").expect("there is one").uid() != 0 {
        eprintln!("skipped: only root can start a program as another user");
        return;
    }
    let mut demo = Command::new(program());
    demo.args(["demo", "--listen", "127.0.0.1:0"]).env_clear().current_dir("/").uid(USER).gid(USER);
    let mut demo = demo.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let process = format!("/proc/{}", demo.id());
    // The kernel gives root what belongs to a process that must not be dumped.
    let is_closed =
        until(|| fs::metadata(format!("{process}/environ")).is_ok_and(|data| data.uid() == 0));
    demo.kill().expect("it runs");
    demo.wait().expect("it ended");
    assert!(is_closed, "`{process}` belongs to the user");
}
