//! What is said when, told as stories: comings and goings in, messages out.

mod cards;
mod day;
mod forgotten;
mod openings;
mod snapshot;
mod stage;
mod stories;
mod twice;
