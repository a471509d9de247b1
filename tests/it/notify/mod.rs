//! Messages to chats: their content and their delivery.

mod answers;
mod cards;
mod door;
mod doubles;
mod harness;
mod hostile;
mod kinds;
mod messages;
mod program;
mod recipes;
mod settings;
mod templates;
mod unanswered;
mod webhook;
mod whom;
