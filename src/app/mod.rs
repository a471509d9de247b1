//! The running application: which parts run, and in what order they start and stop.

pub mod monitoring;
pub mod scrubbing;
