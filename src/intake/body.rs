//! Reads a body with a size limit, a deadline and a memory budget.

use axum::body::{Body, HttpBody};
use http_body_util::BodyExt;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Duration, Instant, timeout_at};

/// Memory for all bodies together, in bytes, beyond [`FREE_BYTES`] of each.
const MAX_TOTAL_BYTES: usize = 64 << 20;

/// Bytes of each body that do not count: more than Zoom sends about a participant.
const FREE_BYTES: usize = 8 << 10;

/// Bytes for each permit of the budget.
const PERMIT_BYTES: usize = 1024;

/// How much of a too long body is still read, because a sender that writes before it reads would
/// not see the answer otherwise.
const MAX_DRAIN_BYTES: usize = 64 << 20;

/// How long a too long body is still read.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// Limits the memory of all bodies together. A long body reserves what it has received; when the
/// budget is used up, long bodies wait for each other, but short ones never wait.
#[derive(Debug)]
pub struct Budget(Semaphore);

/// A body and its share of the budget, which dropping it returns.
#[derive(Debug)]
pub struct Held<'b> {
    pub bytes: Vec<u8>,
    _share: Option<SemaphorePermit<'b>>,
}

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyError {
    /// It is longer than allowed.
    TooLong,
    /// It did not arrive in time.
    Slow,
    /// Other bodies use up the memory.
    Overloaded,
    /// The connection broke.
    Broken,
}

impl Budget {
    /// A budget for at least one body of `max_body` bytes.
    pub fn new(max_body: usize) -> Self {
        Self(Semaphore::new(MAX_TOTAL_BYTES.max(max_body).div_ceil(PERMIT_BYTES)))
    }

    /// Grows `share` to a body of `bytes`; waits for other bodies if necessary.
    async fn grow<'b>(
        &'b self,
        share: &mut Option<SemaphorePermit<'b>>,
        bytes: usize,
        deadline: Instant,
    ) -> Result<(), BodyError> {
        let held = share.as_ref().map_or(0, SemaphorePermit::num_permits);
        let missing = bytes.saturating_sub(FREE_BYTES).div_ceil(PERMIT_BYTES).saturating_sub(held);
        if missing == 0 {
            return Ok(());
        }
        let missing = u32::try_from(missing).map_err(|_| BodyError::TooLong)?;
        let more = timeout_at(deadline, self.0.acquire_many(missing)).await;
        let more = more.map_err(|_| BodyError::Overloaded)?.expect("it is never closed");
        match share {
            Some(share) => share.merge(more),
            None => *share = Some(more),
        }
        Ok(())
    }
}

/// Reads `body` if it has at most `max` bytes and arrives by `deadline`.
pub async fn read(
    mut body: Body,
    max: usize,
    budget: &Budget,
    deadline: Instant,
) -> Result<Held<'_>, BodyError> {
    let collected = if body.size_hint().lower() > max as u64 {
        Err(BodyError::TooLong)
    } else {
        collect(&mut body, max, budget, deadline).await
    };
    if matches!(collected, Err(BodyError::TooLong)) {
        tokio::spawn(drain(body));
    }
    collected
}

async fn collect<'b>(
    body: &mut Body,
    max: usize,
    budget: &'b Budget,
    deadline: Instant,
) -> Result<Held<'b>, BodyError> {
    let mut bytes = Vec::new();
    let mut share = None;
    while let Some(frame) = timeout_at(deadline, body.frame()).await.map_err(|_| BodyError::Slow)? {
        let frame = frame.map_err(|_| BodyError::Broken)?;
        let Ok(data) = frame.into_data() else { continue };
        let length = bytes.len() + data.len();
        if length > max {
            return Err(BodyError::TooLong);
        }
        budget.grow(&mut share, length, deadline).await?;
        bytes.extend_from_slice(&data);
    }
    Ok(Held { bytes, _share: share })
}

/// Reads and discards the rest of a body, within limits.
async fn drain(mut body: Body) {
    let mut taken = 0;
    let all = async {
        while taken < MAX_DRAIN_BYTES {
            match body.frame().await {
                Some(Ok(frame)) => taken += frame.data_ref().map_or(0, |data| data.len()),
                Some(Err(_)) | None => return,
            }
        }
    };
    // A timeout needs no handling.
    drop(tokio::time::timeout(DRAIN_TIMEOUT, all).await);
}
