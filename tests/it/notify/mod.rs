//! Messages to chats: their content and their delivery.

mod answers;
mod cards;
mod doubles;
mod harness;
mod hostile;
mod messages;
mod program;
mod settings;
mod templates;
mod unanswered;
