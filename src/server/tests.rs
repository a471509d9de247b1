//! Real connections at small limits.

use std::net::IpAddr;

use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::*;

/// Nothing a test waits for takes nearly so long.
const PATIENCE: Duration = Duration::from_secs(20);

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";

/// A server with `limits` that answers at once, or at `/slow` when it is let.
struct Server {
    address: SocketAddr,
    _stop_on_drop: DropGuard,
    /// Says when a slow request has come.
    slow: mpsc::Receiver<()>,
    let_go: Arc<Notify>,
}

impl Server {
    fn start(limits: Limits) -> Self {
        let listener = listen("127.0.0.1:0".parse().expect("an address")).expect("it listens");
        let address = listener.local_addr().expect("it is bound");
        let shutdown = CancellationToken::new();
        let stop_on_drop = shutdown.clone().drop_guard();
        let (arrived, slow) = mpsc::channel(8);
        let let_go = Arc::new(Notify::new());
        let go = Arc::clone(&let_go);
        let wait = async move || {
            arrived.send(()).await.expect("the test listens");
            go.notified().await;
            "slow"
        };
        let router = Router::new().route("/", get(async || "ok")).route("/slow", get(wait));
        tokio::spawn(serve_within(limits, listener, router, shutdown));
        Self { address, _stop_on_drop: stop_on_drop, slow, let_go }
    }

    async fn connect_from(&self, ip: &str) -> TcpStream {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::new(ip.parse().expect("an address"), 0)).expect("bound");
        socket.connect(self.address).await.expect("it listens")
    }
}

/// Asks on `stream`; whether there was an answer.
async fn ask(stream: &mut TcpStream) -> bool {
    drop(stream.write_all(REQUEST).await);
    answer(stream).await.contains("200 OK")
}

/// What comes next; nothing if it is closed.
async fn answer(stream: &mut TcpStream) -> String {
    let mut bytes = vec![0; 4096];
    let read = timeout(PATIENCE, stream.read(&mut bytes)).await.expect("an answer or the end");
    String::from_utf8_lossy(&bytes[..read.unwrap_or(0)]).into_owned()
}

fn nobody_is_trusted(_: IpAddr) -> bool {
    false
}

fn limits(connections: usize, from_one_network: usize) -> Limits {
    Limits { connections, from_one_network, is_trusted: nobody_is_trusted, ..Limits::default() }
}

#[tokio::test]
async fn the_longest_idle_connection_makes_room_for_a_new_one() {
    let mut server = Server::start(limits(3, 100));
    let mut busy = server.connect_from("127.0.0.1").await;
    busy.write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("sent");
    server.slow.recv().await.expect("it has come");
    let mut idle = server.connect_from("127.0.0.1").await;
    assert!(ask(&mut idle).await);
    let mut younger = server.connect_from("127.0.0.1").await;
    assert!(ask(&mut younger).await);

    let mut new = server.connect_from("127.0.0.1").await;
    assert!(ask(&mut new).await, "a new one is served at the cap");
    assert_eq!(answer(&mut idle).await, "", "the oldest idle one is closed");
    assert!(ask(&mut younger).await, "and no other, as they would be by the time-out");
    server.let_go.notify_one();
    assert!(answer(&mut busy).await.contains("slow"), "a request under way is answered");
}

#[tokio::test]
async fn connections_that_are_kept_alive_keep_nobody_out() {
    let server = Server::start(limits(8, 100));
    for _ in 0..8 {
        let mut kept = server.connect_from("127.0.0.1").await;
        assert!(ask(&mut kept).await);
        // It asks again and again, so it is never idle for long.
        tokio::spawn(async move {
            while ask(&mut kept).await {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
    }
    for number in 0..8 {
        let mut new = server.connect_from("127.0.0.1").await;
        assert!(ask(&mut new).await, "new connection {number}");
    }
}

#[tokio::test]
async fn one_network_has_so_many_connections_and_others_have_theirs() {
    let server = Server::start(limits(100, 2));
    let (mut a, mut b) =
        (server.connect_from("127.0.0.1").await, server.connect_from("127.0.0.1").await);
    assert!(ask(&mut a).await && ask(&mut b).await);
    let mut third = server.connect_from("127.0.0.1").await;
    assert!(!ask(&mut third).await, "it is closed");
    let mut other = server.connect_from("127.0.0.2").await;
    assert!(ask(&mut other).await, "another network");
    drop(a);
    // The server hears of it a little later.
    let begun = Instant::now();
    while !ask(&mut server.connect_from("127.0.0.1").await).await {
        assert!(begun.elapsed() < PATIENCE, "a closed one makes room");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_proxy_on_this_machine_brings_as_many_as_it_likes() {
    let server = Server::start(Limits { from_one_network: 1, ..Limits::default() });
    let mut kept = Vec::new();
    for _ in 0..20 {
        let mut stream = server.connect_from("127.0.0.1").await;
        assert!(ask(&mut stream).await);
        kept.push(stream);
    }
}

#[tokio::test]
async fn long_heads_share_a_budget_and_short_ones_need_none() {
    let mut server = Server::start(Limits { heads: 16 << 10, ..Limits::default() });
    let long = |path: &str| {
        let filler = "x".repeat(20 << 10);
        format!("GET {path} HTTP/1.1\r\nhost: a\r\nx: {filler}\r\n\r\n").into_bytes()
    };
    let mut first = server.connect_from("127.0.0.1").await;
    first.write_all(&long("/slow")).await.expect("sent");
    server.slow.recv().await.expect("it has come");

    let mut second = server.connect_from("127.0.0.1").await;
    // It may be closed before all is sent.
    drop(second.write_all(&long("/")).await);
    assert_eq!(answer(&mut second).await, "", "there is room for one");
    let mut short = server.connect_from("127.0.0.1").await;
    assert!(ask(&mut short).await, "beside a long one");

    server.let_go.notify_one();
    assert!(answer(&mut first).await.contains("slow"));
    let mut third = server.connect_from("127.0.0.1").await;
    drop(third.write_all(&long("/")).await);
    assert!(answer(&mut third).await.contains("200 OK"), "there is room again");
}
