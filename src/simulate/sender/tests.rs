//! The sender against small servers that answer as an intake might, or do not.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;

use super::*;
use crate::simulate::summary::Failure;
use crate::time::clock;
use crate::zoom::Key;
use crate::zoom::signature::{Headers, verify};

fn secret() -> Secret {
    Secret::new("fixture-secret-token-not-a-real-secret").expect("not empty")
}

fn sending(address: SocketAddr) -> Sending {
    let url = format!("http://{address}/hook").parse().expect("an address makes a URL");
    Sending {
        url,
        secret: secret(),
        concurrency: NonZeroUsize::new(4).expect("not 0"),
        pacing: Pacing::Answered,
        events: None,
        duration: None,
        patience: Duration::from_secs(20),
        ledger: None,
    }
}

fn deliveries(count: i64) -> impl Iterator<Item = Delivery> + Send {
    (0..count).map(|number| Delivery {
        at_ms: number * 50,
        body: format!(r#"{{"event":"test","number":{number}}}"#),
        request_id: format!("request-{number}"),
    })
}

/// What a server was sent: how often by body, and each request id.
type Seen = Arc<Mutex<BTreeMap<String, (usize, String)>>>;

/// Serves at `address` and answers the n-th sight of a body, counted from 1.
async fn serve(
    address: SocketAddr,
    answer: impl Fn(usize) -> StatusCode + Clone + Send + Sync + 'static,
) -> (SocketAddr, Seen, JoinHandle<()>) {
    let seen = Seen::default();
    let at_server = Arc::clone(&seen);
    let handler = move |headers: HeaderMap, body: Bytes| async move {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let signed = Headers {
            timestamp: header("x-zm-request-timestamp"),
            signature: header("x-zm-signature"),
        };
        let secrets = [secret()];
        let signed = verify(&secrets, signed, &body).expect("each attempt is signed");
        signed.check_time(clock::now(), Duration::from_secs(60)).expect("and freshly");
        assert_eq!(header("user-agent"), Some("Zoom Marketplace/1.0a"));
        assert_eq!(header("content-type"), Some("application/json"));
        let body = String::from_utf8(body.to_vec()).expect("bodies are text");
        let id = header("x-zm-request-id").expect("each has an id").to_owned();
        let mut seen = at_server.lock().expect("no handler panicked");
        let (times, first_id) = seen.entry(body).or_insert((0, id.clone()));
        assert_eq!(*first_id, id, "a delivery tried again keeps its id");
        *times += 1;
        answer(*times)
    };
    let socket = TcpSocket::new_v4().expect("loopback is there");
    socket.set_reuseaddr(true).expect("it is a fresh socket");
    socket.bind(address).expect("the port is free");
    let listener = socket.listen(64).expect("it is bound");
    let address = listener.local_addr().expect("it is bound");
    let router = Router::new().route("/hook", post(handler));
    let server = tokio::spawn(async move {
        axum::serve(listener, router).await.expect("loopback works");
    });
    (address, seen, server)
}

fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

async fn never() {
    std::future::pending().await
}

#[tokio::test]
async fn every_answer_means_to_us_what_it_means_to_zoom() {
    use StatusCode as S;
    #[rustfmt::skip]
    let cases = [
        // what is special       first answer             then             (acknowledged, refused), attempts
        ("stored",               S::NO_CONTENT,            S::IM_A_TEAPOT, (10, 0), 10),
        ("answered with 200",    S::OK,                    S::IM_A_TEAPOT, (10, 0), 10),
        ("busy once",            S::SERVICE_UNAVAILABLE,   S::NO_CONTENT,  (10, 0), 20),
        ("broken, then refused", S::INTERNAL_SERVER_ERROR, S::NOT_FOUND,   (0, 10), 20),
        ("wrongly signed",       S::UNAUTHORIZED,          S::NO_CONTENT,  (0, 10), 10),
        ("redirected",           S::PERMANENT_REDIRECT,    S::NO_CONTENT,  (0, 10), 10),
        ("told to wait",         S::TOO_MANY_REQUESTS,     S::NO_CONTENT,  (0, 10), 10),
        ("accepted, not stored", S::ACCEPTED,              S::NO_CONTENT,  (0, 10), 10),
    ];
    for (what, first, then, (acknowledged, refused), attempts) in cases {
        let answer = move |times| if times == 1 { first } else { then };
        let (address, _, server) = serve(any_port(), answer).await;
        let summary = send(sending(address), deliveries(10), never()).await.expect(what);
        assert_eq!((summary.acknowledged, summary.refused), (acknowledged, refused), "{what}");
        assert_eq!(summary.answers.values().sum::<u64>(), attempts, "{what}");
        assert_eq!(summary.given_up, 0, "{what}");
        assert!(summary.latency().is_some(), "{what}");
        server.abort();
    }
}

#[tokio::test]
async fn a_server_that_comes_up_late_gets_everything_once() {
    // On a busy machine the workers may begin so late that the server is there: then it was not late.
    for late_ms in [250, 500, 1_000, 2_000, 4_000] {
        let (address, _, server) = serve(any_port(), |_| StatusCode::NO_CONTENT).await;
        server.abort();
        let _ = server.await;
        let sending = tokio::spawn(send(sending(address), deliveries(20), never()));
        sleep(Duration::from_millis(late_ms)).await;
        let (_, seen, server) = serve(address, |_| StatusCode::NO_CONTENT).await;
        let summary = sending.await.expect("no panic").expect("it can be sent");
        assert_eq!(summary.acknowledged, 20);
        assert!(seen.lock().expect("no panic").values().all(|(times, _)| *times == 1));
        server.abort();
        if summary.failures.get(&Failure::NoConnection).is_some_and(|failures| *failures >= 4) {
            return;
        }
    }
    panic!("nobody tried before the server was there");
}

#[tokio::test]
async fn what_is_never_answered_is_given_up_and_said() {
    let listener = TcpListener::bind(any_port()).await.expect("loopback is there");
    let address = listener.local_addr().expect("it is bound");
    let server = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.readable().await.expect("the client speaks first");
            drop(stream);
        }
    });
    let sending = Sending { patience: Duration::from_millis(150), ..sending(address) };
    let summary = send(sending, deliveries(8), never()).await.expect("it can be tried");
    assert_eq!((summary.given_up, summary.deliveries()), (8, 8));
    assert_eq!(summary.failures, BTreeMap::from([(Failure::BrokenOff, 16)]));
    assert_eq!(summary.latency(), None);
    assert!(!summary.all_acknowledged());
    server.abort();
}

#[tokio::test]
async fn sending_ends_at_the_number_the_time_or_the_stop() {
    let (address, _, server) = serve(any_port(), |_| StatusCode::NO_CONTENT).await;
    let counted = Sending { events: Some(7), ..sending(address) };
    let summary = send(counted, deliveries(1_000_000), never()).await.expect("it can be sent");
    assert_eq!(summary.deliveries(), 7);

    let timed = Sending { duration: Some(Duration::from_millis(200)), ..sending(address) };
    let summary = send(timed, deliveries(1_000_000), never()).await.expect("it can be sent");
    assert!(summary.elapsed >= Duration::from_millis(200), "{summary}");
    assert!(summary.deliveries() < 1_000_000, "{summary}");
    server.abort();

    let (address, seen, server) = serve(any_port(), |_| StatusCode::NO_CONTENT).await;
    let slow = Sending { pacing: Pacing::Every(Duration::from_secs(3600)), ..sending(address) };
    let stop = async move {
        while seen.lock().expect("no handler panicked").is_empty() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    let summary = send(slow, deliveries(1_000_000), stop).await.expect("it can be sent");
    assert_eq!(summary.deliveries(), 1, "the first is due at once, the second in an hour");
    assert!(summary.elapsed < Duration::from_secs(3600), "{summary}");
    server.abort();
}

#[tokio::test]
async fn deliveries_wait_for_their_time() {
    let (address, _, server) = serve(any_port(), |_| StatusCode::NO_CONTENT).await;
    for pacing in [Pacing::Every(Duration::from_millis(20)), Pacing::Told { from_ms: 2_000 }] {
        // Told from 2,000 ms on, the last of 61 is due at 60 · 50 ms − 2,000 ms.
        let count = if pacing == (Pacing::Told { from_ms: 2_000 }) { 61 } else { 51 };
        // Never too early; in time unless the machine is busy with something else.
        let mut elapsed_ms = Vec::new();
        while elapsed_ms.last().is_none_or(|last| *last >= 2_500) && elapsed_ms.len() < 5 {
            let paced = Sending { pacing, ..sending(address) };
            let summary = send(paced, deliveries(count), never()).await.expect("it can be sent");
            elapsed_ms.push(summary.elapsed.as_millis());
        }
        let last = elapsed_ms.last().expect("it was sent");
        assert!((1_000..2_500).contains(last), "{pacing:?}: {elapsed_ms:?} ms");
    }
    server.abort();
}

#[tokio::test]
async fn the_ledger_names_what_was_acknowledged_and_nothing_else() {
    let odd = |body: &str| body.contains(r#":1}"#);
    let (address, _, server) = serve(any_port(), |_| StatusCode::NO_CONTENT).await;
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let path = directory.path().join("acknowledged");
    let ledger = Some(Ledger::create(&path).expect("the directory is there"));
    let given: Vec<Delivery> = deliveries(9).filter(|d| !odd(&d.body)).collect();
    let mut keys: Vec<String> =
        given.iter().map(|d| Key::of(d.body.as_bytes()).to_string()).collect();
    let sending = Sending { ledger, ..sending(address) };
    send(sending, given.into_iter(), never()).await.expect("it can be sent");
    let text = std::fs::read_to_string(&path).expect("it was written");
    let mut written: Vec<&str> = text.lines().collect();
    written.sort_unstable();
    keys.sort_unstable();
    assert_eq!(written, keys);
    server.abort();
}

#[tokio::test]
async fn only_http_can_be_sent_to() {
    let sending =
        Sending { url: "ftp://127.0.0.1/".parse().expect("it is a URL"), ..sending(any_port()) };
    let error = send(sending, deliveries(1), never()).await.expect_err("not http");
    assert_eq!(
        error.to_string(),
        "`ftp://127.0.0.1/` cannot be posted to; use an http or https URL"
    );
}
