//! What holds whatever comes in: a function for each boundary, which panics where it does not.
//!
//! `cargo test` runs them with some hundreds of invented inputs (`tests/it/any.rs`), the fuzz
//! targets with as many as there is time for (`tests/fuzz/run.sh`).

pub mod cells;
pub mod chat;
pub mod checkpoint;
pub mod delivery;
pub mod forgetting;
pub mod head;
pub mod import;
pub mod page;
mod sample;
pub mod settings;
