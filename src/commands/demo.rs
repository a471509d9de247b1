//! `lookout demo`: the whole job with no set-up, in a directory that is thrown away.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use tempfile::TempDir;
use tokio::task;

use crate::commands::serve::{CannotListen, Extras, Service};
use crate::config::{PublishList, Room, Secret, Settings, Slug, Supervisor};
use crate::dashboard::{Dashboard, TableRow};
use crate::generator::{Generator, Log};
use crate::journal::{Content, Journal, Record};
use crate::server::Signals;
use crate::simulate::{self, Delivery, Pacing, Sending};
use crate::site::Replace;
use crate::time::clock;
use crate::zoom::Key;

/// What the demo signs with. Nothing else takes it.
const SECRET: &str = "the-demo-signs-with-this";

/// Shows a room that changes by itself at a printed URL, until SIGINT or SIGTERM.
pub async fn run(
    seed: u64,
    listen: Option<SocketAddr>,
    mut signals: Signals,
    out: &mut impl Write,
) -> Result<()> {
    let dir = throw_away_dir()?;
    let mut settings = settings(dir.path());
    settings.zoom.listen = listen.unwrap_or_else(|| free(settings.zoom.listen));
    let (path, webhook) = (settings.site.path.clone(), settings.zoom.path.clone());
    let start = clock::now();
    let remembering = settings.clone();
    task::spawn_blocking(move || remember(simulate::demo_past(seed, start), &remembering))
        .await
        .context("the past of the demo could not be told")??;
    let chosen = settings.zoom.listen;
    let mut service = Service::start(settings, Extras::default(), &mut Supervisor::default())
        .await
        .map_err(|error| match listen {
            // The settings that it speaks of are the demo's own.
            Some(_) if error.is::<CannotListen>() => {
                anyhow!("cannot listen on `{chosen}`; choose another address with `--listen`")
            }
            _ => error,
        })?;
    let address = service.address;
    // Whoever opens the address at once finds a page there.
    tokio::select! {
        () = service.published() => {}
        _ = signals.received() => return service.stop().await,
    }
    writeln!(out, "http://{address}{path}")?;
    out.flush()?;
    tracing::info!("open it in a browser; Ctrl-C ends the demo and removes its directory");

    let sending = Sending {
        url: format!("http://{address}{webhook}").parse().context("the demo's own address")?,
        secret: Secret::new(SECRET).expect("it is not empty"),
        concurrency: NonZeroUsize::MIN,
        pacing: Pacing::Told { from_ms: start.seconds() * 1000 },
        events: None,
        duration: None,
        patience: Duration::from_secs(5),
        ledger: None,
    };
    let story = simulate::demo_story(seed, start);
    let signalled = async move {
        signals.received().await;
    };
    simulate::send(sending, story, signalled).await?;
    service.stop().await
}

/// Builds one site from a short simulation and prints its table; equal for equal seeds.
pub fn once(seed: u64, out: &mut impl Write) -> Result<()> {
    let dir = throw_away_dir()?;
    let settings = settings(dir.path());
    let evening = simulate::demo_evening(seed);
    let end = simulate::demo_evening_end(&evening);
    remember(evening, &settings)?;

    let mut log = Log::in_memory(&settings, None)?;
    log.catch_up(end)?;
    let dashboard = Dashboard::new(&log.presence(end)?, &settings, end);
    print_table(&dashboard.table, out)?;
    let mut generator = Generator::new(settings, log)?;
    let presence = generator.presence(end)?;
    generator.publish(&presence, end, Replace::Any)?;
    let dir = dir.keep();
    let site = dir.join("site");
    tracing::info!(
        "the site is in `{}`; delete `{}` when you have seen it",
        site.display(),
        dir.display()
    );
    Ok(())
}

fn throw_away_dir() -> Result<TempDir> {
    tempfile::Builder::new()
        .prefix("lookout-demo-")
        .tempdir()
        .context("cannot make a temporary directory; is there room in it, and may you write there?")
}

fn settings(dir: &Path) -> Settings {
    let mut settings = Settings::default();
    let room = simulate::demo_room();
    settings.site.title = room.topic.clone();
    settings.site.output_dir = dir.join("site");
    settings.site.templates_dir = dir.join("templates");
    settings.site.static_dir = dir.join("static");
    settings.journal.path = dir.join("data").join("lookout.db");
    settings.zoom.secret_tokens = Secret::new(SECRET).into_iter().collect();
    settings.admin.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    settings.privacy.publish = PublishList::Everybody;
    settings.rooms = vec![Room {
        meeting_id: room.number,
        name: room.topic,
        slug: Slug::parse("lounge").expect("it is a slug"),
        join_url: String::new(),
        stale_after: None,
    }];
    settings
}

/// The usual address, or another port where somebody has it already.
fn free(address: SocketAddr) -> SocketAddr {
    match TcpListener::bind(address) {
        Ok(_) => address,
        Err(_) => SocketAddr::new(address.ip(), 0),
    }
}

/// Puts into the journal what happened before the demo.
fn remember(past: impl IntoIterator<Item = Delivery>, settings: &Settings) -> Result<()> {
    let journal = Journal::open(&settings.journal.path)?;
    let records = past.into_iter().map(|delivery| record(&delivery, settings)).collect();
    journal.append_all(records)?;
    journal.close();
    Ok(())
}

fn record(delivery: &Delivery, settings: &Settings) -> Record {
    let body = delivery.body.as_bytes();
    Record {
        key: Key::of(body),
        received_ms: delivery.at_ms,
        request_id: Some(delivery.request_id.clone()),
        content: Content::of(body, delivery.at_ms, &settings.redaction()),
    }
}

fn print_table(rows: &[TableRow], out: &mut impl Write) -> Result<()> {
    let width = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0).max(8);
    writeln!(out, "{:width$}  Status  Last Join            Last Left", "Username")?;
    for row in rows {
        let status = if row.online { "in" } else { "out" };
        let (join, left) = (&row.last_join, &row.last_left);
        writeln!(out, "{:width$}  {status:6}  {join:19}  {left}", row.name)?;
    }
    Ok(())
}
