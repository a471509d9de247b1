//! Serving HTTP with the time-outs and caps that `axum::serve` lacks.
//!
//! A client that is slow to send its headers, that stays idle, or that does not read
//! its answer is closed; the rest goes on. Nobody holds all connections: see [`connections`].
//! What a handler may take, it limits itself.

pub mod admin;
mod connections;
mod failure;
mod metered;
mod shutdown;
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

use connections::{Connections, Limits, Place};
use metered::Metered;

pub use failure::{Certificate, Failure};
pub use shutdown::{Shutdown, Signals, Trigger};

/// From accepting to the end of the headers; also how long a connection may be idle.
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a client may leave its answer unread.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long requests under way may take to end once serving is to stop.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a connection without any request is waited for once serving is to stop.
const FIRST_REQUEST: Duration = Duration::from_millis(500);

/// The longest head taken, in bytes. Zoom's have 1 KiB, and nginx passes on no more than this.
const LONGEST_HEAD: usize = 32 << 10;

/// A connection older than this is closed after the answer under way.
const LIFETIME: Duration = Duration::from_secs(600);

/// How long to wait for an evicted connection to end before the next one is evicted.
const EVICTION: Duration = Duration::from_millis(50);

/// How many connections the kernel holds for us in a burst. With more, a busy server would answer those
/// who have given up for seconds after an overload.
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

/// Raises the limit of open files as far as allowed: a crowd of slow clients must not use it up.
pub fn raise_file_limit() {
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!("cannot raise the limit of open files: {error}");
    }
}

/// Serves `router` until `shutdown`, then lets requests under way end.
pub async fn serve(listener: TcpListener, router: Router, shutdown: Shutdown) {
    serve_within(Limits::default(), listener, router, shutdown).await;
}

async fn serve_within(limits: Limits, listener: TcpListener, router: Router, shutdown: Shutdown) {
    let permits = Arc::new(Semaphore::new(limits.connections));
    let connections = Connections::new(limits);
    let mut stop = pin!(shutdown.clone().wait());
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

/// A connection, its place, and its permit.
struct Accepted {
    stream: TcpStream,
    place: Arc<Place>,
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
            match timeout(EVICTION, Arc::clone(permits).acquire_owned()).await {
                Ok(permit) => break permit.expect("it is never closed"),
                Err(_) => connections.evict(),
            }
        };
        // Whoever has too many is closed without an answer: Zoom would send again.
        if let Some(place) = connections.admit(address.ip()) {
            return Accepted { stream, place, permit };
        }
    }
}

/// A connection that broke while waiting is not our trouble; no descriptors left is, and
/// passes when others close.
async fn pause_after(error: &io::Error) {
    let broken = [io::ErrorKind::ConnectionAborted, io::ErrorKind::ConnectionReset];
    if !broken.contains(&error.kind()) {
        tracing::error!("cannot accept connections: {error}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn serve_connection(accepted: Accepted, router: Router, shutdown: Shutdown) {
    let Accepted { stream, place, permit } = accepted;
    let begun = Instant::now();
    // Without this an answer waits for the acknowledgement of the one before it.
    drop(stream.set_nodelay(true));
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE_TIMEOUT));
    let (asked, service) = (Notify::new(), TowerToHyperService::new(router));
    let service = service_fn(|request: Request<Incoming>| {
        asked.notify_one();
        let (busy, answer) = (place.work(), service.call(request));
        async move {
            let mut answer = answer.await?;
            if begun.elapsed() > LIFETIME {
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            drop(busy);
            Ok::<_, Infallible>(answer)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(LONGEST_HEAD)
        .serve_connection(
            TokioIo::new(Metered::new(Box::pin(stream), Arc::clone(&place))),
            service,
        );
    let mut connection = pin!(connection);
    // hyper would close a connection on which nothing has come yet. Whoever has just connected
    // is about to ask, and is not to be sent away.
    let time_to_end = async {
        shutdown.wait().await;
        drop(timeout(FIRST_REQUEST, asked.notified()).await);
    };
    tokio::select! {
        // A client that breaks off or is closed for slowness is no event worth a line.
        ended = &mut connection => drop(ended),
        () = place.evicted() => {}
        () = time_to_end => {
            connection.as_mut().graceful_shutdown();
            drop(connection.await);
        }
    }
    drop(permit);
}

#[cfg(test)]
mod tests;
