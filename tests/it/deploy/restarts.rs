//! Restarts under load, with the socket in somebody else's hands as systemd has it.

use crate::support::lookout::until;
use crate::support::systemd::Systemd;

const RESTARTS: usize = 10;

#[test]
fn restarts_refuse_nobody_and_lose_nothing() {
    let systemd = Systemd::new();
    let acknowledged = systemd.restart_under_load(RESTARTS);
    let stored = systemd.lookout.exported_keys();
    println!("{} acknowledged over {RESTARTS} restarts", acknowledged.len());
    assert!(acknowledged.len() > RESTARTS * 4, "there was load");
    assert_eq!(acknowledged.difference(&stored).count(), 0, "lost of {}", acknowledged.len());
}

#[test]
fn a_socket_that_no_setting_names_is_refused() {
    let systemd = Systemd::new();
    let settings = systemd.lookout.path("lookout.toml");
    let text = std::fs::read_to_string(&settings).expect("readable");
    std::fs::write(settings, text.replacen(&systemd.address.to_string(), "127.0.0.1:0", 1))
        .expect("written");
    let mut child = systemd.service().spawn().expect("it starts");
    assert!(until(|| child.try_wait().is_ok_and(|ended| ended.is_some())), "it ends by itself");
    assert_eq!(child.wait().expect("it ended").code(), Some(2));
}
