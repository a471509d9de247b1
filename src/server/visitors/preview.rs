//! The preview for a template author: pages reload when a template changes, and show what is wrong
//! with it.
//!
//! Nobody else may see the preview. It has its own loopback address, listens only when asked for, and
//! refuses requests for other hosts and from proxies. The published files don't contain its script:
//! it is added to each page that is served here.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::{Stream, StreamExt, stream};
use http_body_util::BodyExt;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::config::Settings;
use crate::generator::{Preview, Previews};

const SCRIPT: &str = include_str!("preview.js");

/// The headers that proxies add.
const BY_A_PROXY: [&str; 5] =
    ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];

/// The routes of the preview of `site`.
pub fn router(
    settings: &Settings,
    site: Router,
    previews: &Previews,
    shutdown: &CancellationToken,
) -> Router {
    let path = settings.site.path.as_str();
    let script: Bytes = format!("<script src=\"{path}preview.js\"></script>\n").into();
    let (previews, shutdown) = (previews.clone(), shutdown.clone());
    let events = get(async move || stream_previews(previews.subscribe(), shutdown.clone()));
    Router::new()
        .route(&format!("{path}preview.js"), get(serve_script))
        .route(&format!("{path}preview.events"), events)
        .fallback_service(site.layer(middleware::from_fn_with_state(script, add_script)))
        .layer(middleware::from_fn(refuse_strangers))
}

/// Parses a loopback address.
pub fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text
        .parse()
        .map_err(|_| format!("`{text}` is not an address and a port, such as 127.0.0.1:8789"))?;
    match address.ip().is_loopback() {
        true => Ok(address),
        false => Err("a preview is for this machine alone: use 127.0.0.1 or [::1]".to_owned()),
    }
}

async fn refuse_strangers(request: Request, next: Next) -> Response {
    if is_local(request.headers()) {
        next.run(request).await
    } else {
        let why = "the preview is only for this machine: open it there as http://127.0.0.1\n";
        (StatusCode::FORBIDDEN, why).into_response()
    }
}

/// Whether the request comes from a browser on this machine.
fn is_local(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let ip = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let for_us = name.eq_ignore_ascii_case("localhost") || ip.is_ok_and(|ip| ip.is_loopback());
    for_us && !BY_A_PROXY.iter().any(|name| headers.contains_key(*name))
}

/// Appends the script to a page, which is requested whole and not compressed.
async fn add_script(
    State(script): State<Bytes>,
    mut request: Request,
    next: Next,
) -> Result<Response, StatusCode> {
    let headers = request.headers_mut();
    for name in
        [header::ACCEPT_ENCODING, header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE, header::RANGE]
    {
        headers.remove(name);
    }
    let is_asked_for = request.method() == Method::GET;
    let response = next.run(request).await;
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_page = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if !is_page || !is_asked_for || response.status() != StatusCode::OK {
        return Ok(response);
    }
    let (mut head, body) = response.into_parts();
    let page = body.collect().await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?.to_bytes();
    head.headers.remove(header::CONTENT_LENGTH);
    Ok(Response::from_parts(head, Body::from([page, script].concat())))
}

async fn serve_script() -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, SCRIPT).into_response()
}

fn stream_previews(previews: watch::Receiver<Preview>, shutdown: CancellationToken) -> Response {
    let stream = states(previews).take_until(Box::pin(shutdown.cancelled_owned()));
    Sse::new(stream).keep_alive(KeepAlive::new()).into_response()
}

/// The state of the preview, now and after each change.
fn states(mut previews: watch::Receiver<Preview>) -> impl Stream<Item = Result<Event, Infallible>> {
    previews.mark_changed();
    stream::unfold(previews, async |mut previews| {
        previews.changed().await.ok()?;
        let Preview { version, fault } = previews.borrow_and_update().clone();
        let state = serde_json::json!({ "version": version, "fault": fault.as_deref() });
        Some((Ok(Event::default().data(state.to_string())), previews))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_shown_a_preview() {
        #[rustfmt::skip]
        let cases = [
            // what is special            host                  another header              shown
            ("the printed address",       "127.0.0.1:8789",     None,                       true),
            ("by name",                   "localhost:8789",     None,                       true),
            ("IPv6",                      "[::1]:8789",         None,                       true),
            ("without a port",            "localhost",          None,                       true),
            ("another name for it",       "rebound.example",    None,                       false),
            ("a name that begins alike",  "localhost.example",  None,                       false),
            ("an address in the network", "192.168.0.7:8789",   None,                       false),
            ("no name",                   "",                   None,                       false),
            ("through nginx",             "127.0.0.1:8789",     Some("x-forwarded-for"),    false),
            ("through another proxy",     "localhost",          Some("via"),                false),
        ];
        for (what, host, other, shown) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static(host));
            if let Some(name) = other {
                headers.insert(name, HeaderValue::from_static("x"));
            }
            assert_eq!(is_local(&headers), shown, "{what}");
        }
    }

    #[test]
    fn only_addresses_of_this_machine_are_taken() {
        #[rustfmt::skip]
        let cases = [
            // what is special       text                 taken
            ("this machine",         "127.0.0.1:8789",    true),
            ("IPv6",                 "[::1]:0",           true),
            ("everybody's",          "0.0.0.0:8789",      false),
            ("in the network",       "192.168.0.7:8789",  false),
            ("no port",              "127.0.0.1",         false),
        ];
        for (what, text, taken) in cases {
            assert_eq!(parse_address(text).is_ok(), taken, "{what}");
        }
    }
}
