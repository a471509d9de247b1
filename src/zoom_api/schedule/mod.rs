//! What to ask Zoom's API, and when. Pure: the moment is an argument.
//!
//! Whether a meeting goes on is asked by its number, while somebody is in and Zoom's events are silent.
//! Who was in is asked once a meeting: when it is over and something of it is not known, or if somebody
//! was in when Lookout started, since events may have been lost until then. For the same reason it is asked
//! while a meeting goes on although its events have been silent for long.

use std::collections::BTreeMap;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::store::UnsettledMeeting;
use crate::time::backoff::Backoff;
use crate::time::moment::Moment;
use crate::zoom::Meeting;
use crate::zoom::api::{IsOver, Question};

/// A meeting that Zoom's events spoke of so lately, in seconds, needs no question.
const QUIET_S: i64 = 60;

/// Of a meeting that goes on although its events have been silent for so long, in seconds, some may be
/// lost. Its participants are asked for no more often than that.
const SILENT_S: i64 = 20 * 60;

/// How often to ask whether a meeting goes on, in seconds.
const STATUS_INTERVAL_S: i64 = 180;

/// The interval grows by up to this many seconds, so that machines do not ask in step.
const MAX_JITTER_S: i64 = 60;

/// The participants of a meeting that was last seen longer ago, in seconds, are not asked for.
const MAX_AGE_S: i64 = 7 * 86_400;

/// How often to ask for the participants of a meeting that Zoom does not have yet.
const MAX_ATTEMPTS: u32 = 6;

/// The wait after a question that Zoom refuses, or to which it knows no answer yet.
const REFUSED: Backoff = Backoff::new(Duration::from_secs(120), Duration::from_secs(3600));

/// The wait after a failure that concerns all questions.
const UNAVAILABLE: Backoff = Backoff::new(Duration::from_secs(5), Duration::from_secs(1800));

/// The next thing to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// Whether a meeting of the number goes on.
    Status(String),
    /// Who is or was in a meeting.
    Participants(Question, Meeting, IsOver),
}

impl Task {
    /// What the account has to allow.
    pub fn question(&self) -> Question {
        match self {
            Self::Status(_) => Question::Status,
            Self::Participants(question, ..) => *question,
        }
    }
}

/// What was asked and when to ask again.
#[derive(Debug)]
pub struct Schedule {
    /// No question before this moment.
    not_before: Moment,
    unavailable: Backoff,
    /// Which questions are not allowed, as Zoom says.
    denied: BTreeMap<Question, String>,
    /// By meeting number.
    statuses: BTreeMap<String, Attempts>,
    /// By uuid.
    participants: BTreeMap<String, Attempts>,
    /// When Zoom last knew a meeting number.
    known: BTreeMap<String, Moment>,
    /// When Zoom last told who is in a meeting that goes on, by uuid.
    listed: BTreeMap<String, Moment>,
    /// The meetings in which somebody was at the start, or which were silent for long; `None` until those
    /// of the start are known.
    suspects: Option<BTreeMap<String, Suspect>>,
}

/// A meeting of which events may have been lost.
#[derive(Debug)]
struct Suspect {
    meeting: Meeting,
    last_seen: Moment,
    /// Whether it goes on, as far as Zoom said.
    is_over: Option<IsOver>,
}

impl Suspect {
    fn of(found: &UnsettledMeeting) -> Self {
        Self { meeting: found.meeting(), last_seen: found.last_seen, is_over: None }
    }

    fn has_number(&self, number: &str) -> bool {
        self.meeting.number.as_deref() == Some(number)
    }
}

/// The attempts at one question.
#[derive(Debug)]
struct Attempts {
    count: u32,
    next: Moment,
    backoff: Backoff,
}

impl Attempts {
    fn new(now: Moment) -> Self {
        Self { count: 0, next: now, backoff: REFUSED }
    }

    fn retry(&mut self, now: Moment) {
        self.count += 1;
        self.next = later(now, self.backoff.next_wait());
    }
}

impl Schedule {
    /// Nothing was asked yet.
    pub fn new() -> Self {
        Self {
            not_before: Moment::from_seconds(i64::MIN),
            unavailable: UNAVAILABLE,
            denied: BTreeMap::new(),
            statuses: BTreeMap::new(),
            participants: BTreeMap::new(),
            known: BTreeMap::new(),
            listed: BTreeMap::new(),
            suspects: None,
        }
    }

    /// Which questions are not allowed, as Zoom says.
    pub fn denied(&self) -> &BTreeMap<Question, String> {
        &self.denied
    }

    /// The question that is due at `now`, given the meetings that are not settled.
    pub fn next(&mut self, meetings: &[UnsettledMeeting], now: Moment) -> Option<Task> {
        self.remember_suspects(meetings);
        self.prune(now);
        if now < self.not_before {
            return None;
        }
        let status = self.due_status(meetings, now).map(Task::Status);
        status.or_else(|| self.due_participants(meetings, now))
    }

    /// Whether Zoom has known a meeting of `number`.
    pub fn is_known(&self, number: &str) -> bool {
        self.known.contains_key(number)
    }

    /// Zoom said at `now` whether a meeting of `number` goes on, and which one.
    pub fn told_status(
        &mut self,
        number: &str,
        going_on: Option<&str>,
        meetings: &[UnsettledMeeting],
        now: Moment,
    ) {
        self.unavailable.reset();
        self.known.insert(number.to_owned(), now);
        let next = now.plus(STATUS_INTERVAL_S + jitter_s(number, now));
        let attempts = Attempts { next, ..Attempts::new(now) };
        self.statuses.insert(number.to_owned(), attempts);
        if going_on.is_some() {
            self.suspect_silent(number, meetings, now);
        }
        for (uuid, suspect) in self.suspects.iter_mut().flatten() {
            if suspect.has_number(number) {
                let is_over = going_on.is_none_or(|going_on| going_on != uuid);
                suspect.is_over = Some(if is_over { IsOver::Yes } else { IsOver::No });
            }
        }
    }

    /// Zoom knows no meeting of `number` and never did: it is another account's, or one that is over and
    /// expired. Only a list of its participants would tell.
    pub fn told_unknown(&mut self, number: &str) {
        for suspect in self.suspects.iter_mut().flat_map(BTreeMap::values_mut) {
            if suspect.has_number(number) {
                suspect.is_over = Some(IsOver::Yes);
            }
        }
    }

    /// Zoom told at `now` who is or was in a meeting. That of a meeting which goes on is asked again
    /// when it is over, if something is not known then.
    pub fn told_participants(&mut self, uuid: &str, is_over: IsOver, now: Moment) {
        self.unavailable.reset();
        if let Some(suspects) = &mut self.suspects {
            suspects.remove(uuid);
        }
        match is_over {
            IsOver::Yes => {
                let attempts = Attempts { count: MAX_ATTEMPTS, ..Attempts::new(now) };
                self.participants.insert(uuid.to_owned(), attempts);
            }
            IsOver::No => {
                self.participants.remove(uuid);
                self.listed.insert(uuid.to_owned(), now);
            }
        }
    }

    /// Zoom refused the task at `now`, or knows no answer yet.
    pub fn refused(&mut self, task: &Task, now: Moment) {
        self.unavailable.reset();
        let attempts = match task {
            Task::Status(number) => self.statuses.entry(number.clone()),
            Task::Participants(_, meeting, _) => self.participants.entry(meeting.uuid.to_string()),
        };
        attempts.or_insert_with(|| Attempts::new(now)).retry(now);
    }

    /// `question` is not allowed. It is not asked again.
    pub fn deny(&mut self, question: Question, why: String) {
        self.unavailable.reset();
        self.denied.insert(question, why);
    }

    /// No question can be asked at `now`, for as long as Zoom says if it does.
    pub fn unavailable(&mut self, retry_after: Option<Duration>, now: Moment) {
        let wait = self.unavailable.next_wait();
        self.not_before = later(now, retry_after.map_or(wait, |asked| asked.max(wait)));
    }

    fn remember_suspects(&mut self, meetings: &[UnsettledMeeting]) {
        self.suspects.get_or_insert_with(|| {
            let inside = meetings.iter().filter(|meeting| meeting.inside > 0);
            inside.map(|found| (found.uuid.clone(), Suspect::of(found))).collect()
        });
    }

    /// Suspects the meetings of `number` whose events have been silent for long.
    fn suspect_silent(&mut self, number: &str, meetings: &[UnsettledMeeting], now: Moment) {
        let is_silent = |found: &&UnsettledMeeting| {
            let listed = self.listed.get(&found.uuid).copied();
            let heard = listed.map_or(found.last_seen, |listed| listed.max(found.last_seen));
            let has_number = found.number.as_deref() == Some(number);
            has_number && found.inside > 0 && now.since(heard) >= SILENT_S
        };
        let suspects = self.suspects.get_or_insert_default();
        for found in meetings.iter().filter(is_silent) {
            suspects.entry(found.uuid.clone()).or_insert_with(|| Suspect::of(found));
        }
    }

    /// Forgets what concerns meetings that are too old to be asked for.
    fn prune(&mut self, now: Moment) {
        let is_recent = |at: Moment| now.since(at) <= MAX_AGE_S;
        self.statuses.retain(|_, attempts| is_recent(attempts.next));
        self.participants.retain(|_, attempts| is_recent(attempts.next));
        self.known.retain(|_, at| is_recent(*at));
        self.listed.retain(|_, at| is_recent(*at));
        if let Some(suspects) = &mut self.suspects {
            suspects.retain(|_, suspect| is_recent(suspect.last_seen));
        }
    }

    fn due_status(&self, meetings: &[UnsettledMeeting], now: Moment) -> Option<String> {
        if self.denied.contains_key(&Question::Status) {
            return None;
        }
        let mut last_seen = BTreeMap::<&str, Moment>::new();
        for meeting in meetings.iter().filter(|meeting| meeting.inside > 0) {
            if let Some(number) = meeting.number.as_deref() {
                let last = last_seen.entry(number).or_insert(meeting.last_seen);
                *last = meeting.last_seen.max(*last);
            }
        }
        let is_due = |(number, last): &(&str, Moment)| {
            let next = self.statuses.get(*number).map(|attempts| attempts.next);
            now.since(*last) >= QUIET_S && next.is_none_or(|next| next <= now)
        };
        last_seen.into_iter().find(is_due).map(|(number, _)| number.to_owned())
    }

    fn due_participants(&self, meetings: &[UnsettledMeeting], now: Moment) -> Option<Task> {
        let with_gaps = meetings.iter().filter(|found| found.inside == 0 && found.has_gaps);
        let with_gaps = with_gaps.map(|found| (found.meeting(), found.last_seen, IsOver::Yes));
        let is_inside = |uuid: &str| meetings.iter().any(|it| it.uuid == uuid && it.inside > 0);
        let suspects = self.suspects.iter().flatten().filter_map(|(uuid, suspect)| {
            // Where everybody has left since, the meeting is over or will be.
            let is_over = if is_inside(uuid) { suspect.is_over? } else { IsOver::Yes };
            Some((suspect.meeting.clone(), suspect.last_seen, is_over))
        });
        let is_due = |meeting: &Meeting, last_seen: Moment| {
            let attempts = self.participants.get(meeting.uuid.as_str());
            let quiet_s = now.since(last_seen);
            (QUIET_S..=MAX_AGE_S).contains(&quiet_s)
                && attempts.is_none_or(|it| it.count < MAX_ATTEMPTS && it.next <= now)
        };
        let mut due = suspects.chain(with_gaps).filter(|(meeting, last, _)| is_due(meeting, *last));
        due.find_map(|(meeting, _, is_over)| {
            Some(Task::Participants(self.listing(is_over)?, meeting, is_over))
        })
    }

    /// The question for the participants of a meeting, if any is allowed.
    fn listing(&self, is_over: IsOver) -> Option<Question> {
        let questions: &[Question] = match is_over {
            IsOver::Yes => &[Question::PastParticipants, Question::Metrics],
            IsOver::No => &[Question::Metrics],
        };
        questions.iter().copied().find(|question| !self.denied.contains_key(question))
    }
}

fn later(now: Moment, wait: Duration) -> Moment {
    now.plus(i64::try_from(wait.as_secs()).unwrap_or(i64::MAX))
}

/// Between 0 and [`MAX_JITTER_S`], different for each number and moment.
fn jitter_s(number: &str, now: Moment) -> i64 {
    let digest = Sha256::digest(format!("{number} {now}"));
    i64::from(digest[0]) * (MAX_JITTER_S + 1) / 256
}

#[cfg(test)]
mod tests;
