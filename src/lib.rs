//! Lookout.

pub mod config;
pub mod dashboard;
pub mod moment;
pub mod roster;
pub mod site;
pub mod zoom;
