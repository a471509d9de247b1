//! `lookout serve`: intake, generator, site and chats, in one process.

use anyhow::Result;

use crate::app::{App, Options};
use crate::config::{Settings, Supervisor};
use crate::shutdown::Signals;

/// Serves until SIGTERM or SIGINT.
pub async fn run(
    settings: Settings,
    options: Options,
    mut supervisor: Supervisor,
    signals: Signals,
) -> Result<()> {
    App::serve(&settings, options, &mut supervisor)?.run(supervisor, signals).await
}
