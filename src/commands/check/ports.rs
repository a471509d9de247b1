//! The two addresses that `serve` listens on: free, in use by Lookout, or in use by another program.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{Context, Finding};

/// How long to wait for an answer from this machine.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Checks the addresses that `serve` listens on.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let settings = context.settings;
    let (public, admin) = (settings.zoom.listen, settings.admin.listen);
    match health(admin) {
        Some(Health::Ready) => {
            vec![Finding::ok("ports", format!("Lookout is running; its health is at {admin}"))]
        }
        Some(Health::NotReady(why)) => {
            let text = format!("Lookout is running at {admin} and not ready: {why}");
            vec![Finding::problem("ports", text)]
        }
        None => [(public, "zoom.listen"), (admin, "admin.listen")]
            .map(|(address, key)| port(address, key))
            .into(),
    }
}

/// Reports whether Lookout answers at `admin`. It may be not ready, which a restart would not mend.
pub(super) fn alive(admin: SocketAddr) -> Finding {
    if is_alive(admin) {
        Finding::ok("ports", format!("Lookout is running; its health is at {admin}"))
    } else {
        let text = format!("no Lookout answers at {admin}; `lookout serve` starts it");
        Finding::problem("ports", text)
    }
}

enum Health {
    Ready,
    NotReady(String),
}

/// The health of the Lookout that runs at `admin`; `None` if none does.
fn health(admin: SocketAddr) -> Option<Health> {
    if !is_alive(admin) {
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

fn is_alive(admin: SocketAddr) -> bool {
    get(admin, "/healthz").is_some_and(|answer| answer.ends_with("\r\n\r\nok\n"))
}

fn get(address: SocketAddr, path: &str) -> Option<String> {
    if address.port() == 0 {
        return None;
    }
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT).ok()?;
    stream.set_read_timeout(Some(TIMEOUT)).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").ok()?;
    let mut reply = Vec::new();
    stream.take(64 << 10).read_to_end(&mut reply).ok()?;
    String::from_utf8(reply).ok()
}

fn port(address: SocketAddr, key: &str) -> Finding {
    let fault = match TcpListener::bind(address) {
        Ok(_) => return Finding::ok("ports", format!("{address} is free for `{key}`")),
        Err(error) => error,
    };
    if fault.kind() == ErrorKind::AddrInUse && is_held_by_systemd(address) {
        let text = format!(
            "systemd holds {address} for Lookout, which does not run; `systemctl status lookout` says why"
        );
        return Finding::warning("ports", text);
    }
    let text = match fault.kind() {
        ErrorKind::AddrInUse => {
            format!("something else listens on {address}; stop it, or change `{key}`")
        }
        ErrorKind::AddrNotAvailable => {
            format!("{address} is not an address of this machine; change `{key}`")
        }
        ErrorKind::PermissionDenied => {
            format!("this user may not listen on {address}; use a port from 1024 up in `{key}`")
        }
        _ => format!("cannot listen on {address}: {fault}; change `{key}`"),
    };
    Finding::problem("ports", text)
}

/// Whether the socket unit listens there, as it does while the service is stopped or fails.
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
    fn a_port_is_free_or_the_finding_names_its_user() {
        let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = |text: &str| text.parse().expect("an address");
        let in_use = taken.local_addr().expect("it listens");
        #[rustfmt::skip]
        let cases = [
            // what is special    address                    line
            ("any",               address("127.0.0.1:0"),    "✓ ports     127.0.0.1:0 is free for `zoom.listen`".to_owned()),
            ("taken",             in_use,                    format!("✗ ports     something else listens on {in_use}; stop it, or change `zoom.listen`")),
            ("not ours",          address("192.0.2.1:8787"), "✗ ports     192.0.2.1:8787 is not an address of this machine; change `zoom.listen`".to_owned()),
        ];
        for (what, address, expected) in cases {
            assert_eq!(port(address, "zoom.listen").to_string(), expected, "{what}");
        }
    }
}
