//! One file for each command.

pub mod export;
pub mod import;
pub mod simulate;
