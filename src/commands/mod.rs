//! One file for each command.

pub mod build;
pub mod export;
pub mod import;
pub mod serve;
