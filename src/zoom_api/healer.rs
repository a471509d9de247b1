//! The task that asks Zoom's API and stores what it says.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::client::{Client, Failure};
use super::metrics::Metrics;
use super::schedule::{Schedule, Task};
use super::sink::Sink;
use crate::config::Settings;
use crate::journal::Record;
use crate::store::UnsettledMeeting;
use crate::time::clock;
use crate::time::moment::Moment;
use crate::zoom::api::{IsOver, Page, Question, Status, Stay};
use crate::zoom::delivery::Document;
use crate::zoom::{Meeting, Redaction, observation};

/// The meetings that are not settled, as the generator knows them; `None` until it has read the log.
pub type Unsettled = watch::Receiver<Option<Arc<Vec<UnsettledMeeting>>>>;

/// How often to look whether a question is due.
const TICK: Duration = Duration::from_secs(1);

/// More pages than any meeting has participants for: an answer that goes round in circles ends.
const MAX_PAGES: usize = 1_000;

/// Asks and stores until it is stopped.
pub struct Healer {
    client: Client,
    sink: Sink,
    redaction: Redaction,
    meetings: Unsettled,
    metrics: Metrics,
    schedule: Schedule,
    /// Why no question can be asked, as last logged; empty if some can.
    failure: String,
}

impl Healer {
    /// A healer by `settings`; `None` if Zoom must not be asked.
    ///
    /// # Errors
    ///
    /// TLS can't be used.
    pub fn new(
        settings: &Settings,
        sink: Sink,
        meetings: Unsettled,
        metrics: Metrics,
    ) -> Result<Option<Self>> {
        let Some(api) = &settings.zoom_api else { return Ok(None) };
        Ok(Some(Self {
            client: Client::new(api.clone())?,
            sink,
            redaction: settings.redaction(),
            meetings,
            metrics,
            schedule: Schedule::new(),
            failure: String::new(),
        }))
    }

    /// Runs until `shutdown`. A question that is under way then is dropped: the next start asks it.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let work = async {
            loop {
                while self.step(clock::now()).await {}
                tokio::time::sleep(TICK).await;
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = work => {}
        }
    }

    /// Asks the question that is due at `now`; returns whether there was one.
    async fn step(&mut self, now: Moment) -> bool {
        let Some(meetings) = self.meetings.borrow_and_update().clone() else { return false };
        let Some(task) = self.schedule.next(&meetings, now) else { return false };
        if let Err(error) = self.sink.check() {
            self.schedule.unavailable(None, now);
            self.set_failure(format!("{error:#}"));
            return false;
        }
        let outcome = match &task {
            Task::Status(number) => self.ask_status(number).await,
            Task::Participants(question, meeting, is_over) => {
                self.ask_participants(*question, meeting, *is_over).await
            }
        };
        match outcome {
            Ok(()) => {
                self.metrics.answered.inc();
                self.set_failure(String::new());
            }
            Err(failure) => self.fail(&task, failure),
        }
        true
    }

    async fn ask_status(&mut self, number: &str) -> Result<(), Failure> {
        let asked_ms = clock::now_ms();
        let question = Question::status(number);
        let (answer, going_on) = match self.client.ask(&question).await {
            Err(Failure::NoMeeting) if !self.schedule.is_known(number) => {
                self.schedule.told_unknown(number);
                return Err(Failure::unknown_meeting(number));
            }
            Err(Failure::NoMeeting) => ("there is no such meeting".to_owned(), None),
            Err(failure) => return Err(failure),
            Ok(body) => {
                let status = Status::parse(&body).ok_or_else(Failure::not_understood)?;
                let going_on = status.is_started().then(|| status.uuid.unwrap_or_default());
                (status.status, going_on)
            }
        };
        if going_on.is_none() {
            let question = format!("GET {question}");
            self.store_not_going_on(number, asked_ms, &question, &answer).await?;
        }
        let meetings = self.meetings.borrow().clone().unwrap_or_default();
        self.schedule.told_status(number, going_on.as_deref(), &meetings, clock::now());
        Ok(())
    }

    /// Stores that no meeting of `number` was going on, for each in which somebody still is.
    async fn store_not_going_on(
        &mut self,
        number: &str,
        asked_ms: i64,
        question: &str,
        answer: &str,
    ) -> Result<(), Failure> {
        // Events may have come since the question.
        let meetings = self.meetings.borrow().clone().unwrap_or_default();
        let is_over = |found: &&UnsettledMeeting| {
            let is_older = found.last_seen.seconds() * 1000 < asked_ms;
            found.inside > 0 && found.number.as_deref() == Some(number) && is_older
        };
        let document = |found: &UnsettledMeeting| {
            observation::not_going_on(&found.meeting(), asked_ms, question, answer)
        };
        let documents: Vec<_> = meetings.iter().filter(is_over).map(document).collect();
        if !documents.is_empty() {
            tracing::info!("Zoom says that meeting {number} does not go on: nobody is in any more");
        }
        self.store(documents).await
    }

    async fn ask_participants(
        &mut self,
        question: Question,
        meeting: &Meeting,
        is_over: IsOver,
    ) -> Result<(), Failure> {
        let stays = self.stays(question, &meeting.uuid, is_over).await?;
        // Zoom needs a while to list the participants of a meeting that is over.
        if stays.is_empty() {
            return Err(Failure::NoMeeting);
        }
        let asked = format!("GET {}", question.participants(&meeting.uuid, is_over, ""));
        let documents = stays.iter().flat_map(|stay| observation::of_stay(meeting, stay, &asked));
        self.store(documents.collect()).await?;
        self.schedule.told_participants(&meeting.uuid, is_over, clock::now());
        Ok(())
    }

    /// Everybody in all pages of the answer.
    async fn stays(
        &mut self,
        question: Question,
        uuid: &str,
        is_over: IsOver,
    ) -> Result<Vec<Stay>, Failure> {
        let (mut stays, mut token) = (Vec::new(), String::new());
        for _ in 0..MAX_PAGES {
            let page = question.participants(uuid, is_over, &token);
            let body = self.client.ask(&page).await?;
            let page = Page::parse(&body).ok_or_else(Failure::not_understood)?;
            stays.extend(page.stays);
            if page.next.is_empty() {
                return Ok(stays);
            }
            token = page.next;
        }
        Err(Failure::Refused("its pages do not end".to_owned()))
    }

    async fn store(&self, documents: Vec<Document>) -> Result<(), Failure> {
        let (count, now_ms) = (documents.len() as u64, clock::now_ms());
        let record = |document| Record::of_observation(document, now_ms, &self.redaction);
        let stored = self.sink.store(documents.into_iter().map(record).collect()).await;
        stored.map_err(|error| Failure::Unavailable {
            why: format!("its answer cannot be stored: {error:#}"),
            retry_after: None,
        })?;
        self.metrics.observations.inc_by(count);
        Ok(())
    }

    fn fail(&mut self, task: &Task, failure: Failure) {
        let now = clock::now();
        let is_answered = !matches!(failure, Failure::Unavailable { .. });
        let count = if is_answered { &self.metrics.answered } else { &self.metrics.unanswered };
        count.inc();
        match failure {
            Failure::NotAllowed(why) => {
                let question = task.question();
                tracing::warn!(
                    "Zoom's API may not be asked {}: {why}; it is not asked again until Lookout is restarted",
                    question.purpose()
                );
                self.schedule.deny(question, why);
            }
            Failure::NoMeeting => self.schedule.refused(task, now),
            Failure::Refused(why) => {
                tracing::warn!("Zoom's API cannot say {}: {why}", task.question().purpose());
                self.schedule.refused(task, now);
            }
            Failure::Unavailable { why, retry_after } => {
                self.schedule.unavailable(retry_after, now);
                return self.set_failure(why);
            }
        }
        self.set_failure(String::new());
    }

    /// Reports why no question can be asked. Logs it once, and that it is over.
    fn set_failure(&mut self, failure: String) {
        self.metrics.warn(self.schedule.denied(), &failure);
        if failure != self.failure {
            match failure.as_str() {
                "" => tracing::info!("Zoom's API can be asked again"),
                why => {
                    tracing::warn!("Zoom's API cannot be asked: {why}; nothing else waits for it")
                }
            }
            self.failure = failure;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tempfile::TempDir;

    use super::*;
    use crate::config::{Environment, parse};
    use crate::telemetry::health::Health;

    #[tokio::test]
    async fn without_a_journal_for_its_answers_zoom_is_not_asked() {
        let directory = TempDir::new().expect("a directory");
        // Nobody listens there.
        let text = "[zoom.api]\naccount_id = \"a\"\nclient_id = \"c\"\nclient_secret = \"hush\"\n\
             server_url = \"http://127.0.0.1:9\"\n";
        let settings = parse(text, Path::new("lookout.toml"), &Environment::default());
        let now = Moment::from_seconds(1_767_643_200);
        let meeting = UnsettledMeeting {
            room: 0,
            uuid: "a".to_owned(),
            number: Some("111".to_owned()),
            last_seen: now.plus(-900),
            inside: 1,
            waiting: 0,
            has_gaps: false,
        };
        let (_sender, meetings) = watch::channel(Some(Arc::new(vec![meeting])));
        let health = Arc::new(Health::default());
        let metrics = Metrics::register(&health);
        let sink = Sink::Shared(directory.path().join("lookout.db"));
        let healer = Healer::new(&settings.expect("valid"), sink, meetings, metrics.clone())
            .expect("it starts");
        let mut healer = healer.expect("the settings have the section");
        assert!(!healer.step(now).await);
        assert_eq!(metrics.unanswered.get(), 0);
        let warnings = format!("{:?}", health.warnings());
        assert!(warnings.contains("set `[zoom.api]` on a machine where `serve`"), "{warnings}");
    }
}
