//! The sender against small servers that answer in all the ways an intake can.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use lookout::time::clock;
use lookout::zoom::Key;
use lookout::zoom::signature::{Headers, verify};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::summary::Failure;
use super::*;

fn secret() -> Secret {
    Secret::new("fixture-secret-token-not-a-real-secret").expect("not empty")
}

fn options(address: SocketAddr) -> Options {
    let url = format!("http://{address}/hook").parse().expect("an address makes a URL");
    Options {
        url,
        secret: secret(),
        concurrency: NonZeroUsize::new(4).expect("not 0"),
        pacing: Pacing::AsAnswered,
        events: None,
        duration: None,
        give_up_after: Duration::from_secs(20),
        ack_log: None,
    }
}

fn deliveries(count: i64) -> impl Iterator<Item = Delivery> + Send {
    (0..count).map(|number| Delivery {
        at_ms: number * 50,
        body: format!(r#"{{"event":"test","number":{number}}}"#),
        request_id: format!("request-{number}"),
    })
}

/// How often a server received each body, and its request id.
type Received = Arc<Mutex<BTreeMap<String, (usize, String)>>>;

/// Serves at any port. `answer` takes how often the body was received by now.
async fn serve(
    answer: impl Fn(usize) -> StatusCode + Clone + Send + Sync + 'static,
) -> (SocketAddr, Received, JoinHandle<()>) {
    let listener = TcpListener::bind(any_port()).await.expect("loopback is there");
    let address = listener.local_addr().expect("it is bound");
    let (received, server) = serve_on(listener, answer);
    (address, received, server)
}

fn serve_on(
    listener: TcpListener,
    answer: impl Fn(usize) -> StatusCode + Clone + Send + Sync + 'static,
) -> (Received, JoinHandle<()>) {
    let received = Received::default();
    let at_server = Arc::clone(&received);
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
        let mut received = at_server.lock().expect("no handler panicked");
        let (times, first_id) = received.entry(body).or_insert((0, id.clone()));
        assert_eq!(*first_id, id, "a delivery tried again keeps its id");
        *times += 1;
        answer(*times)
    };
    let router = Router::new().route("/hook", post(handler));
    let server = tokio::spawn(async move {
        axum::serve(listener, router).await.expect("loopback works");
    });
    (received, server)
}

fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

async fn never() {
    std::future::pending().await
}

#[tokio::test]
async fn every_answer_is_handled_as_zoom_handles_it() {
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
        let (address, _, server) = serve(answer).await;
        let summary = send(options(address), deliveries(10), never()).await.expect(what);
        assert_eq!((summary.acknowledged, summary.refused), (acknowledged, refused), "{what}");
        assert_eq!(summary.answers.values().sum::<u64>(), attempts, "{what}");
        assert_eq!(summary.given_up, 0, "{what}");
        assert!(summary.latency(0.5).is_some(), "{what}");
        server.abort();
    }
}

#[tokio::test]
async fn connections_that_are_closed_are_tried_again_and_each_delivery_arrives_once() {
    let listener = TcpListener::bind(any_port()).await.expect("loopback is there");
    let address = listener.local_addr().expect("it is bound");
    let sending = tokio::spawn(send(options(address), deliveries(20), never()));
    for _ in 0..4 {
        drop(listener.accept().await.expect("the sender connects"));
    }
    let (received, server) = serve_on(listener, |_| StatusCode::NO_CONTENT);
    let summary = sending.await.expect("no panic").expect("it can be sent");
    assert_eq!((summary.acknowledged, summary.failed_attempts()), (20, 4));
    assert!(received.lock().expect("no panic").values().all(|(times, _)| *times == 1));
    server.abort();
}

#[tokio::test]
async fn what_is_never_answered_is_given_up_and_reported() {
    let listener = TcpListener::bind(any_port()).await.expect("loopback is there");
    let address = listener.local_addr().expect("it is bound");
    let server = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.readable().await.expect("the client speaks first");
            drop(stream);
        }
    });
    let sending = Options { give_up_after: Duration::from_millis(150), ..options(address) };
    let summary = send(sending, deliveries(8), never()).await.expect("it can be tried");
    assert_eq!((summary.given_up, summary.deliveries()), (8, 8));
    assert_eq!(summary.failures, BTreeMap::from([(Failure::ConnectionClosed, 16)]));
    assert_eq!(summary.latency(0.5), None);
    assert!(!summary.is_all_acknowledged());
    server.abort();
}

#[tokio::test]
async fn sending_ends_at_the_number_of_events_the_time_or_the_stop() {
    let (address, _, server) = serve(|_| StatusCode::NO_CONTENT).await;
    let counted = Options { events: Some(7), ..options(address) };
    let summary = send(counted, deliveries(1_000_000), never()).await.expect("it can be sent");
    assert_eq!(summary.deliveries(), 7);

    let timed = Options { duration: Some(Duration::from_millis(200)), ..options(address) };
    let summary = send(timed, deliveries(1_000_000), never()).await.expect("it can be sent");
    assert!(summary.elapsed >= Duration::from_millis(200), "{summary}");
    assert!(summary.deliveries() < 1_000_000, "{summary}");
    server.abort();

    let (address, received, server) = serve(|_| StatusCode::NO_CONTENT).await;
    let slow = Options { pacing: Pacing::Every(Duration::from_secs(3600)), ..options(address) };
    let stop = async move {
        while received.lock().expect("no handler panicked").is_empty() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    let summary = send(slow, deliveries(1_000_000), stop).await.expect("it can be sent");
    assert_eq!(summary.deliveries(), 1, "the first is due at once, the second in an hour");
    assert!(summary.elapsed < Duration::from_secs(3600), "{summary}");
    server.abort();
}

#[tokio::test]
async fn deliveries_are_never_sent_before_their_time() {
    let (address, _, server) = serve(|_| StatusCode::NO_CONTENT).await;
    let paced = Options { pacing: Pacing::Every(Duration::from_millis(20)), ..options(address) };
    let summary = send(paced, deliveries(51), never()).await.expect("it can be sent");
    assert!(summary.elapsed >= Duration::from_secs(1), "{summary}");
    server.abort();
}

#[tokio::test]
async fn the_ack_log_holds_what_was_acknowledged_and_nothing_else() {
    let (address, _, server) = serve(|_| StatusCode::NO_CONTENT).await;
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let path = directory.path().join("acknowledged");
    let ack_log = Some(AckLog::create(&path).expect("the directory is there"));
    let mut keys: Vec<String> =
        deliveries(9).map(|delivery| Key::of(delivery.body.as_bytes()).to_string()).collect();
    let sending = Options { ack_log, ..options(address) };
    send(sending, deliveries(9), never()).await.expect("it can be sent");
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
        Options { url: "ftp://127.0.0.1/".parse().expect("it is a URL"), ..options(any_port()) };
    let error = send(sending, deliveries(1), never()).await.expect_err("not http");
    assert_eq!(error.to_string(), "cannot post to `ftp://127.0.0.1/`; use an http or https URL");
}
