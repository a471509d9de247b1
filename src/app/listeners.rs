//! The addresses that the application listens on.

use std::net::SocketAddr;

use anyhow::Result;
use tokio::net::TcpListener;

use crate::config::{Settings, Supervisor};
use crate::server;

/// Listening on an address from the settings failed.
#[derive(Debug, thiserror::Error)]
#[error("{why}; stop what listens there, perhaps another Lookout, or change `{key}`")]
pub struct CannotListen {
    why: String,
    key: &'static str,
}

/// Listens on `zoom.listen` and on `admin.listen`.
pub(super) fn public_and_admin(
    settings: &Settings,
    supervisor: &mut Supervisor,
) -> Result<(TcpListener, TcpListener)> {
    let public = listen(supervisor, settings.zoom.listen, "zoom.listen")?;
    let admin = admin(settings, supervisor)?;
    supervisor.refuse_other_sockets()?;
    Ok((public, admin))
}

/// Listens on `admin.listen`.
pub(super) fn admin(settings: &Settings, supervisor: &mut Supervisor) -> Result<TcpListener> {
    listen(supervisor, settings.admin.listen, "admin.listen")
}

/// Listens on `address`, which the setting `key` names, or takes over the socket that the
/// supervisor holds for it.
fn listen(
    supervisor: &mut Supervisor,
    address: SocketAddr,
    key: &'static str,
) -> Result<TcpListener> {
    if let Some(socket) = supervisor.socket(address) {
        socket.set_nonblocking(true)?;
        return Ok(TcpListener::from_std(socket)?);
    }
    Ok(server::listen(address).map_err(|error| CannotListen { why: format!("{error:#}"), key })?)
}
