//! `lookout intake`: only the webhook, on any number of machines.

use anyhow::Result;

use crate::app::App;
use crate::config::{Settings, Supervisor};
use crate::shutdown::Signals;

/// Accepts deliveries until SIGTERM or SIGINT.
pub async fn run(settings: Settings, mut supervisor: Supervisor, signals: Signals) -> Result<()> {
    App::intake(&settings, &mut supervisor)?.run(supervisor, signals).await
}
