//! One attempt to deliver, and what its answer means to Zoom.

use lookout::simulate::Client;
use reqwest::StatusCode;

use crate::simulate::outbox::Delivery;

use super::summary::Failure;

/// What an answer means to Zoom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// 200 or 204: delivered.
    Acknowledged(StatusCode),
    /// 5xx: Zoom sends it again.
    Retry(StatusCode),
    /// Anything else: Zoom never sends it again.
    Refused(StatusCode),
}

/// Posts a delivery once.
pub(super) async fn attempt(client: &Client, delivery: &Delivery) -> Result<Answer, Failure> {
    let status = client.post(&delivery.body, &delivery.request_id).await;
    let status = status.map_err(|error| Failure::of(&error))?;
    Ok(match status.as_u16() {
        200 | 204 => Answer::Acknowledged(status),
        500.. => Answer::Retry(status),
        _ => Answer::Refused(status),
    })
}

impl Answer {
    /// The status of the answer.
    pub(super) fn status(self) -> StatusCode {
        let (Self::Acknowledged(status) | Self::Retry(status) | Self::Refused(status)) = self;
        status
    }
}
