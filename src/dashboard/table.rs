//! The table that Jekyll reads: everybody who is published, however long ago.

use chrono_tz::Tz;

use super::clock::csv_time;
use super::visible::Visible;
use crate::moment::Moment;

/// A row of the CSV, not yet escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRow {
    /// The name shown.
    pub name: String,
    /// Whether the person is in.
    pub online: bool,
    /// `2023-10-20-20:38:09`, or `N/A`.
    pub last_join: String,
    /// `2023-10-20-20:38:09`, or `N/A`.
    pub last_left: String,
}

/// The rows, last action first, then by name.
pub(super) fn rows(visible: &Visible, zone: Tz) -> Vec<TableRow> {
    let time = |moment: Option<Moment>| match moment {
        Some(moment) => csv_time(zone, moment),
        None => "N/A".to_owned(),
    };
    let people = visible.people.iter();
    people
        .map(|person| TableRow {
            name: person.name.to_string(),
            online: person.present_since.is_some(),
            last_join: time(person.last_join),
            last_left: time(person.last_left),
        })
        .collect()
}
