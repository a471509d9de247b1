//! Reading a body: to a limit, by a deadline, within a budget of memory.

use axum::body::{Body, HttpBody};
use http_body_util::BodyExt;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Duration, Instant, timeout_at};

/// Memory for all bodies together, in bytes.
const BUDGET: usize = 64 << 20;

/// The budget is counted in pieces of so many bytes.
const PIECE: usize = 1024;

/// How much of a body that is too long is still taken, so that its sender, who writes
/// before reading, gets to see the answer.
const DRAIN_BYTES: usize = 64 << 20;

/// … and for how long.
const DRAIN_TIME: Duration = Duration::from_secs(10);

/// Bounds the memory that bodies take up together: thousands of long ones at once wait
/// for each other, while Zoom's own, below 8 KiB, hardly notice.
#[derive(Debug)]
pub struct Budget(Semaphore);

/// A body and its share of the budget, which is given back when it is dropped.
#[derive(Debug)]
pub struct Held<'b> {
    pub bytes: Vec<u8>,
    _share: SemaphorePermit<'b>,
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

    async fn share(
        &self,
        bytes: usize,
        deadline: Instant,
    ) -> Result<SemaphorePermit<'_>, BodyError> {
        let pieces = u32::try_from(bytes.div_ceil(PIECE)).map_err(|_| BodyError::TooLong)?;
        match timeout_at(deadline, self.0.acquire_many(pieces)).await {
            Ok(share) => Ok(share.expect("it is never closed")),
            Err(_) => Err(BodyError::Overloaded),
        }
    }
}

/// Reads `body` if it has at most `max` bytes and is here by `deadline`.
pub async fn read(
    mut body: Body,
    max: usize,
    budget: &Budget,
    deadline: Instant,
) -> Result<Held<'_>, BodyError> {
    let announced = body.size_hint();
    if announced.lower() > max as u64 {
        tokio::spawn(drain(body));
        return Err(BodyError::TooLong);
    }
    let most = announced.upper().and_then(|upper| usize::try_from(upper).ok());
    let share = budget.share(most.unwrap_or(max).min(max), deadline).await?;
    let bytes = match timeout_at(deadline, collect(&mut body, max)).await {
        Err(_) => Err(BodyError::Slow),
        Ok(collected) => collected,
    };
    if bytes == Err(BodyError::TooLong) {
        tokio::spawn(drain(body));
    }
    Ok(Held { bytes: bytes?, _share: share })
}

async fn collect(body: &mut Body, max: usize) -> Result<Vec<u8>, BodyError> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| BodyError::Broken)?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > max {
            return Err(BodyError::TooLong);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
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
