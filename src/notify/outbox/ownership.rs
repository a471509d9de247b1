//! What a store answers: the stored text, and whether this process may still send.

/// A stored outbox.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// How often a process that does not send has changed it.
    pub edition: i64,
    /// The outbox as JSON; `None` until there is one.
    pub text: Option<String>,
}

/// Whether this process may still send, as a write or a renewal found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ownership<T> {
    /// It may, and nobody else changed the outbox.
    Held,
    /// It may, but another process changed the outbox to remove names: nothing was saved, and
    /// nothing may be sent before these are removed here as well.
    Changed(T),
    /// Another process sends.
    Lost,
}
