//! What anybody sends to the webhook's port.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown as Half, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use lookout::config::Secret;
use lookout::intake::{Intake, Metrics};
use lookout::journal::Journal;
use lookout::server;
use tokio_util::sync::CancellationToken;

use super::sample;

/// Longer than any answer takes; a connection that is kept open is closed by then, too.
const PATIENCE: Duration = Duration::from_secs(20);

/// Set once anything in this process has panicked.
static PANICKED: AtomicBool = AtomicBool::new(false);

/// Bytes are answered as HTTP or the connection is closed; nothing unsigned is taken, and nothing panics.
pub fn is_answered_or_closed(bytes: &[u8]) {
    let mut stream = TcpStream::connect(server()).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("it can be set");
    // It may be closed before it has read everything.
    drop(stream.write_all(bytes).and_then(|()| stream.shutdown(Half::Write)));
    let mut answer = Vec::new();
    if let Err(error) = stream.read_to_end(&mut answer) {
        assert_ne!(error.kind(), ErrorKind::WouldBlock, "it stays open");
    }
    let text = String::from_utf8_lossy(&answer);
    assert!(text.is_empty() || text.starts_with("HTTP/1."), "no HTTP: {text}");
    let statuses = text.lines().filter_map(|line| line.strip_prefix("HTTP/1.1 "));
    for status in statuses {
        assert!(!status.starts_with('2'), "nobody signed this: {text}");
    }
    assert!(!PANICKED.load(Ordering::SeqCst), "something panicked");
}

/// The address of an intake that lives as long as the process.
fn server() -> SocketAddr {
    static SERVER: OnceLock<SocketAddr> = OnceLock::new();
    *SERVER.get_or_init(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            PANICKED.store(true, Ordering::SeqCst);
            report(panic);
        }));
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
        let address = listener.local_addr().expect("it is bound");
        thread::spawn(move || serve(listener));
        address
    })
}

fn serve(listener: TcpListener) {
    let directory = tempfile::TempDir::new().expect("a temporary directory");
    let mut settings = sample::settings();
    settings.zoom.secret_tokens =
        vec![Secret::new("the fuzzer cannot guess this").expect("not empty")];
    settings.journal.path = directory.path().join("lookout.db");
    let journal = Arc::new(Journal::open(&settings.journal.path).expect("it opens"));
    let intake = Intake::new(&settings, journal, Metrics::register(Arc::default()));
    let router = intake.router(&settings.zoom.paths());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("it starts").block_on(async {
        listener.set_nonblocking(true).expect("it can be");
        let listener = tokio::net::TcpListener::from_std(listener).expect("it is one");
        server::serve(listener, router, CancellationToken::new()).await;
    });
}
