//! A bare HTTP client: a test can send what no library would, and as slowly as it likes.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};

use super::lookout::PATIENCE;

/// A request to be sent on a connection of its own.
pub struct Request<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub headers: Vec<(&'a str, String)>,
    pub body: &'a [u8],
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl<'a> Request<'a> {
    pub fn get(path: &'a str) -> Self {
        Self { method: "GET", path, headers: Vec::new(), body: b"" }
    }

    pub fn post(path: &'a str, body: &'a [u8]) -> Self {
        Self { method: "POST", path, headers: Vec::new(), body }
    }

    pub fn header(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sends it and reads the reply to its end.
    #[track_caller]
    pub fn send(&self, address: SocketAddr) -> Reply {
        self.try_send(address).expect("an answer")
    }

    pub fn try_send(&self, address: SocketAddr) -> io::Result<Reply> {
        self.exchange(connect(address)?, "localhost")
    }

    /// Sends it on `stream` to `host` and reads the reply to its end.
    pub fn exchange(&self, mut stream: impl Read + Write, host: &str) -> io::Result<Reply> {
        let mut head = format!("{} {} HTTP/1.1\r\nconnection: close\r\n", self.method, self.path);
        if !self.headers.iter().any(|(name, _)| *name == "host") {
            head += &format!("host: {host}\r\n");
        }
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        if !self.body.is_empty() || self.method == "POST" {
            head += &format!("content-length: {}\r\n", self.body.len());
        }
        head += "\r\n";
        stream.write_all(head.as_bytes())?;
        stream.write_all(self.body)?;
        read_reply(stream)
    }
}

/// A connection that gives up in the end: a test never hangs.
pub fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Reads until the other side closes.
pub fn read_reply(mut stream: impl Read) -> io::Result<Reply> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let malformed =
        || io::Error::other(format!("no HTTP reply: {:?}", String::from_utf8_lossy(&bytes)));
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").ok_or_else(malformed)?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let status =
        lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    Ok(Reply { status: status.ok_or_else(malformed)?, headers, body: bytes[end + 4..].to_vec() })
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
