//! HTTP/1.1 by hand, because no server library hangs or breaks off on demand.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::{Answer, Heard, Reply, Service, Shared, error, refusal, too_many};

/// Longer than any request of ours; a service would say 413 long before.
const MAX_BODY: usize = 8 << 20;

/// Serves on a port of its own, each connection in a thread.
pub(super) fn serve(service: Service, shared: Arc<Shared>) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let shared = Arc::clone(&shared);
            // A client that goes away in the middle is nothing to report.
            thread::spawn(move || drop(connection(service, &shared, stream)));
        }
    });
    address
}

/// Answers request after request until the client or the script closes.
fn connection(service: Service, shared: &Shared, stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut output = stream.try_clone()?;
    let mut input = BufReader::new(stream);
    while let Some(mut request) = read(&mut input)? {
        let mut state = shared.lock();
        request.answer = state.script();
        let reply = match request.answer {
            Answer::Usual | Answer::Late(_) | Answer::DoneThenCloses => {
                Some(state.usual(service, &request))
            }
            Answer::Error(text) => Some(error(service, text)),
            Answer::Status(status) => Some(refusal(service, status)),
            Answer::TooMany { retry_after } => Some(too_many(service, Some(retry_after))),
            Answer::TooManyInTwoUnits { header, body } => Some(
                Reply::new(429, format!(r#"{{"retry_after":{body}}}"#))
                    .header("retry-after", header),
            ),
            Answer::TooManyAtUnknownTime => Some(too_many(service, None)),
            Answer::ClosesHalfway => Some(Reply::new(200, "ok, but this is never read to its end")),
            Answer::Hangs | Answer::Closes => None,
        };
        let answer = request.answer;
        let is_last = request.header("connection") == Some("close");
        request.status = reply.as_ref().map(|reply| reply.status);
        state.heard.push(request);
        drop(state);
        shared.changed.notify_all();
        match (answer, reply) {
            (Answer::Hangs, _) => return wait_for_close(&mut input),
            (Answer::Closes | Answer::DoneThenCloses, _) | (_, None) => return Ok(()),
            (Answer::ClosesHalfway, Some(reply)) => {
                let bytes = reply.bytes();
                return output.write_all(&bytes[..bytes.len() - reply.body.len() / 2]);
            }
            (Answer::Late(delay), Some(reply)) => {
                thread::sleep(delay);
                output.write_all(&reply.bytes())?;
            }
            (_, Some(reply)) => output.write_all(&reply.bytes())?,
        }
        if is_last {
            return Ok(());
        }
    }
    Ok(())
}

/// Says nothing until the client gives up.
fn wait_for_close(input: &mut impl Read) -> io::Result<()> {
    let mut bytes = [0; 1024];
    while input.read(&mut bytes)? > 0 {
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// The next request; `None` when the client has closed.
fn read(input: &mut impl BufRead) -> io::Result<Option<Heard>> {
    let mut line = String::new();
    if input.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        input.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length.min(MAX_BODY)];
    input.read_exact(&mut body)?;
    let (answer, status) = (Answer::Usual, None);
    Ok(Some(Heard { at: Instant::now(), method, path, headers, body, answer, status }))
}

impl Reply {
    fn bytes(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} as the double says\r\n", self.status);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        if self.status != 204 {
            head += &format!("content-length: {}\r\n", self.body.len());
        }
        format!("{head}\r\n{}", self.body).into_bytes()
    }
}
