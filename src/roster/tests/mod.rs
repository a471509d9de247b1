//! Tests of the whole fold: events in, presence out.

mod any;
mod cases;
mod properties;
mod story;
