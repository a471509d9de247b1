//! The answers to deliveries: status, text and metric label of each.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::zoom::challenge;
use crate::zoom::signature::Refused;

/// When to send again after a 503, in seconds. Zoom has its own schedule.
const RETRY_AFTER: &str = "5";

/// The result of a delivery.
#[derive(Debug)]
pub enum Answer {
    /// It is on disk, as new or as known.
    Stored,
    /// It is a challenge; this is the answer.
    Challenge(challenge::Answer),
    /// It is a signed challenge that Zoom never sends.
    Dishonest(challenge::Dishonest),
    /// It is not signed by Zoom.
    Refused(Refused),
    /// Genuine and already stored, but sent at the wrong time: a late retry, or a replay.
    Replayed,
    /// Genuine and never stored, but sent at the wrong time.
    Untimely,
    /// The body is over the limit.
    TooLong,
    /// The body did not arrive in time.
    Slow,
    /// Too many deliveries are waiting.
    Overloaded,
    /// The disk failed.
    NotStored,
    /// It is on disk, but did not reach the archive in time, which the settings require.
    NotArchived,
    /// The sender broke off.
    Broken,
}

impl Answer {
    /// The answer to a challenge.
    pub fn challenge(answer: Result<challenge::Answer, challenge::Dishonest>) -> Self {
        match answer {
            Ok(answer) => Self::Challenge(answer),
            Err(dishonest) => Self::Dishonest(dishonest),
        }
    }

    /// The status. Zoom sends an event again after 503, and never after 2xx or 4xx.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Stored | Self::Replayed => StatusCode::NO_CONTENT,
            Self::Challenge(_) => StatusCode::OK,
            Self::Dishonest(_) | Self::Broken => StatusCode::BAD_REQUEST,
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Refused(_) => StatusCode::UNAUTHORIZED,
            // Our clock may be wrong, and a 4xx would lose the event for good.
            Self::Untimely
            | Self::Slow
            | Self::Overloaded
            | Self::NotStored
            | Self::NotArchived => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The label in metrics.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Challenge(_) => "challenge",
            Self::Dishonest(_) => "dishonest_challenge",
            Self::Refused(_) => "unsigned",
            Self::Replayed => "replayed",
            Self::Untimely => "stale",
            Self::TooLong => "too_long",
            Self::Slow => "slow",
            Self::Overloaded => "overloaded",
            Self::NotStored => "not_stored",
            Self::NotArchived => "not_archived",
            Self::Broken => "broken",
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = match self {
            Self::Challenge(answer) => Json(answer).into_response(),
            Self::Stored | Self::Replayed => status.into_response(),
            other => (status, text(&other)).into_response(),
        };
        let headers = response.headers_mut();
        match status {
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
            }
            StatusCode::PAYLOAD_TOO_LARGE => {
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            _ => {}
        }
        response
    }
}

/// The body of the answer. It never says why a signature was refused.
fn text(answer: &Answer) -> &'static str {
    match answer {
        Answer::Stored | Answer::Replayed | Answer::Challenge(_) => "",
        Answer::Dishonest(_) => "this challenge is not one that Zoom sends\n",
        Answer::Refused(_) => "not signed with our secret\n",
        Answer::Untimely => "the time of this delivery is out of tolerance\n",
        Answer::TooLong => "the body is over the limit\n",
        Answer::Slow => "the body did not come in time\n",
        Answer::Overloaded => "too many deliveries are waiting\n",
        Answer::NotStored => "the delivery cannot be stored now\n",
        Answer::NotArchived => "the archive does not have the delivery yet\n",
        Answer::Broken => "the body broke off\n",
    }
}
