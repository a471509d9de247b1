//! Lookout.

pub mod config;
pub mod journal;
pub mod moment;
pub mod roster;
pub mod zoom;
