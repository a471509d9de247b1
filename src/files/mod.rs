//! Files and directories that other users and processes may change at the same time: names,
//! identities, locks, temporary files, and opening files without blocking.

pub mod controller;
pub mod directory;
pub mod embedded;
mod identity;
pub mod lock;
pub mod metadata;
pub mod real_path;
pub mod regular_file;
pub mod sibling;
pub mod sqlite;
pub mod temporary_file;

pub use identity::FileId;
