//! `[journal]`: the journal's file, and how long events are kept.

use crate::config::section::Section;
use crate::config::settings::Journal;
use crate::config::values;

pub(in crate::config) fn read(section: &mut Section<'_>) -> Journal {
    Journal {
        path: section.path("path", "data/lookout.db"),
        keep: section.optional("keep", values::duration),
        keep_quarantined: section.value("keep_quarantined", "30d", values::duration),
    }
}
