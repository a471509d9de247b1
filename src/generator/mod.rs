//! The generator: journal and archive → store → presence → site.
//!
//! [`Log`] reads new events into the store; [`Generator`] makes the site of what the store holds,
//! as of a moment. The store is a function of the events alone. So a build from it, a replay of
//! all events and a `serve` that has run for months make the same bytes.

mod inputs;
mod log;
mod maintenance;
mod metrics;
mod old_checkpoint;
mod preview;
mod site_generator;
mod store_file;
mod watch_loop;

pub use inputs::{Inputs, Load};
pub use log::{Log, MeetingSeen, NameSeen, Seen, Source};
pub use maintenance::{Backup, Repaired, Restored, back_up, repair, reset_journal};
pub use metrics::Metrics;
pub use old_checkpoint::import as import_old_checkpoint;
pub use preview::{Preview, Previews};
pub use site_generator::{Generator, newer_than_journal};
pub use store_file::{names_in_store, path_of as store_path, sweep, verify_store};
pub use watch_loop::{Connections, run};
