//! What shares a commit: as much as is waiting, to a limit.
//!
//! Where more waits than the disk takes, storing in the order of arrival would store each
//! record too late, when its sender has been told to come again: the disk would be busy, and
//! nothing acknowledged. So whatever has waited for long then gives way to what came later.

use tokio::sync::mpsc;
use tokio::time::{Duration, Instant};

use crate::journal::writer::{Append, Request};

/// At most so many records share a commit: more would only make the first wait.
pub(super) const GROUP: usize = 256;

/// What has waited for so long gives way; a second is left for the commit before Zoom is told
/// to come again.
pub(super) const LONG: Duration = Duration::from_millis(1500);

/// Records to be stored, and what else is to be done.
#[derive(Default)]
pub(super) struct Group {
    /// In the order of arrival.
    pub appends: Vec<Append>,
    /// In the order of arrival.
    pub others: Vec<Request>,
}

impl Group {
    /// Takes what is waiting; waits for the first, and is `None` where there will be no more.
    pub(super) fn next(waiting: &mut mpsc::Receiver<Request>) -> Option<Self> {
        let mut requests = Vec::with_capacity(GROUP);
        waiting.blocking_recv_many(&mut requests, GROUP);
        if requests.is_empty() {
            return None;
        }
        let mut group = Self::default();
        requests.into_iter().for_each(|request| group.add(request));
        if group.appends.len() == GROUP {
            group.make_way(waiting, Instant::now());
        }
        Some(group)
    }

    fn add(&mut self, request: Request) {
        match request {
            Request::Append(append) => self.appends.push(append),
            other => self.others.push(other),
        }
    }

    /// Refuses what has waited for long, and takes what comes after it.
    fn make_way(&mut self, waiting: &mut mpsc::Receiver<Request>, now: Instant) {
        for append in std::mem::take(&mut self.appends) {
            self.add_if_recent(append, now);
        }
        while self.appends.len() < GROUP
            && let Ok(request) = waiting.try_recv()
        {
            match request {
                Request::Append(append) => self.add_if_recent(append, now),
                other => self.others.push(other),
            }
        }
    }

    fn add_if_recent(&mut self, append: Append, now: Instant) {
        match append.since {
            Some(since) if now.duration_since(since) >= LONG => append.give_way(),
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

    fn append(since: Option<Instant>) -> (Request, Outcome) {
        let (done, outcome) = oneshot::channel();
        let content = Content::Quarantined(Vec::new());
        let record = Record { key: Key::of(b""), received_ms: 0, request_id: None, content };
        (Request::Append(Append { record, since, done }), outcome)
    }

    #[test]
    fn what_waited_for_long_gives_way_only_where_more_waits_than_a_commit_takes() {
        let now = Instant::now();
        let (long_ago, just_now) = (now.checked_sub(LONG), Some(now));
        #[rustfmt::skip]
        let cases = [
            // what is special                 waiting, in order of arrival               stored  refused
            ("all fit into a commit",          vec![(long_ago, 100), (just_now, 50)],     150,    0),
            ("more, but none is old",          vec![(just_now, GROUP + 50)],              GROUP,  0),
            ("more, and the first are old",    vec![(long_ago, 600), (just_now, 50)],     50,     600),
            ("more, and the old come between", vec![(just_now, 200), (long_ago, 100)],    200,    100),
            ("somebody who waits for ever",    vec![(None, 200), (long_ago, 100)],        200,    100),
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
