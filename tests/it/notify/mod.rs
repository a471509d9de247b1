//! Messages to chat rooms: what is said, and to whom it gets through.

mod doubles;
mod hostile;
mod messages;
mod templates;
