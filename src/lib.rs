//! Lookout.

pub mod admin;
pub mod clock;
pub mod commands;
pub mod config;
pub mod http;
pub mod intake;
pub mod journal;
pub mod jsonl;
pub mod moment;
pub mod roster;
pub mod simulate;
pub mod visitors;
pub mod zoom;
