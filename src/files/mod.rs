//! Files and directories beside which other users and processes work: names, locks, temporary
//! files, and opening without being held up.

pub mod beside;
pub mod controller;
pub mod lock;
pub mod real_path;
pub mod regular_file;
pub mod scratch;
