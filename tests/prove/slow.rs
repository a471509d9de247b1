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

use lookout::zoom::Key;

use crate::client::{bodies, deliveries, send, some_room};
use crate::pressure::told;
use crate::proof::{Length, in_ms, shown};
use crate::support::Lookout;
use crate::support::lookout::{WEBHOOK, now, signed};
use crate::support::nginx::{HOST, Nginx, PAGES};

/// So many of each kind are there at any time.
const OF_EACH: usize = 1_000;

/// Deliveries a second beside them …
const RATE: u32 = 200;

/// … of which 99 % are answered by then.
const PROMPT: Duration = Duration::from_millis(100);

/// The server closes each slow connection by then.
const CLOSED: Duration = Duration::from_secs(6);

/// Deliveries a second by TLS, each on a connection of its own, as costly as the rest together …
const BY_TLS: u32 = 20;

/// … by so many threads.
const SENDERS: usize = 8;

/// What `check` asks for as `worker_connections`.
const CONNECTIONS: u32 = 4096;

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
    /// It sends three bytes of a TLS handshake.
    Handshake,
}

/// Slow clients of a kind, and where they connect to.
type Kind = (Slow, SocketAddr);

pub fn slow_clients(length: Length) -> String {
    let seconds = length.pick(10, 60);
    let mut lookout = Lookout::new();
    lookout.serve();
    let some = |seed| deliveries(seed, some_room(), seconds * RATE as usize);
    let (calm, beside) = (some(1), some(2));
    let gap = Duration::from_secs(1) / RATE;
    let calm = send(lookout.public(), calm, gap);
    let kinds = [Slow::Idle, Slow::Headers, Slow::Body].map(|kind| (kind, lookout.public()));
    let crowd = Crowd::gather(kinds);
    let beside = send(lookout.public(), beside, gap);
    let lives = crowd.disperse();
    assert!(beside.are_all_acknowledgements(), "{}", told(&beside));
    assert!(beside.per_mille(990) < PROMPT, "too slow: {}", told(&beside));
    let stored = lookout.exported_keys();
    let lost = calm.acknowledged.union(&beside.acknowledged).filter(|key| !stored.contains(*key));
    assert_eq!(lost.count(), 0, "acknowledged and not stored");
    format!(
        "{} connections at any time for {seconds} s, closed by the server: {}; {RATE} deliveries/s beside them: {} (p99 {} without)",
        OF_EACH * kinds.len(),
        closed(&kinds, &lives),
        told(&beside),
        in_ms(calm.per_mille(990)),
    )
}

/// Checks that all were closed in time, and says so.
#[track_caller]
fn closed(kinds: &[Kind], lives: &[Life]) -> String {
    let told = kinds.iter().zip(lives).map(|((kind, _), life)| {
        assert!(life.closed >= OF_EACH, "{kind:?}: only {life:?}");
        assert!(life.longest <= CLOSED, "{kind:?}: {life:?}");
        format!("{kind:?} {} after {} at most", life.closed, shown(life.longest))
    });
    told.collect::<Vec<_>>().join(", ")
}

/// The same before the printed nginx file, with the connections that `check` asks for.
pub fn before_nginx(length: Length) -> String {
    let seconds = length.pick(10, 60);
    let settings = format!("[site]\nbase_url = \"https://{HOST}\"\n");
    let mut lookout = Lookout::with_settings(&settings);
    lookout.serve();
    lookout.keep_address();
    let printed = lookout.ok(&["print", "nginx", "--pages", PAGES, "--resolver", "127.0.0.1"]);
    let nginx = Nginx::with_connections(CONNECTIONS, &printed);
    let bodies: Vec<_> = bodies(1, some_room()).take(seconds * BY_TLS as usize).collect();
    let kinds =
        [(Slow::Handshake, nginx.https), (Slow::Headers, nginx.http), (Slow::Body, nginx.http)];
    let crowd = Crowd::gather(kinds);
    let mut times = send_by_tls(&nginx, &bodies);
    let lives = crowd.disperse();
    times.sort_unstable();
    let p99 = times[(times.len() * 99).div_ceil(100) - 1];
    let stored = lookout.exported_keys();
    let lost = bodies.iter().filter(|body| !stored.contains(&Key::of(body.as_bytes()).to_string()));
    assert_eq!(lost.count(), 0, "acknowledged and not stored");
    assert!(p99 < PROMPT, "too slow: p99 {}", in_ms(p99));
    format!(
        "{} connections at any time for {seconds} s, closed by nginx: {}; {BY_TLS} deliveries/s by TLS beside them: each a 204, p99 {}",
        OF_EACH * kinds.len(),
        closed(&kinds, &lives),
        in_ms(p99),
    )
}

/// Sends each of `bodies` when it is due, on a connection of its own; how long each 204 took from then.
fn send_by_tls(nginx: &Nginx, bodies: &[String]) -> Vec<Duration> {
    let begin = Instant::now();
    let deliver = |first: usize| {
        let mine = (first..bodies.len()).step_by(SENDERS);
        let times = mine.map(|place| {
            let due = begin + Duration::from_secs(1) / BY_TLS * place as u32;
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let reply = nginx.send(&signed(WEBHOOK, bodies[place].as_bytes(), now()));
            assert_eq!(reply.status, 204, "delivery {place}");
            due.elapsed()
        });
        times.collect::<Vec<_>>()
    };
    thread::scope(|scope| {
        let senders: Vec<_> =
            (0..SENDERS).map(|first| scope.spawn(move || deliver(first))).collect();
        senders
            .into_iter()
            .flat_map(|sender| sender.join().expect("all are acknowledged"))
            .collect()
    })
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
    thread: thread::JoinHandle<[Life; 3]>,
}

impl Crowd {
    /// Returns when all are there.
    fn gather(kinds: [Kind; 3]) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let (tell, all_are_there) = mpsc::channel::<()>();
        let told = Arc::clone(&is_over);
        let thread = thread::spawn(move || {
            Runtime::new().expect("it starts").block_on(async {
                let mut clients = JoinSet::new();
                for _ in 0..OF_EACH {
                    sleep(ARRIVAL / OF_EACH as u32).await;
                    for (place, (kind, address)) in kinds.into_iter().enumerate() {
                        let is_over = Arc::clone(&told);
                        clients.spawn(async move { (place, kind.live(address, &is_over).await) });
                    }
                }
                drop(tell);
                let mut lives = [Life::default(); 3];
                while let Some(done) = clients.join_next().await {
                    let (place, life) = done.expect("it does not panic");
                    lives[place].add(life);
                }
                lives
            })
        });
        // Nothing is ever sent: it ends when the last one has come.
        let _ = all_are_there.recv();
        Self { is_over, thread }
    }

    /// Waits until all are closed; says how long they lived.
    fn disperse(self) -> [Life; 3] {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().expect("it does not panic")
    }
}

impl Slow {
    /// Connects again and again.
    async fn live(self, address: SocketAddr, is_over: &AtomicBool) -> Life {
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
        life
    }

    /// Until the server closes.
    async fn drip(self, mut stream: TcpStream) {
        let head = format!("POST {WEBHOOK} HTTP/1.1\r\nhost: localhost\r\n");
        let (begins, goes_on) = match self {
            Self::Idle => (String::new(), ""),
            Self::Handshake => ("\x16\x03\x01".to_owned(), ""),
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
