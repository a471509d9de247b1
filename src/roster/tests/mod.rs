//! Tests of the whole fold: events in, presence out.

mod any;
mod callers;
mod cases;
mod checkpoint;
mod forgetting;
mod future;
mod people;
mod properties;
mod rooms;
mod rules;
mod sharing;
mod story;
