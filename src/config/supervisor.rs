//! Sockets from a supervisor such as systemd, and notifications to it.
//!
//! The supervisor may hold the listening sockets while Lookout restarts: connections then wait in
//! the socket's queue and none is refused. It may also ask Lookout to report that it is ready and
//! alive. Without a supervisor, all functions here do nothing.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use listenfd::ListenFd;
use sd_notify::NotifyState;

use super::problem::SettingsError;

/// The supervisor that started this process.
#[derive(Debug, Default)]
pub struct Supervisor {
    sockets: Vec<(SocketAddr, TcpListener)>,
}

impl Supervisor {
    /// Takes the sockets that were passed to this process; call it once.
    ///
    /// # Errors
    ///
    /// A descriptor is not a listening TCP socket.
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

    /// The socket that listens on `address`, if it was passed.
    pub fn socket(&mut self, address: SocketAddr) -> Option<TcpListener> {
        let found = self.sockets.iter().position(|(bound, _)| *bound == address)?;
        Some(self.sockets.swap_remove(found).1)
    }

    /// Fails if a socket is unused: its clients would wait for ever.
    pub fn refuse_other_sockets(&self) -> Result<(), SettingsError> {
        let Some((address, _)) = self.sockets.first() else { return Ok(()) };
        let problem = format!(
            "systemd listens on `{address}`, which no setting names; replace `lookout.socket` with the output of \
             `lookout print systemd --socket`"
        );
        Err(SettingsError::of("zoom.listen", problem))
    }

    /// Reports that all sockets listen. If the supervisor has a watchdog, also reports at intervals that
    /// the process is alive; the supervisor restarts a process that stops reporting.
    pub fn ready(&self) {
        notify(NotifyState::Ready);
        if let Some(patience) = sd_notify::watchdog_enabled() {
            tokio::spawn(report_alive(patience / 3));
        }
    }

    /// Reports that the process stops on request.
    pub fn stopping(&self) {
        notify(NotifyState::Stopping);
    }
}

async fn report_alive(every: Duration) {
    let mut ticks = tokio::time::interval(every);
    loop {
        ticks.tick().await;
        notify(NotifyState::Watchdog);
    }
}

/// Sends `state` to the supervisor, if there is one. On failure, systemd itself reports the missing state.
fn notify(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!("cannot notify systemd: {error}");
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
