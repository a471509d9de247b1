//! `lookout demo`: the whole job with no set-up, in a temporary directory.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use tempfile::TempDir;
use tokio::task;
use tokio::time::{Instant, sleep_until};

use crate::app::{App, CannotListen, Options};
use crate::config::{PublishList, Room, Secret, Settings, Slug, Supervisor};
use crate::dashboard::{Dashboard, TableRow};
use crate::generator::{Generator, Log};
use crate::journal::{Content, Journal, Record};
use crate::shutdown::Signals;
use crate::simulate::{self, Client, Delivery, Story};
use crate::site::Replace;
use crate::time::clock;
use crate::time::moment::Moment;
use crate::zoom::Key;

/// The secret that signs the demo's deliveries. Nothing else accepts it.
const SECRET: &str = "the-demo-signs-with-this";

/// Shows a room that changes by itself at a printed URL, until SIGINT or SIGTERM.
pub async fn run(
    seed: u64,
    listen: Option<SocketAddr>,
    mut signals: Signals,
    out: &mut impl Write,
) -> Result<()> {
    let dir = temporary_dir()?;
    let mut settings = settings(dir.path());
    settings.zoom.listen = listen.unwrap_or_else(|| free(settings.zoom.listen));
    let (path, webhook) = (settings.site.path.clone(), settings.zoom.path.clone());
    let start = clock::now();
    let past_settings = settings.clone();
    task::spawn_blocking(move || store(Story::past(seed, start), &past_settings))
        .await
        .context("cannot store the demo's past events")??;
    let requested = settings.zoom.listen;
    let mut app =
        App::serve(&settings, Options::default(), &mut Supervisor::default()).map_err(|error| {
            match listen {
                // Its text names a setting, and the user has none.
                Some(_) if error.is::<CannotListen>() => {
                    anyhow!(
                        "cannot listen on `{requested}`; choose another address with `--listen`"
                    )
                }
                _ => error,
            }
        })?;
    let address = app.address.context("the demo listens nowhere")?;
    // The printed address must have a page at once.
    tokio::select! {
        () = app.published() => {}
        _ = signals.received() => return app.stop().await,
    }
    writeln!(out, "http://{address}{path}")?;
    out.flush()?;
    tracing::info!("open it in a browser; Ctrl-C ends the demo and removes its directory");

    let url = format!("http://{address}{webhook}").parse().context("the demo's own address")?;
    let client = Client::new(url, Secret::new(SECRET).expect("it is not empty"))?;
    tokio::select! {
        () = play(Story::live(seed, start), start, &client) => {}
        _ = signals.received() => {}
    }
    app.stop().await
}

/// Posts each delivery at its time.
async fn play(story: Story, start: Moment, client: &Client) {
    let (began, start_ms) = (Instant::now(), start.seconds() * 1000);
    for delivery in story {
        let wait_ms = u64::try_from(delivery.at_ms - start_ms).unwrap_or(0);
        sleep_until(began + Duration::from_millis(wait_ms)).await;
        match client.post(&delivery.body, &delivery.request_id).await {
            Ok(status) if status.is_success() => {}
            Ok(status) => tracing::warn!("a delivery of the demo was answered with {status}"),
            Err(error) => tracing::warn!("a delivery of the demo failed: {error}"),
        }
    }
}

/// Builds one site from a short simulation and prints its table; equal for equal seeds.
pub fn once(seed: u64, out: &mut impl Write) -> Result<()> {
    let dir = temporary_dir()?;
    let settings = settings(dir.path());
    let (evening, end) = simulate::evening(seed);
    store(evening, &settings)?;

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
        "the site is in `{}`; delete `{}` when you no longer need it",
        site.display(),
        dir.display()
    );
    Ok(())
}

fn temporary_dir() -> Result<TempDir> {
    tempfile::Builder::new()
        .prefix("lookout-demo-")
        .tempdir()
        .context("cannot create a temporary directory; is the disk full, or `TMPDIR` not writable?")
}

fn settings(dir: &Path) -> Settings {
    let mut settings = Settings::default();
    settings.site.title = simulate::ROOM_NAME.to_owned();
    settings.site.output_dir = dir.join("site");
    settings.site.templates_dir = dir.join("templates");
    settings.site.static_dir = dir.join("static");
    settings.journal.path = dir.join("data").join("lookout.db");
    settings.zoom.secret_tokens = Secret::new(SECRET).into_iter().collect();
    settings.admin.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    settings.privacy.publish = PublishList::Everybody;
    settings.rooms = vec![Room {
        meeting_id: simulate::ROOM_NUMBER.to_owned(),
        name: simulate::ROOM_NAME.to_owned(),
        slug: Slug::parse("lounge").expect("it is a slug"),
        join_url: String::new(),
        icon: None,
        subtitle: None,
        stale_after: None,
    }];
    settings
}

/// `address` if it is free, else a free port of the same host.
fn free(address: SocketAddr) -> SocketAddr {
    match TcpListener::bind(address) {
        Ok(_) => address,
        Err(_) => SocketAddr::new(address.ip(), 0),
    }
}

/// Stores deliveries in the journal as if they had arrived at their times.
fn store(deliveries: impl IntoIterator<Item = Delivery>, settings: &Settings) -> Result<()> {
    let journal = Journal::open(&settings.journal.path)?;
    let records = deliveries.into_iter().map(|delivery| record(&delivery, settings)).collect();
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
