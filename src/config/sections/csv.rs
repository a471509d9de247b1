//! `[csv]`: where the table is written.

use crate::config::section::Section;
use crate::config::settings::Csv;
use crate::config::url;

pub(in crate::config) fn read(section: &mut Section<'_>) -> Csv {
    Csv {
        path: section.value("path", "_data/zoom-room-dashboard.csv", url::below),
        copies: section.paths("copies"),
    }
}
