//! Clients that are slow on purpose, beside deliveries as ever.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::client::{deliveries, send, some_room};
use crate::pressure::told;
use crate::proof::{Length, in_ms, shown};
use crate::support::Lookout;
use crate::support::lookout::WEBHOOK;

/// So many of each kind are there at any time.
const OF_EACH: usize = 1_000;

/// Deliveries a second beside them …
const RATE: u32 = 200;

/// … of which 99 % are answered by then.
const PROMPT: Duration = Duration::from_millis(100);

/// The server closes each slow connection by then.
const CLOSED: Duration = Duration::from_secs(6);

/// A byte at a time, so often.
const DRIP: Duration = Duration::from_millis(500);

/// They come one after the other, in so long: not in waves.
const ARRIVAL: Duration = Duration::from_secs(5);

/// How a client is slow.
#[derive(Debug, Clone, Copy)]
enum Slow {
    /// It connects and says nothing.
    Idle,
    /// Its headers drip.
    Headers,
    /// Its body drips.
    Body,
}

const KINDS: [Slow; 3] = [Slow::Idle, Slow::Headers, Slow::Body];

pub fn slow_clients(length: Length) -> String {
    let seconds = length.pick(10, 60);
    let mut lookout = Lookout::new();
    lookout.serve();
    let some = |seed| deliveries(seed, some_room(), seconds * RATE as usize);
    let (calm, beside) = (some(1), some(2));
    let gap = Duration::from_secs(1) / RATE;
    let calm = send(lookout.public(), calm, gap);
    let crowd = Crowd::gather(lookout.public());
    let beside = send(lookout.public(), beside, gap);
    let lives = crowd.disperse();
    assert!(beside.are_all_acknowledgements(), "{}", told(&beside));
    assert!(beside.per_mille(990) < PROMPT, "too slow: {}", told(&beside));
    let stored = lookout.exported_keys();
    let lost = calm.acknowledged.union(&beside.acknowledged).filter(|key| !stored.contains(*key));
    assert_eq!(lost.count(), 0, "acknowledged and not stored");
    let mut kinds = Vec::new();
    for (kind, life) in KINDS.iter().zip(&lives) {
        assert!(life.closed >= OF_EACH, "{kind:?}: only {life:?}");
        assert!(life.longest <= CLOSED, "{kind:?}: {life:?}");
        kinds.push(format!("{kind:?} {} after {} at most", life.closed, shown(life.longest)));
    }
    format!(
        "{} connections at any time for {seconds} s, closed by the server: {}; {RATE} deliveries/s beside them: {} (p99 {} without)",
        OF_EACH * KINDS.len(),
        kinds.join(", "),
        told(&beside),
        in_ms(calm.per_mille(990)),
    )
}

/// How long connections of a kind lived.
#[derive(Debug, Default, Clone, Copy)]
struct Life {
    closed: usize,
    longest: Duration,
}

impl Life {
    fn add(&mut self, other: Self) {
        self.closed += other.closed;
        self.longest = self.longest.max(other.longest);
    }
}

/// Slow clients, each of whom comes again as soon as it is sent away.
struct Crowd {
    is_over: Arc<AtomicBool>,
    thread: thread::JoinHandle<[Life; KINDS.len()]>,
}

impl Crowd {
    /// Returns when all are there.
    fn gather(address: SocketAddr) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let (tell, all_are_there) = mpsc::channel::<()>();
        let told = Arc::clone(&is_over);
        let thread = thread::spawn(move || {
            Runtime::new().expect("it starts").block_on(async {
                let mut clients = JoinSet::new();
                for _ in 0..OF_EACH {
                    sleep(ARRIVAL / OF_EACH as u32).await;
                    for kind in KINDS {
                        let is_over = Arc::clone(&told);
                        clients.spawn(async move { kind.live(address, &is_over).await });
                    }
                }
                drop(tell);
                let mut lives = [Life::default(); KINDS.len()];
                while let Some(done) = clients.join_next().await {
                    let (kind, life) = done.expect("it does not panic");
                    lives[kind as usize].add(life);
                }
                lives
            })
        });
        // Nothing is ever sent: it ends when the last one has come.
        let _ = all_are_there.recv();
        Self { is_over, thread }
    }

    /// Waits until all are closed; says how long they lived.
    fn disperse(self) -> [Life; KINDS.len()] {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().expect("it does not panic")
    }
}

impl Slow {
    /// Connects again and again.
    async fn live(self, address: SocketAddr, is_over: &AtomicBool) -> (Self, Life) {
        let mut life = Life::default();
        while !is_over.load(Ordering::Relaxed) {
            let Ok(stream) = TcpStream::connect(address).await else {
                sleep(Duration::from_millis(10)).await;
                continue;
            };
            let begun = Instant::now();
            // Nothing lives for so long; if it does, it is told by the longest life.
            drop(timeout(CLOSED * 2, self.drip(stream)).await);
            life.add(Life { closed: 1, longest: begun.elapsed() });
        }
        (self, life)
    }

    /// Until the server closes.
    async fn drip(self, mut stream: TcpStream) {
        let head = format!("POST {WEBHOOK} HTTP/1.1\r\nhost: localhost\r\n");
        let (begins, goes_on) = match self {
            Self::Idle => (String::new(), ""),
            Self::Headers => (head, "x: y\r\n"),
            Self::Body => (format!("{head}content-length: 100000\r\n\r\n"), "{"),
        };
        drop(stream.write_all(begins.as_bytes()).await);
        let mut answer = [0; 1024];
        loop {
            tokio::select! {
                read = stream.read(&mut answer) => match read {
                    Ok(0) | Err(_) => return,
                    Ok(_) => {}
                },
                () = sleep(DRIP) => drop(stream.write_all(goes_on.as_bytes()).await),
            }
        }
    }
}
