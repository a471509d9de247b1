//! `lookout notify`: only messages to chats, where other processes accept the deliveries.

use std::io::Write;

use anyhow::Result;

use crate::app::{App, privileges};
use crate::config::{Settings, SettingsError, Supervisor};
use crate::generator::Load;
use crate::notify::Timing;
use crate::notify::answer::Outcome;
use crate::notify::attempt::Attempt;
use crate::notify::message::{Message, MessageKind};
use crate::notify::target::{BrokenTarget, Endpoint, Target, sample_room};
use crate::shutdown::Signals;
use crate::time::clock;

/// Arguments of `notify`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Send one sample to each chat, print the answers, and exit
    #[arg(long)]
    pub test: bool,
}

/// Notifies the chats until SIGTERM or SIGINT; `load` reads the settings again when they have changed.
pub async fn run(
    settings: Settings,
    load: Load,
    mut supervisor: Supervisor,
    signals: Signals,
) -> Result<()> {
    require_targets(&settings)?;
    privileges::become_journal_owner(&settings)?;
    App::notify(&settings, load, &mut supervisor)?.run(supervisor, signals).await
}

/// Sends one sample to each target, and writes the answer of each to `out`; returns whether all
/// accepted it.
pub async fn test(settings: &Settings, out: &mut impl Write) -> Result<bool> {
    ensure_any(settings)?;
    let sample = Message::new(sample_room(settings), MessageKind::Test);
    let mut all_well = true;
    for target in Target::all(settings, Timing::default()) {
        let Target { label, endpoints, .. } = match target {
            Ok(target) => target,
            Err(BrokenTarget { label, error, .. }) => {
                all_well = false;
                writeln!(out, "✗ chat {label}: {error:#}")?;
                continue;
            }
        };
        for endpoint in endpoints {
            let by = endpoint.encoder.service().name();
            let (is_well, said) = try_out(&endpoint, &sample).await;
            all_well &= is_well;
            let mark = if is_well { '✓' } else { '✗' };
            writeln!(out, "{mark} chat {label}, {by}: {said}")?;
        }
    }
    Ok(all_well)
}

async fn try_out(endpoint: &Endpoint, sample: &Message) -> (bool, String) {
    let now = clock::now();
    let attempt = Attempt::new(&format!("test at {}", clock::now_ms()), 0, now, now);
    let request = match endpoint.encoder.message(sample, &attempt) {
        Ok(request) => request,
        Err(error) => return (false, format!("{error:#}")),
    };
    match endpoint.client.send(request).await {
        Outcome::Accepted(_) => (true, "the sample was taken".to_owned()),
        Outcome::NoAnswer(why) => (false, why),
        Outcome::RetryLater { why, .. } => (false, format!("{why}; try again later")),
        Outcome::Gone(why) | Outcome::Refused(why) => {
            let what = endpoint.encoder.service().remedy();
            (false, format!("refused, {why}; {what}"))
        }
    }
}

/// Requires each target to be usable, at least with the built-in templates.
fn require_targets(settings: &Settings) -> Result<()> {
    ensure_any(settings)?;
    let targets = Target::all(settings, Timing::default()).into_iter();
    let mut broken = targets.filter_map(Result::err);
    match broken.find(|target| target.builtin_endpoints.is_none()) {
        None => Ok(()),
        Some(BrokenTarget { label, error, .. }) => {
            let problem = format!("chat {label} gets no messages: {error:#}");
            Err(settings.refuse("[[notify]]", &problem).into())
        }
    }
}

fn ensure_any(settings: &Settings) -> Result<(), SettingsError> {
    if settings.notify.is_empty() {
        let problem = "there is no chat; add a `[[notify]]` with `kind` and `url`";
        return Err(settings.refuse("[[notify]]", problem));
    }
    Ok(())
}
