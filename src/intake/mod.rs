//! The intake: Zoom's deliveries in, an answer out.
//!
//! The signature comes first, then everything else; Zoom is answered from the journal
//! alone, unless it was asked for that the archive has an event, too. A 4xx loses an event for good while a 503 brings it back, so whatever may be
//! our own fault is a 503.

mod answer;
mod body;
mod health;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Request};
use axum::response::Response;
use axum::routing::post;
use tokio::time::{Instant, timeout_at};

use crate::archive::Majority;
use crate::clock;
use crate::config::{Secret, Settings};
use crate::journal::{Content, Journal, NotStored, Record};
use crate::moment::Moment;
use crate::zoom::challenge::{self, CHALLENGE};
use crate::zoom::delivery::Reading;
use crate::zoom::signature::{self, Headers, Refused, SIGNATURE_HEADER, TIMESTAMP_HEADER};
use crate::zoom::{Key, Redaction};

use answer::Answer;
use axum::response::IntoResponse;
use body::{BodyError, Budget};
pub use health::{Health, Reason};

/// The body must be here by then, counted from the headers.
const BODY_DEADLINE: Duration = Duration::from_secs(2);

/// It must be stored by then, counted from the headers; Zoom waits 3 s.
const STORE_DEADLINE: Duration = Duration::from_millis(2500);

/// The header by which Zoom names a delivery over all its retries.
const REQUEST_ID_HEADER: &str = "x-zm-request-id";

/// A request id longer than this is not Zoom's, and not worth keeping.
const LONGEST_REQUEST_ID: usize = 128;

/// Everything the webhook's handler needs.
#[derive(Debug)]
pub struct Intake {
    secrets: Vec<Secret>,
    tolerance: Duration,
    max_body: usize,
    redaction: Redaction,
    journal: Arc<Journal>,
    health: Arc<Health>,
    budget: Budget,
    /// Has to have an event, too, before it is acknowledged.
    majority: Option<Majority>,
}

impl Intake {
    /// An intake as `settings` have it, writing to `journal` and telling `health`.
    pub fn new(settings: &Settings, journal: Arc<Journal>, health: Arc<Health>) -> Self {
        Self {
            secrets: settings.zoom.secret_tokens.clone(),
            tolerance: settings.zoom.tolerance,
            max_body: settings.zoom.max_body,
            redaction: settings.redaction(),
            journal,
            health,
            budget: Budget::new(settings.zoom.max_body),
            majority: None,
        }
    }

    /// The same, acknowledging only what `majority` has, too.
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
        let secret = match self.verify(&parts.headers, &body.bytes, Moment::from_millis(now_ms)) {
            Ok(secret) => secret,
            Err(refused) => return Answer::Refused(refused),
        };
        let content = match Reading::of(&body.bytes) {
            Reading::Document(document) if document.event() == CHALLENGE => {
                return Answer::challenge(challenge::answer(document.json(), secret));
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
        self.store(record, begun + STORE_DEADLINE).await
    }

    fn verify(&self, headers: &HeaderMap, body: &[u8], now: Moment) -> Result<&Secret, Refused> {
        let (timestamp, signature) =
            (joined(headers, TIMESTAMP_HEADER), joined(headers, SIGNATURE_HEADER));
        let headers = Headers { timestamp: timestamp.as_deref(), signature: signature.as_deref() };
        let verdict = signature::verify(&self.secrets, headers, body, now, self.tolerance);
        match &verdict {
            Ok(_) => self.health.clock_agrees(),
            Err(Refused::Stale { skew_s, .. }) => self.health.clock_disagrees(*skew_s),
            Err(_) => {}
        }
        verdict
    }

    async fn store(&self, record: Record, deadline: Instant) -> Answer {
        let key = record.key;
        let awaited =
            self.majority.as_ref().map(|majority| (majority, majority.receipts.expect(key)));
        let outcome = match self.journal.append(record) {
            Ok(outcome) => timeout_at(deadline, outcome).await,
            Err(NotStored::Overloaded) => return Answer::Overloaded,
            Err(NotStored::Failed(_)) => {
                self.health.journal_fails();
                return Answer::NotStored;
            }
        };
        match outcome {
            Ok(Ok(Ok(appended))) => {
                self.health.journal_works();
                self.health.stored(appended);
                let has_arrived = match awaited {
                    Some((majority, receipt)) => {
                        majority.has(key, appended, receipt, deadline).await
                    }
                    None => true,
                };
                if has_arrived { Answer::Stored } else { Answer::NotArchived }
            }
            Ok(Ok(Err(NotStored::Overloaded))) => Answer::Overloaded,
            Ok(_) => {
                self.health.journal_fails();
                Answer::NotStored
            }
            Err(_) => Answer::Overloaded,
        }
    }
}

async fn receive(State(intake): State<Arc<Intake>>, request: Request<Body>) -> Response {
    let answer = intake.answer(request).await;
    intake.health.answered(&answer);
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
    (!id.is_empty() && id.len() <= LONGEST_REQUEST_ID).then(|| id.to_owned())
}
