//! `[admin]`: the address that serves health and metrics.

use crate::config::section::Section;
use crate::config::settings::Admin;
use crate::config::values;

pub(in crate::config) fn read(section: &mut Section<'_>) -> Admin {
    Admin { listen: section.value("listen", "127.0.0.1:8788", values::listen) }
}
