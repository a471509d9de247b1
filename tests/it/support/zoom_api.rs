//! A double of Zoom's API: real sockets, tokens and scopes, and the answers that Zoom documents.
//!
//! It knows meetings by what was delivered of them ([`ZoomApi::learn`]), has pages of few participants,
//! and remembers what it was asked. A test may script what comes next.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

pub const ACCOUNT: &str = "AbCdEf-account";
pub const CLIENT: &str = "AbCdEf_client";
pub const CLIENT_SECRET: &str = "hush-of-the-client";

/// Scopes of the three questions.
pub const STATUS: &str = "meeting:read:meeting:admin";
pub const PAST: &str = "meeting:read:list_past_participants:admin";
pub const METRICS: &str = "dashboard:read:list_meeting_participants:admin";

/// So few that each list has several pages.
const PAGE: usize = 7;

/// What comes instead of the usual answer.
#[derive(Debug, Clone, Copy)]
pub enum Instead {
    /// This status, with `retry-after` if there is one.
    Status(u16, Option<&'static str>),
    /// The token is no longer valid.
    ExpiredToken,
    /// The usual answer, so much later.
    Late(Duration),
    /// The connection closes without a word.
    Closes,
}

/// A server on a port of its own; it ends with the test.
pub struct ZoomApi {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

/// A question as it was heard.
#[derive(Debug, Clone)]
pub struct Heard {
    pub at: Instant,
    pub method: String,
    pub path: String,
    pub status: u16,
}

struct State {
    address: SocketAddr,
    scopes: BTreeSet<&'static str>,
    /// By uuid.
    meetings: BTreeMap<String, Meeting>,
    /// The uuid of the meeting of each number that goes on.
    started: BTreeMap<String, String>,
    tokens: u32,
    next: VecDeque<Instead>,
    heard: Vec<Heard>,
}

#[derive(Default)]
struct Meeting {
    number: String,
    /// By `user_id`.
    rows: BTreeMap<String, Row>,
}

#[derive(Default)]
struct Row {
    name: String,
    joined: String,
    left: String,
}

impl ZoomApi {
    /// An API that allows everything and knows nothing.
    pub fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(Mutex::new(State {
            address,
            scopes: [STATUS, PAST, METRICS].into(),
            meetings: BTreeMap::new(),
            started: BTreeMap::new(),
            tokens: 0,
            next: VecDeque::new(),
            heard: Vec::new(),
        }));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let state = Arc::clone(&shared);
                // A client that goes away in the middle is nothing to report.
                thread::spawn(move || drop(connection(&state, &stream)));
            }
        });
        Self { address, state }
    }

    /// The settings with which Lookout asks it.
    pub fn settings(&self) -> String {
        format!(
            "[zoom.api]\naccount_id = \"{ACCOUNT}\"\nclient_id = \"{CLIENT}\"\nclient_secret = \"{CLIENT_SECRET}\"\nserver_url = \"http://{}\"\n",
            self.address
        )
    }

    /// From now on it knows what these bodies of deliveries say.
    pub fn learn<'a>(&self, bodies: impl IntoIterator<Item = &'a str>) {
        let mut state = lock(&self.state);
        for body in bodies {
            let body: Value = serde_json::from_str(body).expect("JSON");
            let event = body["event"].as_str().expect("an event");
            let (object, text) = (&body["payload"]["object"], |value: &Value| match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            });
            let is_join = match event {
                "meeting.participant_joined" => true,
                "meeting.participant_left" => false,
                _ => continue,
            };
            let participant = &object["participant"];
            let meeting = state.meetings.entry(text(&object["uuid"])).or_default();
            meeting.number = text(&object["id"]);
            let row = meeting.rows.entry(text(&participant["user_id"])).or_default();
            row.name = text(&participant["user_name"]);
            match is_join {
                true => row.joined = text(&participant["join_time"]),
                false => row.left = text(&participant["leave_time"]),
            }
        }
    }

    /// From now on the meeting `uuid` of `number` goes on.
    pub fn set_started(&self, number: &str, uuid: &str) {
        lock(&self.state).started.insert(number.to_owned(), uuid.to_owned());
    }

    /// The app lacks `scope`.
    pub fn take_scope(&self, scope: &str) {
        lock(&self.state).scopes.remove(scope);
    }

    /// What comes instead of the next answers.
    pub fn next(&self, instead: impl IntoIterator<Item = Instead>) {
        lock(&self.state).next.extend(instead);
    }

    /// What it was asked so far.
    pub fn heard(&self) -> Vec<Heard> {
        lock(&self.state).heard.clone()
    }

    /// The paths that it was asked for, without those of tokens.
    pub fn questions(&self) -> Vec<String> {
        let heard = self.heard().into_iter().filter(|heard| heard.method == "GET");
        heard.map(|heard| heard.path).collect()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn connection(state: &Mutex<State>, mut stream: &TcpStream) -> io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let mut line = || lines.next().unwrap_or_else(|| Ok(String::new()));
    let first = line()?;
    let mut words = first.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut authorization = String::new();
    loop {
        let line = line()?;
        let Some((name, value)) = line.split_once(": ") else { break };
        if name.eq_ignore_ascii_case("authorization") {
            value.clone_into(&mut authorization);
        }
    }
    let mut locked = lock(state);
    let instead = locked.next.pop_front();
    let (status, body) = locked.answer(&method, &path, &authorization);
    let (status, retry_after, body) = match instead {
        Some(Instead::Status(status, retry_after)) => (status, retry_after, json!({})),
        Some(Instead::ExpiredToken) => {
            locked.tokens += 1;
            (401, None, invalid_token().1)
        }
        _ => (status, None, body),
    };
    locked.heard.push(Heard { at: Instant::now(), method, path, status });
    drop(locked);
    match instead {
        Some(Instead::Closes) => return Ok(()),
        Some(Instead::Late(delay)) => thread::sleep(delay),
        _ => {}
    }
    let retry_after = retry_after.map(|text| format!("retry-after: {text}\r\n"));
    let (body, retry_after) = (body.to_string(), retry_after.unwrap_or_default());
    let length = body.len();
    stream.write_all(
        format!("HTTP/1.1 {status} as documented\r\n{retry_after}content-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
            .as_bytes(),
    )
}

fn invalid_token() -> (u16, Value) {
    (401, json!({"code": 124, "message": "Invalid access token."}))
}

fn no_meeting(id: &str) -> (u16, Value) {
    (404, json!({"code": 3001, "message": format!("Meeting does not exist: {id}.")}))
}

impl State {
    fn answer(&mut self, method: &str, path: &str, authorization: &str) -> (u16, Value) {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        if (method, path) == ("POST", "/oauth/token") {
            return self.token(query, authorization);
        }
        if authorization != format!("Bearer token-{}", self.tokens) {
            return invalid_token();
        }
        let parts: Vec<_> = path.split('/').skip(1).collect();
        match parts[..] {
            ["v2", "meetings", number] => {
                self.allowed(STATUS).unwrap_or_else(|| self.status(number))
            }
            ["v2", "past_meetings", id, "participants"] => {
                let allowed = self.allowed(PAST);
                allowed.unwrap_or_else(|| self.participants(id, "past", "name", query))
            }
            ["v2", "metrics", "meetings", id, "participants"] => {
                let kind = parameter(query, "type").unwrap_or("live");
                let allowed = self.allowed(METRICS);
                allowed.unwrap_or_else(|| self.participants(id, kind, "user_name", query))
            }
            _ => (404, json!({"code": 2300, "message": "This API endpoint is not recognized."})),
        }
    }

    fn token(&mut self, query: &str, authorization: &str) -> (u16, Value) {
        let basic = format!("Basic {}", BASE64.encode(format!("{CLIENT}:{CLIENT_SECRET}")));
        let expected = format!("grant_type=account_credentials&account_id={ACCOUNT}");
        if (query, authorization) != (&expected, &basic) {
            let reason = "Invalid client_id or client_secret";
            return (400, json!({"reason": reason, "error": "invalid_client"}));
        }
        self.tokens += 1;
        let scopes: Vec<_> = self.scopes.iter().copied().collect();
        let body = json!({
            "access_token": format!("token-{}", self.tokens), "token_type": "bearer", "expires_in": 3599,
            "scope": scopes.join(" "), "api_url": format!("http://{}", self.address),
        });
        (200, body)
    }

    /// The refusal, if the app lacks `scope`.
    fn allowed(&self, scope: &str) -> Option<(u16, Value)> {
        let message = format!("Invalid access token, does not contain scopes:[{scope}].");
        (!self.scopes.contains(scope)).then(|| (400, json!({"code": 4711, "message": message})))
    }

    fn status(&self, number: &str) -> (u16, Value) {
        if !self.meetings.values().any(|meeting| meeting.number == number) {
            return no_meeting(number);
        }
        match self.started.get(number) {
            Some(uuid) => (200, json!({"id": number, "uuid": uuid, "status": "started"})),
            None => (200, json!({"id": number, "uuid": "next==", "status": "waiting"})),
        }
    }

    fn participants(&self, id: &str, kind: &str, name: &str, query: &str) -> (u16, Value) {
        let once = decoded(id);
        let is_ambiguous = once.starts_with('/') || once.contains("//");
        let uuid = decoded(&once);
        let goes_on = self.started.values().any(|started| *started == uuid);
        let Some(meeting) = self.meetings.get(&uuid).filter(|_| !is_ambiguous) else {
            return no_meeting(&once);
        };
        if goes_on != (kind == "live") {
            return no_meeting(&once);
        }
        let from = parameter(query, "next_page_token").map_or(0, |token| {
            token.trim_start_matches("page%20").parse().expect("a token of ours")
        });
        let rows: Vec<_> = meeting.rows.iter().skip(from).take(PAGE).collect();
        let is_last = from + rows.len() >= meeting.rows.len();
        let next = if is_last { String::new() } else { format!("page {}", from + rows.len()) };
        let row = |(user_id, row): (&String, &Row)| {
            let mut json = json!({"id": "", "user_id": user_id, name: row.name, "join_time": row.joined,
                "user_email": "ada@example.org", "status": "in_meeting"});
            if !row.left.is_empty() {
                json["leave_time"] = row.left.as_str().into();
            }
            json
        };
        let rows: Vec<_> = rows.into_iter().map(row).collect();
        (200, json!({"page_size": PAGE, "next_page_token": next, "participants": rows}))
    }
}

/// The value of `key` in `query`, as it was encoded.
fn parameter<'a>(query: &'a str, key: &str) -> Option<&'a str> {
    query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='))
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, others @ ..] = rest {
        rest = others;
        match (first, others) {
            (b'%', [a, b, behind @ ..]) => {
                let hex = String::from_utf8(vec![*a, *b]).expect("two digits");
                bytes.push(u8::from_str_radix(&hex, 16).expect("two hexadecimal digits"));
                rest = behind;
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}
