//! Lookout.

pub mod config;
pub mod moment;
pub mod roster;
pub mod simulate;
pub mod zoom;
