//! Group commit: all waiting records, up to a limit, share one transaction.
//!
//! If more records arrive than the disk can take, storing them in order of arrival would store each
//! one too late, after its sender was told to retry: the disk would be busy and nothing
//! acknowledged. So under overload the oldest queued records are refused in favour of newer ones.

use tokio::sync::mpsc;
use tokio::time::{Duration, Instant};

use crate::journal::NotStored;
use crate::journal::request::{Append, Request};

/// The most records in one commit: more would only delay the first.
pub(super) const MAX_RECORDS: usize = 256;

/// Under overload, a record that has waited this long is refused. A second is left for the commit
/// before Zoom is told to retry.
pub(super) const MAX_WAIT: Duration = Duration::from_millis(1500);

/// Records to store together, and other requests.
#[derive(Default)]
pub(super) struct Group {
    /// In order of arrival.
    pub appends: Vec<Append>,
    /// In order of arrival.
    pub others: Vec<Request>,
}

impl Group {
    /// Takes all waiting requests; waits for the first. `None` if no more will come.
    pub(super) fn next(queue: &mut mpsc::Receiver<Request>) -> Option<Self> {
        let mut requests = Vec::with_capacity(MAX_RECORDS);
        queue.blocking_recv_many(&mut requests, MAX_RECORDS);
        if requests.is_empty() {
            return None;
        }
        let mut group = Self::default();
        for request in requests {
            match request {
                Request::Append(append) => group.appends.push(append),
                other => group.others.push(other),
            }
        }
        if group.appends.len() == MAX_RECORDS {
            group.refuse_old(queue, Instant::now());
        }
        Some(group)
    }

    /// Refuses records that have waited too long, and takes newer ones in their place.
    fn refuse_old(&mut self, queue: &mut mpsc::Receiver<Request>, now: Instant) {
        for append in std::mem::take(&mut self.appends) {
            self.add_or_refuse(append, now);
        }
        while self.appends.len() < MAX_RECORDS
            && let Ok(request) = queue.try_recv()
        {
            match request {
                Request::Append(append) => self.add_or_refuse(append, now),
                other => self.others.push(other),
            }
        }
    }

    fn add_or_refuse(&mut self, append: Append, now: Instant) {
        match append.queued_at {
            Some(queued_at) if now.duration_since(queued_at) >= MAX_WAIT => {
                // The receiver may be gone: the request may have timed out.
                append.done.send(Err(NotStored::Overloaded)).ok();
            }
            _ => self.appends.push(append),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;
    use crate::journal::{Appended, Content, NotStored, Record};
    use crate::zoom::Key;

    type Outcome = oneshot::Receiver<Result<Appended, NotStored>>;

    fn append(queued_at: Option<Instant>) -> (Request, Outcome) {
        let (done, outcome) = oneshot::channel();
        let content = Content::Quarantined(Vec::new());
        let record = Record { key: Key::of(b""), received_ms: 0, request_id: None, content };
        (Request::Append(Append { record, queued_at, done }), outcome)
    }

    #[test]
    fn old_records_are_refused_only_if_more_wait_than_fit_into_a_commit() {
        let now = Instant::now();
        let (long_ago, just_now) = (now.checked_sub(MAX_WAIT), Some(now));
        #[rustfmt::skip]
        let cases = [
            // what is special                 waiting, in order of arrival               stored  refused
            ("all fit into a commit",          vec![(long_ago, 100), (just_now, 50)],     150,    0),
            ("more, but none is old",          vec![(just_now, MAX_RECORDS + 50)],              MAX_RECORDS,  0),
            ("more, and the first are old",    vec![(long_ago, 600), (just_now, 50)],     50,     600),
            ("more, and the old come between", vec![(just_now, 200), (long_ago, 100)],    200,    100),
            ("some that wait without limit",    vec![(None, 200), (long_ago, 100)],        200,    100),
        ];
        for (what, waiting, stored, refused) in cases {
            let (queue, mut requests) = mpsc::channel(4096);
            let mut outcomes = Vec::new();
            for (since, count) in waiting {
                for _ in 0..count {
                    let (request, outcome) = append(since);
                    queue.try_send(request).map_err(drop).expect("there is room");
                    outcomes.push(outcome);
                }
            }
            let group = Group::next(&mut requests).expect("there is something");
            assert_eq!(group.appends.len(), stored, "{what}");
            let told = outcomes.iter_mut().filter_map(|outcome| outcome.try_recv().ok());
            let told: Vec<_> = told.collect();
            assert_eq!(told, vec![Err(NotStored::Overloaded); refused], "{what}");
        }
    }
}
