//! The intake: verifies, stores and answers Zoom's deliveries.
//!
//! The signature is verified first. The answer waits for the journal only, unless the settings
//! require that the archive has the event, too. A 4xx loses an event for good, while Zoom sends it
//! again after a 503, so the answer to anything that may be our fault is a 503.

mod answer;
mod body;
mod clock_skew;
mod metrics;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use tokio::time::{Instant, timeout_at};

use crate::archive::{Majority, Waiter};
use crate::config::{Secret, Settings};
use crate::journal::{Appended, Content, Journal, NotStored, Record};
use crate::time::clock;
use crate::time::moment::Moment;
use crate::zoom::challenge::{self, CHALLENGE};
use crate::zoom::delivery::Reading;
use crate::zoom::signature::{self, Headers, SIGNATURE_HEADER, TIMESTAMP_HEADER, Untimely};
use crate::zoom::{Key, Redaction};

use answer::Answer;
use body::{BodyError, Budget};

pub use metrics::Metrics;

/// How long a body may take, counted from the headers.
const BODY_DEADLINE: Duration = Duration::from_secs(2);

/// How long storing may take, counted from the headers; Zoom waits 3 s.
const STORE_DEADLINE: Duration = Duration::from_millis(2500);

/// The header with Zoom's id of a delivery, the same for all its retries.
const REQUEST_ID_HEADER: &str = "x-zm-request-id";

/// A longer request id is not Zoom's, and is dropped.
const MAX_REQUEST_ID_BYTES: usize = 128;

/// The state of the webhook's handler.
#[derive(Debug)]
pub struct Intake {
    secrets: Vec<Secret>,
    tolerance: Duration,
    max_body: usize,
    redaction: Redaction,
    journal: Arc<Journal>,
    metrics: Metrics,
    budget: Budget,
    /// Must have an event, too, before it is acknowledged.
    majority: Option<Majority>,
}

impl Intake {
    /// An intake as `settings` have it, writing to `journal` and reporting to `metrics`.
    pub fn new(settings: &Settings, journal: Arc<Journal>, metrics: Metrics) -> Self {
        Self {
            secrets: settings.zoom.secret_tokens.clone(),
            tolerance: settings.zoom.tolerance,
            max_body: settings.zoom.max_body,
            redaction: settings.redaction(),
            journal,
            metrics,
            budget: Budget::new(settings.zoom.max_body),
            majority: None,
        }
    }

    /// Acknowledges only what `majority` has, too.
    #[must_use]
    pub fn acknowledging(self, majority: Option<Majority>) -> Self {
        Self { majority, ..self }
    }

    /// The routes of the webhook, one for each of `paths`.
    pub fn router(self, paths: &[String]) -> Router {
        let routes = Router::new();
        let routes = paths.iter().fold(routes, |routes, path| routes.route(path, post(receive)));
        routes.with_state(Arc::new(self))
    }

    async fn answer(&self, request: Request<Body>) -> Answer {
        let begun = Instant::now();
        let (parts, body) = request.into_parts();
        let body_deadline = begun + BODY_DEADLINE;
        let body = match body::read(body, self.max_body, &self.budget, body_deadline).await {
            Ok(body) => body,
            Err(BodyError::TooLong) => return Answer::TooLong,
            Err(BodyError::Slow) => return Answer::Slow,
            Err(BodyError::Overloaded) => return Answer::Overloaded,
            Err(BodyError::Broken) => return Answer::Broken,
        };
        let now_ms = clock::now_ms();
        let deadline = begun + STORE_DEADLINE;
        let (timestamp, signature) =
            (joined(&parts.headers, TIMESTAMP_HEADER), joined(&parts.headers, SIGNATURE_HEADER));
        let headers = Headers { timestamp: timestamp.as_deref(), signature: signature.as_deref() };
        let signed = match signature::verify(&self.secrets, headers, &body.bytes) {
            Ok(signed) => signed,
            Err(refused) => return Answer::Refused(refused),
        };
        let late_s = match signed.check_time(Moment::from_millis(now_ms), self.tolerance) {
            Ok(late_s) => late_s,
            Err(untimely) => return self.replayed_or(untimely, &body.bytes, deadline).await,
        };
        let content = match Reading::of(&body.bytes) {
            Reading::Document(document) if document.event() == CHALLENGE => {
                return Answer::challenge(challenge::answer(document.json(), signed.secret));
            }
            Reading::Document(document) => Content::event(document, now_ms, &self.redaction),
            Reading::Quarantined(odd) => {
                let content = Content::unreadable(&body.bytes, now_ms, &self.redaction);
                if matches!(content, Content::Quarantined(_)) {
                    tracing::warn!("a delivery was quarantined: {odd}");
                }
                content
            }
        };
        let request_id = request_id(&parts.headers);
        let record = Record { key: Key::of(&body.bytes), received_ms: now_ms, request_id, content };
        self.store(record, late_s, deadline).await
    }

    /// Answers a genuine delivery that was sent at the wrong time. One that is already stored says
    /// nothing about our clock, because anybody can replay it.
    async fn replayed_or(&self, untimely: Untimely, body: &[u8], deadline: Instant) -> Answer {
        let key = Key::of(body);
        let known = match self.journal.find(key) {
            Ok(found) => timeout_at(deadline, found).await,
            Err(NotStored::Overloaded) => return Answer::Overloaded,
            Err(NotStored::Failed(_)) => return self.not_stored(),
        };
        match known {
            Ok(Ok(true)) => {
                let awaited = self.majority.as_ref();
                let awaited = awaited.map(|majority| (majority, majority.waiters.add(key)));
                match self.has_arrived(key, Appended::Known, awaited, deadline).await {
                    true => Answer::Replayed,
                    false => Answer::NotArchived,
                }
            }
            // A challenge is never stored, so an old one says nothing about our clock.
            Ok(Ok(false)) if is_challenge(body) => Answer::Untimely,
            Ok(Ok(false)) => {
                self.metrics.untimely(&untimely);
                Answer::Untimely
            }
            Ok(Err(_)) => self.not_stored(),
            Err(_) => Answer::Overloaded,
        }
    }

    async fn store(&self, record: Record, late_s: i64, deadline: Instant) -> Answer {
        let key = record.key;
        let awaited = self.majority.as_ref().map(|majority| (majority, majority.waiters.add(key)));
        let outcome = match self.journal.append(record) {
            Ok(outcome) => timeout_at(deadline, outcome).await,
            Err(NotStored::Overloaded) => return Answer::Overloaded,
            Err(NotStored::Failed(_)) => return self.not_stored(),
        };
        match outcome {
            Ok(Ok(Ok(appended))) => {
                self.metrics.stored(appended, late_s);
                match self.has_arrived(key, appended, awaited, deadline).await {
                    true => Answer::Stored,
                    false => Answer::NotArchived,
                }
            }
            Ok(Ok(Err(NotStored::Overloaded))) => Answer::Overloaded,
            Ok(_) => self.not_stored(),
            Err(_) => Answer::Overloaded,
        }
    }

    /// Whether the archive has it, too, if the settings require that.
    async fn has_arrived(
        &self,
        key: Key,
        appended: Appended,
        awaited: Option<(&Majority, Waiter)>,
        deadline: Instant,
    ) -> bool {
        match awaited {
            Some((majority, waiter)) => majority.has(key, appended, waiter, deadline).await,
            None => true,
        }
    }

    fn not_stored(&self) -> Answer {
        self.metrics.not_stored();
        Answer::NotStored
    }
}

fn is_challenge(body: &[u8]) -> bool {
    matches!(Reading::of(body), Reading::Document(document) if document.event() == CHALLENGE)
}

async fn receive(State(intake): State<Arc<Intake>>, request: Request<Body>) -> Response {
    let answer = intake.answer(request).await;
    intake.metrics.answered(&answer);
    answer.into_response()
}

/// All values of the header `name`, joined by commas as a gateway would.
fn joined<'h>(headers: &'h HeaderMap, name: &str) -> Option<Cow<'h, str>> {
    let mut values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let first = Cow::from(values.next()?);
    Some(values.fold(first, |joined, value| joined + "," + value))
}

fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID_HEADER)?.to_str().ok()?;
    (!id.is_empty() && id.len() <= MAX_REQUEST_ID_BYTES).then(|| id.to_owned())
}
