//! Acts as systemd: holds the socket, starts the service and receives its notifications, to test
//! restarts under load.

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use lookout::zoom::Key;

use super::Lookout;
use super::lookout::{PATIENCE, WEBHOOK, now, program, signed, until};

const SENDERS: usize = 4;

/// How many deliveries are acknowledged between two restarts, at least.
const DELIVERIES_PER_LIFE: usize = 10 * SENDERS;

/// The holder of a service's socket.
pub struct Systemd {
    socket: TcpListener,
    pub address: SocketAddr,
    pub lookout: Lookout,
    notifications: UnixDatagram,
}

impl Systemd {
    pub fn new() -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let address = socket.local_addr().expect("bound");
        let lookout = Lookout::new();
        lookout.listen_on(address);
        let notifications = UnixDatagram::bind(lookout.path("notify")).expect("bound");
        notifications.set_read_timeout(Some(PATIENCE)).expect("set");
        Self { socket, address, lookout, notifications }
    }

    /// The program as systemd starts it: with the socket as descriptor 3.
    pub fn service(&self) -> Command {
        let socket = OwnedFd::from(self.socket.try_clone().expect("cloned"));
        let hand_over =
            "exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ WATCHDOG_PID=$$ exec \"$0\" serve";
        let mut command = Command::new("/bin/sh");
        command.args(["-c", hand_over]).arg(program()).current_dir(self.lookout.dir.path());
        command.env_clear().stdin(Stdio::from(socket));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Starts `serve`, and waits until it says that it is ready.
    fn start(&self) -> Child {
        let mut command = self.service();
        command.env("NOTIFY_SOCKET", self.lookout.path("notify")).env("WATCHDOG_USEC", "300000");
        let child = command.spawn().expect("it starts");
        self.hear("READY=1");
        child
    }

    fn stop(&self, mut child: Child) {
        let pid = child.id().to_string();
        let killed = Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs");
        assert!(killed.success());
        self.hear("STOPPING=1");
        // As systemd does, it goes on listening: who is alive says so, and the queue is short.
        self.notifications.set_nonblocking(true).expect("set");
        let has_ended = until(|| {
            while self.notifications.recv(&mut [0; 256]).is_ok() {}
            child.try_wait().expect("it is ours").is_some()
        });
        self.notifications.set_nonblocking(false).expect("set");
        assert!(has_ended, "it goes on");
        assert!(child.wait().expect("it ended").success());
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

    /// Restarts the service `restarts` times under load. Returns the keys of what was acknowledged;
    /// panics if a delivery is refused.
    pub fn restart_under_load(&self, restarts: usize) -> BTreeSet<String> {
        let (over, count) = (AtomicBool::new(false), AtomicUsize::new(0));
        let (acknowledged, service) = thread::scope(|scope| {
            let mut service = self.start();
            let send = |sender: usize| {
                let (over, count) = (&over, &count);
                scope.spawn(move || send_until(over, count, sender, self.address))
            };
            let senders: Vec<_> = (0..SENDERS).map(send).collect();
            for _ in 0..restarts {
                let enough = count.load(Ordering::Relaxed) + DELIVERIES_PER_LIFE;
                let is_enough = || count.load(Ordering::Relaxed) >= enough;
                assert!(until(is_enough), "deliveries are acknowledged");
                self.stop(service);
                // Now only the kernel holds the socket.
                service = self.start();
            }
            over.store(true, Ordering::Relaxed);
            let keys =
                senders.into_iter().flat_map(|sender| sender.join().expect("nobody was refused"));
            (keys.collect(), service)
        });
        self.hear("WATCHDOG=1");
        self.stop(service);
        acknowledged
    }
}

/// Delivers one event after the other until `over`, and counts them. Returns their keys; panics
/// if one is not acknowledged.
fn send_until(
    over: &AtomicBool,
    count: &AtomicUsize,
    sender: usize,
    address: SocketAddr,
) -> Vec<String> {
    let mut keys = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let (at, name) = (lookout::time::clock::now_ms(), format!("{sender}-{}", keys.len()));
        let body = format!(
            r#"{{"event":"meeting.participant_joined","event_ts":{at},"payload":{{"object":{{"uuid":"m","id":"1","participant":{{"user_id":"{name}","user_name":"{name}"}}}}}}}}"#
        );
        let body = body.as_bytes();
        let reply = signed(WEBHOOK, body, now()).try_send(address);
        let reply = reply.unwrap_or_else(|error| panic!("delivery {}: {error}", keys.len()));
        assert_eq!(reply.status, 204);
        count.fetch_add(1, Ordering::Relaxed);
        keys.push(Key::of(body).to_string());
    }
    keys
}
