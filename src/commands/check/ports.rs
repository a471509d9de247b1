//! The two addresses: free, ours already, or somebody else's.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{Context, Line};

/// On this machine an answer takes no longer.
const PATIENCE: Duration = Duration::from_secs(1);

/// Examines where `serve` listens, or would.
pub(super) fn check(context: &Context<'_>) -> Vec<Line> {
    let settings = context.settings;
    let (public, admin) = (settings.zoom.listen, settings.admin.listen);
    match health(admin) {
        Some(Health::Ready) => {
            vec![Line::fine("ports", format!("Lookout is running; its health is at {admin}"))]
        }
        Some(Health::NotReady(why)) => {
            let text = format!("Lookout is running at {admin} and not ready: {why}");
            vec![Line::wrong("ports", text)]
        }
        None => [(public, "zoom.listen"), (admin, "admin.listen")]
            .map(|(address, key)| port(address, key))
            .into(),
    }
}

enum Health {
    Ready,
    NotReady(String),
}

/// What a running Lookout says of itself at `admin`; `None` where there is none.
fn health(admin: SocketAddr) -> Option<Health> {
    let alive = get(admin, "/healthz")?;
    if !alive.ends_with("\r\n\r\nok\n") {
        return None;
    }
    let ready = get(admin, "/readyz")?;
    let (head, body) = ready.split_once("\r\n\r\n")?;
    if head.starts_with("HTTP/1.1 200") {
        return Some(Health::Ready);
    }
    let body: serde_json::Value = serde_json::from_str(body).ok()?;
    let reasons = body["reasons"].as_array()?.iter().filter_map(|reason| reason["why"].as_str());
    Some(Health::NotReady(reasons.collect::<Vec<_>>().join("; ")))
}

fn get(address: SocketAddr, path: &str) -> Option<String> {
    if address.port() == 0 {
        return None;
    }
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").ok()?;
    let mut reply = Vec::new();
    stream.take(64 << 10).read_to_end(&mut reply).ok()?;
    String::from_utf8(reply).ok()
}

fn port(address: SocketAddr, key: &str) -> Line {
    let fault = match TcpListener::bind(address) {
        Ok(_) => return Line::fine("ports", format!("{address} is free for `{key}`")),
        Err(error) => error,
    };
    if fault.kind() == ErrorKind::AddrInUse && is_held_by_systemd(address) {
        let text = format!(
            "systemd holds {address} for Lookout, which does not run; `systemctl status lookout` says why"
        );
        return Line::look("ports", text);
    }
    let text = match fault.kind() {
        ErrorKind::AddrInUse => {
            format!("something else listens on {address}; stop it, or change `{key}`")
        }
        ErrorKind::AddrNotAvailable => {
            format!("{address} is no address of this machine; change `{key}`")
        }
        ErrorKind::PermissionDenied => {
            format!("this user may not listen on {address}; use a port from 1024 up in `{key}`")
        }
        _ => format!("cannot listen on {address}: {fault}; change `{key}`"),
    };
    Line::wrong("ports", text)
}

/// Whether the socket unit waits there: it does while the service is stopped, or fails.
fn is_held_by_systemd(address: SocketAddr) -> bool {
    let mut command = Command::new("systemctl");
    command.args(["show", "--property=ActiveState,Listen", "lookout.socket"]);
    let Ok(output) = command.stdin(Stdio::null()).stderr(Stdio::null()).output() else {
        return false;
    };
    let said = String::from_utf8_lossy(&output.stdout);
    let has = |line: String| said.lines().any(|said| said == line);
    has("ActiveState=active".to_owned()) && has(format!("Listen={address} (Stream)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_free_or_it_is_said_who_keeps_it() {
        let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = |text: &str| text.parse().expect("an address");
        let in_use = taken.local_addr().expect("it listens");
        #[rustfmt::skip]
        let cases = [
            // what is special    address                    line
            ("any",               address("127.0.0.1:0"),    "✓ ports     127.0.0.1:0 is free for `zoom.listen`".to_owned()),
            ("taken",             in_use,                    format!("✗ ports     something else listens on {in_use}; stop it, or change `zoom.listen`")),
            ("not ours",          address("192.0.2.1:8787"), "✗ ports     192.0.2.1:8787 is no address of this machine; change `zoom.listen`".to_owned()),
        ];
        for (what, address, expected) in cases {
            assert_eq!(port(address, "zoom.listen").to_string(), expected, "{what}");
        }
    }
}
