//! Serving HTTP with the time-outs and caps that `axum::serve` lacks.
//!
//! A client that is slow to send its headers, that stays idle, or that does not read
//! its answer is closed; the rest goes on. What a handler may take, it limits itself.

mod failure;
mod shutdown;

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_io_timeout::TimeoutStream;

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

/// The longest head taken, in bytes; as many may be held for each connection. Zoom's have
/// 1 KiB, and nginx passes on no more than this.
const LONGEST_HEAD: usize = 32 << 10;

/// At most so many connections are open at once; more wait in the backlog.
const CONNECTIONS: usize = 16_384;

/// How many connections the kernel holds for us in a burst.
const BACKLOG: u32 = 4096;

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
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
    let mut stop = pin!(shutdown.clone().wait());
    loop {
        tokio::select! {
            () = &mut stop => break,
            (stream, permit) = accept(&listener, &connections) => {
                tokio::spawn(serve_connection(stream, permit, router.clone(), shutdown.clone()));
            }
        }
    }
    drop(listener);
    let all = u32::try_from(CONNECTIONS).expect("it is small");
    if timeout(DRAIN_TIMEOUT, connections.acquire_many(all)).await.is_err() {
        tracing::warn!("some requests were still under way after {} s", DRAIN_TIMEOUT.as_secs());
    }
}

async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> (TcpStream, OwnedSemaphorePermit) {
    let permit = Arc::clone(connections).acquire_owned().await.expect("it is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, permit),
            Err(error) => pause_after(&error).await,
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

async fn serve_connection(
    stream: TcpStream,
    permit: OwnedSemaphorePermit,
    router: Router,
    shutdown: Shutdown,
) {
    // Without this an answer waits for the acknowledgement of the one before it.
    drop(stream.set_nodelay(true));
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE_TIMEOUT));
    let (asked, service) = (Notify::new(), TowerToHyperService::new(router));
    let service = service_fn(|request: Request<Incoming>| {
        asked.notify_one();
        service.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(LONGEST_HEAD)
        .serve_connection(TokioIo::new(Box::pin(stream)), service);
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
        () = time_to_end => {
            connection.as_mut().graceful_shutdown();
            drop(connection.await);
        }
    }
    drop(permit);
}
