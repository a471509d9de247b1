//! Doubles of the chat services: real sockets, the answers of `mattermost.md`, and an ear
//! that remembers everything.
//!
//! A [`Chat`] answers as its service does. A test may script what comes next
//! ([`Chat::next`]), or what holds until further notice ([`Chat::always`]), down to
//! hanging and closing the connection in the middle of an answer.

mod discord;
mod mattermost;
pub mod ntfy;
pub mod slack;
pub mod telegram;
mod webhook;
mod wire;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use serde_json::Value;

pub use mattermost::{CHANNEL, TOKEN};

/// A chat server on a port of its own; it ends with the test.
pub struct Chat {
    address: SocketAddr,
    service: Service,
    shared: Arc<Shared>,
}

/// Which service is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    Mattermost,
    Slack,
    Discord,
    Telegram,
    Ntfy,
    Webhook,
}

/// What comes back to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// What the service says to such a request.
    Usual,
    /// This status, in the service's own words, whatever the request. Nothing is posted.
    Status(u16),
    /// 429: the service names the time after which to come again, each in its way.
    TooMany { retry_after: Duration },
    /// 429: so many seconds in the header, and any number in the body, as Discord's imitators have it.
    TooManyInTwoUnits { header: u64, body: u64 },
    /// 429 without a word about when.
    TooManyAtUnknownTime,
    /// The service does as asked, but says so only after a while.
    Late(Duration),
    /// The service does as asked, but the connection closes before it says so.
    DoneThenCloses,
    /// Nothing ever, on an open connection.
    Hangs,
    /// This error in the body of a 200, as Slack's Web API has them; or, of Telegram, this description
    /// in a 400.
    Error(&'static str),
    /// The connection closes without a word.
    Closes,
    /// The connection closes in the middle of the answer's body; nothing is posted.
    ClosesHalfway,
}

/// A request as it was heard.
#[derive(Debug, Clone)]
pub struct Heard {
    /// When its last byte came.
    pub at: Instant,
    pub method: String,
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// What the script said to it.
    pub answer: Answer,
    /// The status of the answer, if it got one.
    pub status: Option<u16>,
}

/// A message as it stands in the channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Post {
    /// The id that the bot API gave it; hooks give none.
    pub id: String,
    /// What was sent.
    pub body: Value,
    /// How often it was edited.
    pub edits: usize,
}

/// What an answer is made of.
struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    next: VecDeque<Answer>,
    then: Option<Answer>,
    heard: Vec<Heard>,
    posts: Vec<Post>,
    limit: Option<Limit>,
}

/// A rate limit as Mattermost has it: a bucket that refills.
struct Limit {
    per_second: f64,
    burst: f64,
    left: f64,
    since: Instant,
}

impl Chat {
    /// A Mattermost with one incoming webhook ([`Chat::hook`]) and one bot ([`TOKEN`]).
    pub fn mattermost() -> Self {
        Self::start(Service::Mattermost)
    }

    /// A Slack with one incoming webhook.
    pub fn slack() -> Self {
        Self::start(Service::Slack)
    }

    /// A Discord with one webhook.
    pub fn discord() -> Self {
        Self::start(Service::Discord)
    }

    /// A Telegram with one bot ([`TELEGRAM_TOKEN`]).
    pub fn telegram() -> Self {
        Self::start(Service::Telegram)
    }

    /// An ntfy with one topic ([`TOPIC`]).
    pub fn ntfy() -> Self {
        Self::start(Service::Ntfy)
    }

    /// A receiver of webhooks.
    pub fn webhook() -> Self {
        Self::start(Service::Webhook)
    }

    fn start(service: Service) -> Self {
        let shared = Arc::new(Shared::default());
        let address = wire::serve(service, Arc::clone(&shared));
        Self { address, service, shared }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of the server, for the bot API.
    pub fn server_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address of the hook.
    pub fn hook(&self) -> String {
        let path = match self.service {
            Service::Mattermost => mattermost::HOOK,
            Service::Slack => slack::HOOK,
            Service::Discord => discord::HOOK,
            Service::Webhook => webhook::HOOK,
            Service::Telegram | Service::Ntfy => "/",
        };
        format!("{}{path}", self.server_url())
    }

    /// Scripts the answers to the next requests, after those scripted before.
    pub fn next(&self, answers: impl IntoIterator<Item = Answer>) -> &Self {
        self.shared.lock().next.extend(answers);
        self
    }

    /// The answer to every request that [`Chat::next`] says nothing about.
    pub fn always(&self, answer: Answer) -> &Self {
        self.shared.lock().then = Some(answer);
        self
    }

    /// Refuses with 429 whatever comes more often than this.
    pub fn limit(&self, per_second: f64, burst: f64) -> &Self {
        let limit = Limit { per_second, burst, left: burst, since: Instant::now() };
        self.shared.lock().limit = Some(limit);
        self
    }

    /// Every request so far, in order.
    pub fn heard(&self) -> Vec<Heard> {
        self.shared.lock().heard.clone()
    }

    /// The messages in the channel, in order, as they stand now.
    pub fn posts(&self) -> Vec<Post> {
        self.shared.lock().posts.clone()
    }

    /// Waits until there are so many messages, for a minute at most.
    #[track_caller]
    pub fn wait_for_posts(&self, count: usize) -> Vec<Post> {
        let state = self.wait(|state| state.posts.len() >= count);
        let posts = state.posts.clone();
        assert!(posts.len() >= count, "{count} messages were awaited, these came: {posts:#?}");
        posts
    }

    /// Waits until so many requests were heard, for a minute at most.
    #[track_caller]
    pub fn wait_for_requests(&self, count: usize) -> Vec<Heard> {
        let state = self.wait(|state| state.heard.len() >= count);
        let heard = state.heard.clone();
        assert!(heard.len() >= count, "{count} requests were awaited, these came: {heard:#?}");
        heard
    }

    fn wait(&self, enough: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let state = self.shared.lock();
        let waited =
            self.shared.changed.wait_timeout_while(state, Duration::from_secs(60), |s| !enough(s));
        waited.expect("nobody panicked").0
    }
}

impl Heard {
    /// The value of a header, if there is one.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }
}

impl Post {
    /// What a reader sees first: the text, or the fallback of the attachment.
    pub fn text(&self) -> &str {
        let first = ["text", "message", "content"].iter().find_map(|key| self.body[*key].as_str());
        let attachments = [&self.body["attachments"], &self.body["props"]["attachments"]];
        let fallback = attachments.iter().find_map(|list| list[0]["fallback"].as_str());
        let embed = self.body["embeds"][0]["title"].as_str();
        first.filter(|text| !text.is_empty()).or(fallback).or(embed).unwrap_or_default()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panicked")
    }
}

impl State {
    /// What the script says to the next request.
    fn script(&mut self) -> Answer {
        self.next.pop_front().or(self.then).unwrap_or(Answer::Usual)
    }

    /// What the service answers, after doing as asked.
    fn usual(&mut self, service: Service, request: &Heard) -> Reply {
        if let Some(wait) = self.limit.as_mut().and_then(|limit| limit.exceeded(request.at)) {
            return too_many(service, Some(wait));
        }
        match service {
            Service::Mattermost => mattermost::answer(request, &mut self.posts),
            Service::Slack => slack::answer(request, &mut self.posts),
            Service::Discord => discord::answer(request, &mut self.posts),
            Service::Telegram => telegram::answer(request, &mut self.posts),
            Service::Ntfy => ntfy::answer(request, &mut self.posts),
            Service::Webhook => webhook::answer(request, &mut self.posts),
        }
    }
}

impl Limit {
    /// Takes one from the bucket, or says how long until there is one.
    fn exceeded(&mut self, now: Instant) -> Option<Duration> {
        let refill = now.duration_since(self.since).as_secs_f64() * self.per_second;
        self.left = (self.left + refill).min(self.burst);
        self.since = now;
        if self.left < 1.0 {
            return Some(Duration::from_secs_f64((1.0 - self.left) / self.per_second));
        }
        self.left -= 1.0;
        None
    }
}

impl Reply {
    fn new(status: u16, body: impl Into<String>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    fn header(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }
}

/// `status` in the words of `service`.
fn refusal(service: Service, status: u16) -> Reply {
    match service {
        Service::Mattermost => mattermost::refusal(status, "as the test says"),
        Service::Slack => Reply::new(status, "as_the_test_says"),
        Service::Discord => discord::refusal(status, 0, "as the test says"),
        Service::Telegram => telegram::refusal(status, "as the test says"),
        Service::Ntfy => ntfy::refusal(status, 0, "as the test says"),
        Service::Webhook => Reply::new(status, "as the test says"),
    }
}

/// `error` in the words of `service`.
fn error(service: Service, error: &str) -> Reply {
    match service {
        Service::Telegram => telegram::refusal(400, error),
        _ => slack::error(error),
    }
}

/// 429; with the time to wait, if the service tells.
fn too_many(service: Service, wait: Option<Duration>) -> Reply {
    match service {
        Service::Mattermost => mattermost::too_many(wait),
        Service::Slack => slack::too_many(wait),
        Service::Discord => discord::too_many(wait),
        Service::Telegram => telegram::too_many(wait),
        Service::Ntfy => ntfy::too_many(wait),
        Service::Webhook => webhook::too_many(wait),
    }
}

/// Whole seconds, never too few.
fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}
