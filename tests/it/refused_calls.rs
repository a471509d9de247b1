//! System calls that a file system or a container refuses.

use std::ffi::OsString;
use std::fs;

use crate::support::Lookout;

const PAGE: &str = "lookout/index.html";

/// From now on `lookout` runs with what `options` of `strace` inject.
fn inject(lookout: &mut Lookout, options: &[&str]) {
    let program = crate::support::lookout::program();
    let strace = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "signal=none"];
    let command = strace.iter().chain(options).map(OsString::from);
    lookout.run_instead(command.chain([program.into()]).collect());
}

#[test]
fn what_can_be_watched_counts_at_once_although_something_else_cannot() {
    let mut lookout = Lookout::new();
    let templates = lookout.path("templates");
    fs::create_dir(&templates).expect("made");
    let templates = templates.display().to_string();
    let call = "inotify_add_watch";
    let fault = format!("inject={call}:error=ENOSPC");
    inject(&mut lookout, &["-P", &templates, "-e", &format!("trace={call}"), "-e", &fault]);
    lookout.serve();
    lookout.wait_for(PAGE, |page| page.contains("</html>"));
    let settings = fs::read_to_string(lookout.path("lookout.toml")).expect("readable");
    let titled = format!("{settings}[site]\ntitle = \"Lounge\"\n");
    fs::write(lookout.path("lookout.toml"), titled).expect("written");
    lookout.wait_for(PAGE, |page| page.contains("<title>Lounge"));
    let log = lookout.stop();
    let said = "some changes of settings and templates count only after up to 30 s";
    assert_eq!(log.matches(said).count(), 1, "{log}");
}

#[test]
fn without_any_notification_of_changes_it_serves_and_says_when_they_count() {
    let mut lookout = Lookout::new();
    inject(&mut lookout, &["-e", "inject=inotify_init1:error=EMFILE"]);
    lookout.serve();
    lookout.wait_for(PAGE, |page| page.contains("</html>"));
    let log = lookout.stop();
    assert!(log.contains("count after up to 30 s: "), "{log}");
}
