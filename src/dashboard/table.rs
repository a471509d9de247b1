//! The rows of the CSV for Jekyll: everybody who is published, however long ago they were in.

use compact_str::CompactString;

use super::clock::csv_time;
use super::visible::Visible;
use crate::time::moment::Moment;
use crate::time::zone::Zone;

/// A row of the CSV, not yet escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRow {
    /// The name shown.
    pub name: CompactString,
    /// Whether the person is in.
    pub online: bool,
    /// `2023-10-20-20:38:09`, or `N/A`.
    pub last_join: CompactString,
    /// `2023-10-20-20:38:09`, or `N/A`.
    pub last_left: CompactString,
}

/// The rows, last action first, then by name.
pub(super) fn rows(visible: &Visible, zone: &Zone) -> Vec<TableRow> {
    let time = |moment: Option<Moment>| match moment {
        Some(moment) => csv_time(zone, moment),
        None => CompactString::const_new("N/A"),
    };
    let people = visible.people.iter();
    people
        .map(|person| TableRow {
            name: person.name.as_str().into(),
            online: person.present_since.is_some(),
            last_join: time(person.last_join),
            last_left: time(person.last_left),
        })
        .collect()
}
