//! Reading a body: to a limit, by a deadline, within a budget of memory.

use axum::body::{Body, HttpBody};
use http_body_util::BodyExt;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Duration, Instant, timeout_at};

/// Memory for all bodies together, in bytes, beyond what each has to itself.
const BUDGET: usize = 64 << 20;

/// What a body has to itself, in bytes: more than Zoom ever sends of a participant.
const FREE: usize = 8 << 10;

/// The budget is counted in pieces of so many bytes.
const PIECE: usize = 1024;

/// How much of a body that is too long is still taken, so that its sender, who writes
/// before reading, gets to see the answer.
const DRAIN_BYTES: usize = 64 << 20;

/// … and for how long.
const DRAIN_TIME: Duration = Duration::from_secs(10);

/// Bounds the memory that bodies take up together: long ones take from it what has come of
/// them, and where it is used up they wait for each other, never short ones for them.
#[derive(Debug)]
pub struct Budget(Semaphore);

/// A body and its share of the budget, which is given back when it is dropped.
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
    /// It was not here in time.
    Slow,
    /// Others hold the memory.
    Overloaded,
    /// The connection broke.
    Broken,
}

impl Budget {
    /// A budget that at least one body of `max_body` bytes fits in.
    pub fn new(max_body: usize) -> Self {
        Self(Semaphore::new(BUDGET.max(max_body).div_ceil(PIECE)))
    }

    /// Makes `share` large enough for a body of `bytes`, waiting for others if need be.
    async fn grow<'b>(
        &'b self,
        share: &mut Option<SemaphorePermit<'b>>,
        bytes: usize,
        deadline: Instant,
    ) -> Result<(), BodyError> {
        let held = share.as_ref().map_or(0, SemaphorePermit::num_permits);
        let missing = bytes.saturating_sub(FREE).div_ceil(PIECE).saturating_sub(held);
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

/// Reads `body` if it has at most `max` bytes and is here by `deadline`.
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

/// Takes and forgets the rest of a body, within limits.
async fn drain(mut body: Body) {
    let mut taken = 0;
    let all = async {
        while taken < DRAIN_BYTES {
            match body.frame().await {
                Some(Ok(frame)) => taken += frame.data_ref().map_or(0, |data| data.len()),
                Some(Err(_)) | None => return,
            }
        }
    };
    // Out of time is as good an end as any other.
    drop(tokio::time::timeout(DRAIN_TIME, all).await);
}
