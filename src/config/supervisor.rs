//! What a supervisor such as systemd hands over in the environment, and what it is told.
//!
//! It may hold the listening sockets while Lookout is restarted: connections then wait in
//! the socket's queue, so nobody is refused. And it may want to know when Lookout is ready,
//! and that it is alive. Without a supervisor all of this is nothing.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use listenfd::ListenFd;
use sd_notify::NotifyState;

use super::problem::SettingsError;

/// Whoever started this process.
#[derive(Debug, Default)]
pub struct Supervisor {
    sockets: Vec<(SocketAddr, TcpListener)>,
}

impl Supervisor {
    /// Takes the sockets that were handed to this process; to be called once.
    ///
    /// # Errors
    ///
    /// Something else than a listening TCP socket was handed over.
    pub fn from_process() -> io::Result<Self> {
        let mut handed = ListenFd::from_env();
        let mut sockets = Vec::new();
        for index in 0..handed.len() {
            if let Some(socket) = handed.take_tcp_listener(index)? {
                sockets.push((socket.local_addr()?, socket));
            }
        }
        Ok(Self { sockets })
    }

    /// The socket that listens on `address`, if it was handed over.
    pub fn socket(&mut self, address: SocketAddr) -> Option<TcpListener> {
        let found = self.sockets.iter().position(|(bound, _)| *bound == address)?;
        Some(self.sockets.swap_remove(found).1)
    }

    /// Refuses a socket that nobody took: who connects to it would wait for ever.
    pub fn refuse_other_sockets(&self) -> Result<(), SettingsError> {
        let Some((address, _)) = self.sockets.first() else { return Ok(()) };
        let problem = format!(
            "systemd listens on `{address}`, which no setting names; write `lookout.socket` anew with \
             `lookout print systemd --socket`"
        );
        Err(SettingsError::of("zoom.listen", problem))
    }

    /// Tells that everything is listening, and from now on, where that is wanted, that we are
    /// alive: a runtime that hangs does not say so, and is started anew.
    pub fn ready(&self) {
        tell(NotifyState::Ready);
        if let Some(patience) = sd_notify::watchdog_enabled() {
            tokio::spawn(live(patience / 3));
        }
    }

    /// Tells that we end because we were asked to.
    pub fn stopping(&self) {
        tell(NotifyState::Stopping);
    }
}

async fn live(every: Duration) {
    let mut ticks = tokio::time::interval(every);
    loop {
        ticks.tick().await;
        tell(NotifyState::Watchdog);
    }
}

/// Where nobody listens this does nothing; where it fails, systemd soon says so itself.
fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!("cannot tell systemd how we are: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_taken_once_by_the_address_it_listens_on() {
        let socket = TcpListener::bind("127.0.0.1:0").expect("bound");
        let address = socket.local_addr().expect("bound");
        let other = SocketAddr::new(address.ip(), address.port() ^ 1);
        let mut supervisor = Supervisor { sockets: vec![(address, socket)] };
        assert!(supervisor.socket(other).is_none());
        let error = supervisor.refuse_other_sockets().expect_err("one is left").to_string();
        assert!(error.contains("lookout print systemd --socket"), "{error}");
        assert!(supervisor.socket(address).is_some());
        assert!(supervisor.socket(address).is_none());
        supervisor.refuse_other_sockets().expect("none is left");
    }
}
