//! One file for each command.

pub mod arguments;
pub mod backup;
pub mod build;
pub mod check;
mod counted;
pub mod demo;
pub mod export;
mod follower;
pub mod forget;
pub mod import;
pub mod init;
pub mod intake;
pub mod notify;
mod owner;
pub mod print;
pub mod repair;
mod rereading;
pub mod restore;
pub mod serve;
mod shipping;
pub mod watch;
