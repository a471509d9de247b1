//! Whole scenarios: joins and leaves in, messages out.

mod cards;
mod day;
mod door;
mod openings;
mod redaction;
mod scenario;
mod snapshot;
mod stories;
mod twice;
