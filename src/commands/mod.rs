//! One file for each command.

pub mod build;
pub mod check;
pub mod demo;
pub mod export;
pub mod import;
pub mod init;
pub mod intake;
pub mod notify;
mod owner;
pub mod serve;
mod shipping;
pub mod simulate;
pub mod watch;
