//! Messages to chats: who joins and leaves, and when a room opens and empties.
//!
//! ```text
//! generator ── snapshot ──▶ notifier        starts one worker per target of the settings
//!                              │ update
//!                              ▼
//!                           worker          one task per target
//!                              │
//!              ┌───────────────┼────────────────────┐
//!              ▼               ▼                    ▼
//!         difference        outbox               sender ◀── rate_limit
//!     delivery_state +   delivery_state +           │
//!     roster             messages that wait;        ├─ encoder   message ─▶ request
//!     ─▶ messages        saved in a database        └─ client    request ─▶ answer ─▶ outcome
//!                        or in the archive
//! ```
//!
//! A worker repeats these steps: `difference` compares what the target has been told with the
//! latest snapshot; the result goes into the [`outbox`], which is saved; then the sender encodes
//! the oldest message, sends it, and removes it from the outbox once the chat has accepted or
//! refused it. A target that fails delays no other one.
//!
//! The differences and the encoders are pure.

pub mod answer;
pub mod attempt;
pub mod client;
pub mod delivery_state;
mod difference;
mod encoder;
mod forget;
pub mod message;
mod metrics;
mod notifier;
pub mod outbox;
pub mod request;
mod snapshot;
pub mod status;
pub mod target;
mod timing;
mod worker;

#[cfg(test)]
mod tests;

pub use encoder::{Encoder, Service, WebhookSettings, missing_messages};
pub use forget::forget;
pub use message::{
    Card, CardState, Members, Message, MessageKind, PersonInside, RoomInfo, RoomSummary,
};
pub use metrics::Metrics;
pub use notifier::{Notifier, start};
pub use snapshot::{Snapshot, Snapshots};
pub use timing::Timing;
