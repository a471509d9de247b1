//! One file for each command.

pub mod arguments;
pub mod backup;
pub mod build;
pub mod check;
pub mod demo;
pub mod end;
pub mod export;
pub mod forget;
pub mod guide;
pub mod import;
pub mod init;
pub mod intake;
pub mod notify;
pub mod print;
mod quoted;
pub mod repair;
pub mod restore;
pub mod serve;
mod standing;
mod stored_events;
pub mod visits;
pub mod watch;
pub mod who;
