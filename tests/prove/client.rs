//! A client that sends what was signed before, each delivery at its time, however slow the
//! answers are. It costs so little that the server is measured, and not the client.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use lookout::config::Secret;
use lookout::time::clock;
use lookout::zoom::Key;
use lookout::zoom::signature::sign;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::simulate::{Pace, Plan, Probabilities, RoomPlan, Story};
use crate::support::SECRET;
use crate::support::lookout::WEBHOOK;

/// Zoom waits so long for an answer.
pub const PATIENCE: Duration = Duration::from_secs(3);

/// What is sent is prepared to begin so much later.
const SOON: Duration = Duration::from_millis(100);

/// A request, to the last byte.
pub struct Delivery {
    /// The key that its event will have.
    pub key: String,
    /// Head and body.
    pub request: Vec<u8>,
}

/// `count` deliveries of a story in `room`, signed now.
pub fn deliveries(seed: u64, room: RoomPlan, count: usize) -> Vec<Delivery> {
    bodies(seed, room).take(count).map(|body| Delivery::of(body.as_bytes())).collect()
}

/// The bodies of an endless story of 500 people in `room`, at some hundred events a second.
pub fn bodies(seed: u64, room: RoomPlan) -> impl Iterator<Item = String> {
    let story = Story::new(Plan {
        seed,
        people: 500,
        rooms: vec![room],
        start: clock::now(),
        already_in: 8,
        pace: Pace::Rate { per_1000_s: 500_000 },
        probabilities: Probabilities::REALISTIC,
    });
    // A delivery that Zoom sends twice would make two answers and one event.
    let mut seen = BTreeSet::new();
    story.map(|delivery| delivery.body).filter(move |body| seen.insert(Key::of(body.as_bytes())))
}

/// A room that nobody has named.
pub fn some_room() -> RoomPlan {
    RoomPlan { number: "81234567001".to_owned(), topic: "Hall".to_owned() }
}

impl Delivery {
    /// `body`, signed now.
    pub fn of(body: &[u8]) -> Self {
        let timestamp = clock::now().seconds().to_string();
        let signature = sign(&Secret::new(SECRET).expect("not empty"), &timestamp, body);
        let head = format!(
            "POST {WEBHOOK} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             content-length: {}\r\nx-zm-request-timestamp: {timestamp}\r\n\
             x-zm-signature: {signature}\r\n\r\n",
            body.len()
        );
        Self { key: Key::of(body).to_string(), request: [head.as_bytes(), body].concat() }
    }
}

/// What came back.
#[derive(Debug, Default)]
pub struct Answers {
    /// The keys of what was acknowledged.
    pub acknowledged: BTreeSet<String>,
    /// How many answers had which status.
    pub statuses: BTreeMap<u16, usize>,
    /// How many were not sent in [`PATIENCE`]: the client has too little of the machine.
    pub unsent: usize,
    /// How many deliveries found no connection.
    pub unconnected: usize,
    /// How many had no answer in [`PATIENCE`], or half of one.
    pub unanswered: usize,
    /// How long each answer took from when its delivery was due, the quickest first.
    times: Vec<Duration>,
}

enum Outcome {
    Answered(u16),
    Unsent,
    Unconnected,
    Unanswered,
}

/// Sends `deliveries` to `address`, the `n`th after `n` times `gap`, and waits for all answers.
pub fn send(address: SocketAddr, deliveries: Vec<Delivery>, gap: Duration) -> Answers {
    let runtime = Runtime::new().expect("it starts");
    runtime.block_on(async {
        let idle = Arc::new(Mutex::new(Vec::new()));
        let mut under_way = JoinSet::new();
        let mut answers = Answers::default();
        let begin = Instant::now() + SOON;
        for (place, delivery) in (0..).zip(deliveries) {
            let due = begin + gap * place;
            sleep_until(due).await;
            let idle = Arc::clone(&idle);
            under_way.spawn(async move {
                let outcome = exchange(address, &delivery.request, &idle, due + PATIENCE).await;
                (delivery.key, outcome, due.elapsed())
            });
            while let Some(done) = under_way.try_join_next() {
                answers.note(done.expect("it does not panic"));
            }
        }
        while let Some(done) = under_way.join_next().await {
            answers.note(done.expect("it does not panic"));
        }
        answers.times.sort_unstable();
        answers
    })
}

/// One request on a connection that is free, or on a new one.
async fn exchange(
    address: SocketAddr,
    request: &[u8],
    idle: &Mutex<Vec<TcpStream>>,
    deadline: Instant,
) -> Outcome {
    if Instant::now() >= deadline {
        return Outcome::Unsent;
    }
    let free = idle.lock().await.pop();
    if let Some(mut stream) = free
        && let Ok(Ok(status)) = timeout_at(deadline, ask(&mut stream, request)).await
    {
        idle.lock().await.push(stream);
        return Outcome::Answered(status);
    }
    // The server may have closed one that was idle for long.
    let Ok(Ok(mut stream)) = timeout_at(deadline, TcpStream::connect(address)).await else {
        return Outcome::Unconnected;
    };
    drop(stream.set_nodelay(true));
    match timeout_at(deadline, ask(&mut stream, request)).await {
        Ok(Ok(status)) => {
            idle.lock().await.push(stream);
            Outcome::Answered(status)
        }
        _ => Outcome::Unanswered,
    }
}

/// Sends it, and reads the answer to its end; returns its status.
async fn ask(stream: &mut TcpStream, request: &[u8]) -> std::io::Result<u16> {
    stream.write_all(request).await?;
    let mut bytes = Vec::with_capacity(512);
    loop {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(status) = whole_answer(&bytes) {
            return Ok(status);
        }
    }
}

/// The status of an answer, once all of it is there.
fn whole_answer(bytes: &[u8]) -> Option<u16> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(Some(0), |length| length.parse().ok())?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    (bytes.len() >= end + 4 + length).then_some(status)
}

impl Answers {
    fn note(&mut self, (key, outcome, took): (String, Outcome, Duration)) {
        match outcome {
            Outcome::Unsent => self.unsent += 1,
            Outcome::Unconnected => self.unconnected += 1,
            Outcome::Unanswered => self.unanswered += 1,
            Outcome::Answered(status) => {
                *self.statuses.entry(status).or_default() += 1;
                self.times.push(took);
                if status == 204 {
                    self.acknowledged.insert(key);
                }
            }
        }
    }

    /// Whether there was a 204 for every delivery.
    pub fn are_all_acknowledgements(&self) -> bool {
        let without = self.unsent + self.unconnected + self.unanswered;
        self.count(204) == self.times.len() && without == 0
    }

    /// How many answers had this status.
    pub fn count(&self, status: u16) -> usize {
        self.statuses.get(&status).copied().unwrap_or(0)
    }

    /// So many thousandths of all answers took no longer.
    pub fn per_mille(&self, per_mille: usize) -> Duration {
        let place = (self.times.len() * per_mille).div_ceil(1000).max(1) - 1;
        self.times.get(place).copied().unwrap_or_default()
    }

    /// No answer took longer.
    pub fn longest(&self) -> Duration {
        self.per_mille(1000)
    }
}
