//! Serves the site and its stream of changes to browsers, where there is no nginx.
//!
//! Visitors have limits of their own, so that many of them can't block the webhook. Beyond the
//! limits they get a 503, and the page polls.

pub mod preview;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use futures_util::{Stream, stream};
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tower_http::services::ServeDir;

use crate::config::Settings;
use crate::site::headers::Kind;

/// Requests for pages and files in flight at once.
const MAX_FILES: usize = 256;

/// Streams open at once.
const MAX_STREAMS: usize = 1024;

/// How often a comment is sent on a stream, so that proxies don't close it.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(15);

/// The number of publications that visitors can see; each change is one event on the stream.
pub type Publications = watch::Receiver<u64>;

#[derive(Debug, Clone)]
struct Visitors {
    site_path: Arc<str>,
    csv_path: Arc<str>,
    is_indexed: bool,
    files: ServeDir,
    slots: Arc<Semaphore>,
}

#[derive(Debug, Clone)]
struct Live {
    publications: Publications,
    shutdown: CancellationToken,
    slots: Arc<Semaphore>,
}

/// The routes of the site, the CSV and the stream of changes.
pub fn router(
    settings: &Settings,
    publications: Publications,
    shutdown: CancellationToken,
) -> Router {
    let site_path = settings.site.path.as_str();
    let is_indexed = settings.site.index;
    let visitors = Visitors {
        site_path: site_path.into(),
        csv_path: format!("/{}", settings.csv.path).into(),
        is_indexed,
        files: ServeDir::new(&settings.site.output_dir).precompressed_gzip(),
        slots: Arc::new(Semaphore::new(MAX_FILES)),
    };
    let live = Live { publications, shutdown, slots: Arc::new(Semaphore::new(MAX_STREAMS)) };
    let mut router =
        Router::new().route(&format!("{site_path}live"), get(stream_changes)).with_state(live);
    if site_path != "/" {
        // The address alone, or without the last slash, leads to the page, too.
        for path in ["/", site_path.trim_end_matches('/')] {
            let target = site_path.to_owned();
            router = router.route(path, get(async move || Redirect::temporary(&target)));
        }
    }
    router
        .fallback_service(get(serve_file).with_state(visitors))
        .layer(middleware::map_response_with_state(is_indexed, harden))
}

async fn serve_file(State(visitors): State<Visitors>, request: Request) -> Response {
    if !visitors.may_see(request.uri().path()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let Ok(slot) = Arc::clone(&visitors.slots).try_acquire_owned() else { return crowded() };
    let kind = Kind::of(request.uri().path(), &visitors.site_path);
    let response = visitors.files.oneshot(request).await.unwrap_or_else(|never| match never {});
    let mut response = response.map(|body| hold(Body::new(body), slot));
    let caching = if response.status().is_success() { kind.caching() } else { "no-cache" };
    protect(&mut response, kind, visitors.is_indexed);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    name_charset(&mut response);
    response
}

/// Adds the charset: all published files are UTF-8, but not all formats can say so.
fn name_charset(response: &mut Response) {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let Some(kind) = kind.filter(|kind| kind.starts_with("text/") && !kind.contains("charset"))
    else {
        return;
    };
    if let Ok(kind) = HeaderValue::try_from(format!("{kind}; charset=utf-8")) {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
}

impl Visitors {
    fn may_see(&self, path: &str) -> bool {
        let ours = path.starts_with(&*self.site_path) || path == &*self.csv_path;
        // No legitimate path needs an encoded `.` or `/`.
        let path = path.to_ascii_lowercase().replace("%2e", ".").replace("%2f", "/");
        let hidden = path.split('/').any(|part| part.starts_with('.'));
        ours && !hidden
    }
}

fn crowded() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")], "too many visitors\n")
        .into_response()
}

/// Keeps `slot` until the body is sent.
fn hold(body: Body, slot: OwnedSemaphorePermit) -> Body {
    Body::new(body.map_frame(move |frame| {
        let _held = &slot;
        frame
    }))
}

async fn stream_changes(State(live): State<Live>) -> Response {
    let Ok(slot) = Arc::clone(&live.slots).try_acquire_owned() else { return crowded() };
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE_INTERVAL);
    let mut response = Sse::new(changes(live, slot)).keep_alive(keep_alive).into_response();
    let headers = response.headers_mut();
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

fn changes(
    live: Live,
    slot: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let Live { mut publications, shutdown, .. } = live;
    publications.mark_unchanged();
    let next = async move |mut publications: Publications| {
        publications.changed().await.ok()?;
        let count = *publications.borrow_and_update();
        Some((Ok(Event::default().data(count.to_string())), publications))
    };
    let changes = stream::unfold(publications, next);
    let until = Box::pin(async move {
        let _held = slot;
        shutdown.cancelled().await;
    });
    futures_util::StreamExt::take_until(changes, until)
}

/// Protects all answers that are not files like pages.
async fn harden(State(is_indexed): State<bool>, mut response: Response) -> Response {
    protect(&mut response, Kind::Page, is_indexed);
    response
}

/// Adds the headers of `kind` that are missing.
fn protect(response: &mut Response, kind: Kind, is_indexed: bool) {
    let headers = response.headers_mut();
    for (name, value) in kind.protection(is_indexed) {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("the names are ours");
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}
