//! Serving HTTP with the time-outs and caps that `axum::serve` lacks.
//!
//! The connection of a client that is slow to send its headers, stays idle, or does not read its
//! answer is closed. No client can hold all connections: see [`connections`]. Handlers limit what
//! they use themselves.

pub mod admin;
mod connections;
mod metered;
pub mod visitors;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::CONNECTION;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;

use connections::{Connection, Connections, Limits};
use metered::MeteredStream;

/// From accepting to the end of the headers; also how long a connection may be idle.
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a client may leave its answer unread.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long requests in flight may take once the server stops.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// How long to wait for the first request of a connection once the server stops.
const FIRST_REQUEST_TIMEOUT: Duration = Duration::from_millis(500);

/// The longest accepted head, in bytes. Zoom's have 1 KiB, and nginx passes on no more than this.
const MAX_HEAD_BYTES: usize = 32 << 10;

/// A connection older than this is closed after the current answer.
const MAX_CONNECTION_AGE: Duration = Duration::from_secs(600);

/// How long to wait for an evicted connection to end before the next one is evicted.
const EVICTION_TIMEOUT: Duration = Duration::from_millis(50);

/// How many connections the kernel queues. With more, the server would answer clients that have
/// given up for seconds after an overload.
const BACKLOG: u32 = 1024;

/// Listens on `address`.
pub fn listen(address: SocketAddr) -> Result<TcpListener> {
    let listen = || {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    listen().with_context(|| format!("cannot listen on `{address}`"))
}

/// Raises the limit of open files as far as allowed, so that many slow clients don't reach it.
pub fn raise_file_limit() {
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!("cannot raise the limit of open files: {error}");
    }
}

/// Serves `router` until `shutdown`, then waits for requests in flight.
pub async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) {
    serve_within(Limits::default(), listener, router, shutdown).await;
}

async fn serve_within(
    limits: Limits,
    listener: TcpListener,
    router: Router,
    shutdown: CancellationToken,
) {
    let permits = Arc::new(Semaphore::new(limits.connections));
    let connections = Connections::new(limits);
    let mut stop = pin!(shutdown.cancelled());
    loop {
        tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &connections, &permits) => {
                tokio::spawn(serve_connection(accepted, router.clone(), shutdown.clone()));
            }
        }
    }
    drop(listener);
    let all = u32::try_from(limits.connections).expect("it is small");
    if timeout(DRAIN_TIMEOUT, permits.acquire_many(all)).await.is_err() {
        tracing::warn!("some requests were still under way after {} s", DRAIN_TIMEOUT.as_secs());
    }
}

/// An accepted connection.
struct Accepted {
    stream: TcpStream,
    client: Arc<Connection>,
    permit: OwnedSemaphorePermit,
}

async fn accept(
    listener: &TcpListener,
    connections: &Arc<Connections>,
    permits: &Arc<Semaphore>,
) -> Accepted {
    loop {
        let (stream, address) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                pause_after(&error).await;
                continue;
            }
        };
        if permits.available_permits() == 0 {
            connections.evict();
        }
        let permit = loop {
            match timeout(EVICTION_TIMEOUT, Arc::clone(permits).acquire_owned()).await {
                Ok(permit) => break permit.expect("it is never closed"),
                Err(_) => connections.evict(),
            }
        };
        // A connection over its network's limit is closed without an answer. Zoom sends again.
        if let Some(client) = connections.admit(address.ip()) {
            return Accepted { stream, client, permit };
        }
    }
}

/// Waits after an error of `accept`, unless the client broke the connection. Without free file
/// descriptors, accepting works again when other connections close.
async fn pause_after(error: &io::Error) {
    let broken = [io::ErrorKind::ConnectionAborted, io::ErrorKind::ConnectionReset];
    if !broken.contains(&error.kind()) {
        tracing::error!("cannot accept connections: {error}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn serve_connection(accepted: Accepted, router: Router, shutdown: CancellationToken) {
    let Accepted { stream, client, permit } = accepted;
    let begun = Instant::now();
    // Otherwise an answer waits for the acknowledgement of the previous one.
    drop(stream.set_nodelay(true));
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE_TIMEOUT));
    let (requested, service) = (Notify::new(), TowerToHyperService::new(router));
    let service = service_fn(|request: Request<Incoming>| {
        requested.notify_one();
        let (in_flight, answer) = (client.begin_request(), service.call(request));
        async move {
            let mut answer = answer.await?;
            if begun.elapsed() > MAX_CONNECTION_AGE {
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            drop(in_flight);
            Ok::<_, Infallible>(answer)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(
            TokioIo::new(MeteredStream::new(Box::pin(stream), Arc::clone(&client))),
            service,
        );
    let mut connection = pin!(connection);
    // hyper would close a connection without a request. A client that has just connected is about
    // to send one, so it gets a moment.
    let stop = async {
        shutdown.cancelled().await;
        drop(timeout(FIRST_REQUEST_TIMEOUT, requested.notified()).await);
    };
    tokio::select! {
        // A broken or slow connection is not logged.
        ended = &mut connection => drop(ended),
        () = client.evicted() => {}
        () = stop => {
            connection.as_mut().graceful_shutdown();
            drop(connection.await);
        }
    }
    drop(permit);
}

#[cfg(test)]
mod tests;
