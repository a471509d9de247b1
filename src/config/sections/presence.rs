//! `[presence]`: when a silent meeting counts as over.

use crate::config::section::Section;
use crate::config::settings::Presence;
use crate::config::values;

pub(in crate::config) fn read(section: &mut Section<'_>) -> Presence {
    Presence { stale_after: section.value("stale_after", "12h", values::stale_after) }
}
