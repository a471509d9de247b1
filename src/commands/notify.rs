//! `lookout notify`: only messages to chats, where others take the deliveries.

use std::io::Write;
use std::sync::Arc;

use anyhow::Result;
use tokio::runtime::Handle;

use crate::app::monitoring::Monitoring;
use crate::archive::Archive;
use crate::commands::follower::follow;
use crate::commands::owner;
use crate::commands::serve::listen;
use crate::config::{Settings, SettingsError, Supervisor};
use crate::generator::{Load, Log};
use crate::notify::client::Outcome;
use crate::notify::message::{Message, MessageKind};
use crate::notify::target::{BrokenTarget, Endpoint, EndpointKind, Target, sample_room};
use crate::notify::{self, Timing};
use crate::server::admin;
use crate::server::{self, Signals, Trigger};

/// What `notify` takes.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Send one sample to each chat, say what came back, and exit
    #[arg(long)]
    pub test: bool,
}

/// Tells the chats what happens until SIGTERM or SIGINT; `load` reads the settings again when they
/// have changed.
pub async fn run(
    settings: Settings,
    load: Load,
    mut supervisor: Supervisor,
    mut signals: Signals,
) -> Result<()> {
    require_targets(&settings)?;
    owner::become_journals(&settings)?;
    let Monitoring { health, notify: metrics, .. } = Monitoring::default();
    let (trigger, shutdown) = Trigger::new();
    // Beside an intake on the same machine, that one has the address.
    let admin = listen(&mut supervisor, settings.admin.listen, "admin.listen").map(|listener| {
        tokio::spawn(server::serve(listener, admin::router(Arc::clone(&health)), shutdown.clone()))
    });
    if let Err(error) = &admin {
        tracing::info!("there are no metrics of the messages: {error:#}");
    }
    let archive = settings.archive.as_ref();
    let archive = archive.map(|archive| Archive::new(archive, Handle::current()));
    let log = Log::to_follow(&settings, archive.clone())?;
    let snapshots = follow(settings.clone(), log, load, shutdown)?;
    let timing = Timing::default();
    let notifier = notify::start(&settings, archive, snapshots, metrics, timing)?;
    supervisor.ready();
    let signal = signals.received().await;
    tracing::info!("stopping on {signal}");
    supervisor.stopping();
    notifier.stop().await?;
    trigger.pull();
    Ok(())
}

/// Sends one sample to each target, and writes a line each to `out` about what came back;
/// whether all of them took it.
pub async fn test(settings: &Settings, out: &mut impl Write) -> Result<bool> {
    ensure_any(settings)?;
    let sample = Message { room: sample_room(settings), kind: MessageKind::Test };
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
            let by = match endpoint.kind {
                EndpointKind::Webhook => "webhook",
                EndpointKind::Bot => "bot",
            };
            let (is_well, said) = try_out(&endpoint, &sample).await;
            all_well &= is_well;
            let mark = if is_well { '✓' } else { '✗' };
            writeln!(out, "{mark} chat {label}, {by}: {said}")?;
        }
    }
    Ok(all_well)
}

async fn try_out(endpoint: &Endpoint, sample: &Message) -> (bool, String) {
    let body = match endpoint.encoder.message(sample) {
        Ok(body) => body,
        Err(error) => return (false, format!("{error:#}")),
    };
    match endpoint.client.post(body).await {
        Outcome::Accepted(_) => (true, "the sample was taken".to_owned()),
        Outcome::NoAnswer(why) => (false, why),
        Outcome::RetryLater { why, .. } => (false, format!("{why}; try again later")),
        Outcome::Gone(why) | Outcome::Refused(why) => {
            let what = match endpoint.kind {
                EndpointKind::Webhook => "make a new webhook if that one is gone",
                EndpointKind::Bot => "look at the bot's token, its channel and its rights",
            };
            (false, format!("refused, {why}; {what}"))
        }
    }
}

/// Only messages are asked for, so each target has to be usable, if only in the built-in words.
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
