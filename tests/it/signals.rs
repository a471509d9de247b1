//! SIGTERM during the start: systemd, a container or a deployment may change its mind at once.

use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};

use crate::support::Lookout;
use crate::support::lookout::until;
use crate::support::nginx::free_address;

/// Attempts for each command: the signal meets the start at a different point each time.
const ATTEMPTS: usize = 5;

/// Starts a command that listens on `address`, sends SIGTERM as soon as the port is open, and
/// returns how it ended and what it logged.
#[track_caller]
fn terminated_at_once(
    lookout: &Lookout,
    arguments: &[&str],
    address: SocketAddr,
) -> (bool, String) {
    let mut command = lookout.command(arguments);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut child = Stopped(child.expect("the program starts"));
    assert!(until(|| TcpStream::connect(address).is_ok()), "{arguments:?} never listened");
    let pid = child.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs").success());
    let mut log = String::new();
    let mut stderr = child.0.stderr.take().expect("it is piped");
    std::io::Read::read_to_string(&mut stderr, &mut log).expect("UTF-8");
    (child.0.wait().expect("it ends").success(), log)
}

/// A process that ends with the test.
struct Stopped(Child);

impl Drop for Stopped {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn sigterm_as_soon_as_the_port_is_open_stops_every_long_running_command_in_order() {
    let chat = "[[notify]]\nkind = \"mattermost\"\nurl = \"http://127.0.0.1:9/hooks/none\"\n";
    for _ in 0..ATTEMPTS {
        let (public, admin) = (free_address(), free_address());
        let lookout = Lookout::with_settings(chat);
        let settings = std::fs::read_to_string(lookout.path("lookout.toml")).expect("readable");
        let settings = settings.replacen("127.0.0.1:0", &public.to_string(), 1);
        let settings = settings.replacen("127.0.0.1:0", &admin.to_string(), 1);
        std::fs::write(lookout.path("lookout.toml"), settings).expect("written");
        let there = public.to_string();
        #[rustfmt::skip]
        let commands: [(&[&str], SocketAddr); 5] = [
            (&["serve"],                         public),
            (&["intake"],                        public),
            (&["watch", "--preview", &there],    public),
            (&["notify"],                        admin),
            (&["demo", "--listen", &there],      public),
        ];
        for (arguments, address) in commands {
            let (is_orderly, log) = terminated_at_once(&lookout, arguments, address);
            assert!(is_orderly, "{arguments:?} did not end in order: {log}");
        }
    }
}
