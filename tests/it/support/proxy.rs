//! A wire between Lookout and MongoDB that can be cut in every way.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use nix::libc::linger;
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::Linger;

/// What the wire does to what passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    Works,
    /// Connections are reset as soon as they are made, and those there are now.
    Resets,
    /// Nothing passes, nobody is told.
    Swallows,
    /// Every answer takes so much longer.
    Delays(Duration),
}

/// A proxy on a port of its own.
pub struct Proxy {
    pub address: SocketAddr,
    wire: Arc<Mutex<Wire>>,
}

impl Proxy {
    pub fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let wire = Arc::new(Mutex::new(Wire::Works));
        let shared = Arc::clone(&wire);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(server) else { continue };
                pass(&client, &server, Way::There, &shared);
                pass(&server, &client, Way::Back, &shared);
            }
        });
        Self { address, wire }
    }

    pub fn set(&self, wire: Wire) {
        *self.wire.lock().expect("nobody panicked") = wire;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    There,
    Back,
}

/// Passes on what `from` sends, in a thread of its own.
fn pass(from: &TcpStream, to: &TcpStream, way: Way, wire: &Arc<Mutex<Wire>>) {
    let mut from = from.try_clone().expect("a socket");
    let mut to = to.try_clone().expect("a socket");
    let wire = Arc::clone(wire);
    from.set_read_timeout(Some(Duration::from_millis(50))).expect("set");
    thread::spawn(move || {
        let mut bytes = [0; 1 << 16];
        loop {
            let read = from.read(&mut bytes);
            let now = *wire.lock().expect("nobody panicked");
            if now == Wire::Resets {
                return reset_when_closed(&from);
            }
            let read = match read {
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Ok(read) if read > 0 => read,
                _ => break,
            };
            if let (Wire::Delays(delay), Way::Back) = (now, way) {
                thread::sleep(delay);
            }
            if now != Wire::Swallows && to.write_all(&bytes[..read]).is_err() {
                break;
            }
        }
        drop(from.shutdown(Shutdown::Both));
        drop(to.shutdown(Shutdown::Both));
    });
}

/// Once nobody has it any more, the other side is told so rudely.
fn reset_when_closed(socket: &TcpStream) {
    let at_once = linger { l_onoff: 1, l_linger: 0 };
    setsockopt(socket, Linger, &at_once).expect("set");
}
