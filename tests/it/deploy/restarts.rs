//! Restarts under load, with the socket in somebody else's hands as systemd has it.

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use lookout::zoom::Key;

use super::join;
use crate::support::Lookout;
use crate::support::lookout::{WEBHOOK, now, signed, until};

const RESTARTS: usize = 10;
const SENDERS: usize = 4;

/// Plays systemd: holds the socket, starts the service, and hears from it.
struct Systemd {
    socket: TcpListener,
    address: SocketAddr,
    lookout: Lookout,
    notifications: UnixDatagram,
}

impl Systemd {
    fn new() -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let address = socket.local_addr().expect("bound");
        let lookout = Lookout::new();
        lookout.listen_on(address);
        let notifications = UnixDatagram::bind(lookout.path("notify")).expect("bound");
        notifications.set_read_timeout(Some(Duration::from_secs(20))).expect("set");
        Self { socket, address, lookout, notifications }
    }

    /// Starts `serve` with the socket as descriptor 3, and waits until it says that it is ready.
    fn start(&self) -> Child {
        let socket = OwnedFd::from(self.socket.try_clone().expect("cloned"));
        let hand_over =
            "exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ WATCHDOG_PID=$$ exec \"$0\" serve";
        let child = Command::new("/bin/sh")
            .args(["-c", hand_over, env!("CARGO_BIN_EXE_lookout")])
            .current_dir(self.lookout.dir.path())
            .env_clear()
            .env("NOTIFY_SOCKET", self.lookout.path("notify"))
            .env("WATCHDOG_USEC", "300000")
            .stdin(Stdio::from(socket))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        self.hear("READY=1");
        child
    }

    fn stop(&self, mut child: Child) {
        let pid = child.id().to_string();
        let killed = Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs");
        assert!(killed.success());
        self.hear("STOPPING=1");
        assert!(child.wait().expect("it ends").success());
    }

    #[track_caller]
    fn hear(&self, wanted: &str) {
        let mut text = [0; 256];
        loop {
            let length = self.notifications.recv(&mut text).expect("it says how it is");
            if String::from_utf8_lossy(&text[..length]).trim() == wanted {
                return;
            }
        }
    }
}

#[test]
fn restarts_refuse_nobody_and_lose_nothing() {
    let systemd = Systemd::new();
    let over = AtomicBool::new(false);
    let mut service = Some(systemd.start());
    let acknowledged: BTreeSet<String> = thread::scope(|scope| {
        let send = |sender: usize| {
            let (systemd, over) = (&systemd, &over);
            scope.spawn(move || send_until(over, sender, systemd.address))
        };
        let senders: Vec<_> = (0..SENDERS).map(send).collect();
        for _ in 0..RESTARTS {
            thread::sleep(Duration::from_millis(200));
            service.take().into_iter().for_each(|running| systemd.stop(running));
            // Here nobody listens but the kernel.
            service = Some(systemd.start());
        }
        over.store(true, Ordering::Relaxed);
        senders.into_iter().flat_map(|sender| sender.join().expect("nobody was refused")).collect()
    });
    systemd.hear("WATCHDOG=1");
    service.into_iter().for_each(|running| systemd.stop(running));
    let stored = systemd.lookout.exported_keys();
    println!("{} acknowledged over {RESTARTS} restarts", acknowledged.len());
    assert!(acknowledged.len() > RESTARTS * SENDERS, "there was load");
    assert_eq!(acknowledged.difference(&stored).count(), 0, "lost of {}", acknowledged.len());
}

/// Delivers one event after the other; each has to be answered. The keys of all of them.
fn send_until(over: &AtomicBool, sender: usize, address: SocketAddr) -> Vec<String> {
    let mut keys = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let body = join(&format!("{sender}-{}", keys.len()));
        let reply = signed(WEBHOOK, &body, now()).try_send(address);
        let reply = reply.unwrap_or_else(|error| panic!("delivery {}: {error}", keys.len()));
        assert_eq!(reply.status, 204);
        keys.push(Key::of(&body).to_string());
    }
    keys
}

#[test]
fn a_socket_that_no_setting_names_is_refused() {
    let systemd = Systemd::new();
    let settings = systemd.lookout.path("lookout.toml");
    let text = std::fs::read_to_string(&settings).expect("readable");
    std::fs::write(settings, text.replacen(&systemd.address.to_string(), "127.0.0.1:0", 1))
        .expect("written");
    let socket = OwnedFd::from(systemd.socket.try_clone().expect("cloned"));
    let mut child = Command::new("/bin/sh")
        .args([
            "-c",
            "exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" serve",
            env!("CARGO_BIN_EXE_lookout"),
        ])
        .current_dir(systemd.lookout.dir.path())
        .stdin(Stdio::from(socket))
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    assert!(until(|| child.try_wait().is_ok_and(|ended| ended.is_some())), "it ends by itself");
    assert_eq!(child.wait().expect("it ended").code(), Some(2));
}
