//! Tests of the whole fold: events in, presence out.

mod cases;
mod story;
