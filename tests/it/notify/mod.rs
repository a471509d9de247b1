//! Messages to chat rooms: what is said, and to whom it gets through.

mod answers;
mod cards;
mod doubles;
mod hostile;
mod messages;
mod program;
mod settings;
mod stage;
mod templates;
mod unanswered;
