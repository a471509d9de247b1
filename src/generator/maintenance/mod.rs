//! Journal and store as one unit: back up, restore, repair and reset them together.

mod backup;
mod repair;
mod replacement;
mod reset;
mod restore;

pub use backup::back_up;
pub use repair::{Repaired, repair};
pub use reset::reset_journal;
pub use restore::{Backup, Restored};
