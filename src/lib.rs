//! Lookout.

pub mod builtin;
pub mod cli;
pub mod commands;
pub mod config;
pub mod logging;
pub mod moment;
pub mod roster;
pub mod zoom;
