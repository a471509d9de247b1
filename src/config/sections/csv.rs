//! `[csv]`

use crate::config::section::Section;
use crate::config::{Csv, web};

pub(in crate::config) fn read(section: &mut Section<'_>) -> Csv {
    Csv {
        path: section.value("path", "_data/zoom-room-dashboard.csv", web::below),
        copies: section.paths("copies"),
    }
}
