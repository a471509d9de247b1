//! Tests of the whole fold: events in, presence out.

pub mod any;
mod callers;
mod cases;
mod future;
mod observations;
mod people;
mod properties;
mod rooms;
mod rules;
mod sharing;
pub mod story;
mod waiting;
