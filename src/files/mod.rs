//! Files and directories beside which other users and processes work: names, locks, temporary
//! files, and opening without being held up.

pub mod beside;
pub mod lock;
pub mod regular_file;
pub mod scratch;
