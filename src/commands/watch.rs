//! `lookout watch`: only the generator, where other processes accept the deliveries.

use anyhow::Result;

use crate::app::{App, Options};
use crate::config::{Settings, Supervisor};
use crate::shutdown::Signals;

/// Keeps the site current until SIGTERM or SIGINT.
pub async fn run(
    settings: Settings,
    options: Options,
    supervisor: Supervisor,
    signals: Signals,
) -> Result<()> {
    App::watch(&settings, options)?.run(supervisor, signals).await
}
