//! One file for each command.

pub mod build;
pub mod demo;
pub mod export;
pub mod import;
pub mod serve;
pub mod simulate;
