//! One visit as a row of CSV or as a line of JSON.

use std::borrow::Cow;
use std::io::Write;

use anyhow::{Context, Result};
use csv::{QuoteStyle, Terminator, WriterBuilder};
use serde::Serialize;

use crate::config::Settings;
use crate::roster::{End, PersonVisit};
use crate::time::moment::Moment;
use crate::time::zone::Zone;

const HEADER: [&str; 7] = ["Name", "Room", "Came", "Left", "Minutes", "Still in", "End known"];

/// Characters with which a cell begins that spreadsheets run as a formula.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// What failed if the rows can't be collected.
const NO_ROOM: &str =
    "cannot write a temporary file; make room in `/tmp`, or name another directory in `TMPDIR`";

/// Writes rows to `W`.
pub(super) struct RowWriter<'a, W: Write> {
    out: Output<W>,
    zone: &'a Zone,
    /// The names of the rooms, in the order of the settings.
    rooms: Vec<&'a str>,
    now: Moment,
}

enum Output<W: Write> {
    Csv(Box<csv::Writer<W>>),
    Json(W),
}

/// A visit as JSON. Unknown moments and lengths are `null`.
#[derive(Debug, Serialize)]
struct Row<'a> {
    name: &'a str,
    room: &'a str,
    came: Option<String>,
    left: Option<String>,
    minutes: Option<i64>,
    still_in: bool,
    end_known: bool,
}

impl<'a, W: Write> RowWriter<'a, W> {
    /// A writer of JSON or else CSV. Where no rooms are configured, the room is called as the site.
    ///
    /// # Errors
    ///
    /// The header can't be written.
    pub(super) fn new(is_json: bool, settings: &'a Settings, now: Moment, out: W) -> Result<Self> {
        let rooms: Vec<_> = settings.rooms.iter().map(|room| room.name.as_str()).collect();
        let rooms = if rooms.is_empty() { vec![settings.site.title.as_str()] } else { rooms };
        let out = if is_json { Output::Json(out) } else { Output::Csv(csv_writer(out)?) };
        Ok(Self { out, zone: &settings.site.time_zone, rooms, now })
    }

    /// Writes one visit.
    pub(super) fn write(&mut self, visit: &PersonVisit<'_>) -> Result<()> {
        let row = self.row(visit);
        let written = match &mut self.out {
            Output::Csv(out) => write_csv(&row, out).map_err(anyhow::Error::from),
            Output::Json(out) => write_json(&row, out),
        };
        written.context(NO_ROOM)
    }

    /// Writes what is left in memory.
    pub(super) fn finish(self) -> Result<()> {
        let written = match self.out {
            Output::Csv(mut out) => out.flush(),
            Output::Json(mut out) => out.flush(),
        };
        written.context(NO_ROOM)
    }

    fn row<'v>(&self, PersonVisit { name, room, visit }: &'v PersonVisit<'_>) -> Row<'v>
    where
        'a: 'v,
    {
        let (left, until) = match visit.end {
            End::At(end) => (Some(end), Some(end)),
            End::Open => (None, Some(self.now)),
            End::Unknown => (None, None),
        };
        let length_s = visit.start.zip(until).map(|(start, until)| until.since(start).max(0));
        let time = |moment: Moment| self.zone.to_rfc3339(moment);
        Row {
            name: name.as_str(),
            room: self.rooms.get(*room as usize).copied().unwrap_or_default(),
            came: visit.start.map(time),
            left: left.map(time),
            minutes: length_s.map(|length_s| (length_s + 30) / 60),
            still_in: visit.end == End::Open,
            end_known: left.is_some(),
        }
    }
}

/// A writer that quotes each cell: where spreadsheets expect a semicolon between cells, one in a name
/// would begin another cell.
fn csv_writer<W: Write>(out: W) -> Result<Box<csv::Writer<W>>> {
    let mut builder = WriterBuilder::new();
    builder.terminator(Terminator::Any(b'\n')).quote_style(QuoteStyle::Always);
    let mut writer = builder.from_writer(out);
    writer.write_record(HEADER).context(NO_ROOM)?;
    Ok(Box::new(writer))
}

fn write_csv<W: Write>(row: &Row<'_>, out: &mut csv::Writer<W>) -> csv::Result<()> {
    let yes_or_no = |is: bool| if is { "yes" } else { "no" };
    let minutes = row.minutes.map(|minutes| minutes.to_string());
    out.write_record([
        &*inert(row.name),
        &*inert(row.room),
        row.came.as_deref().unwrap_or_default(),
        row.left.as_deref().unwrap_or_default(),
        minutes.as_deref().unwrap_or_default(),
        yes_or_no(row.still_in),
        yes_or_no(row.end_known),
    ])
}

/// `text` so that no spreadsheet runs it: an apostrophe precedes what may be a formula.
fn inert(text: &str) -> Cow<'_, str> {
    match text.starts_with(FORMULA) {
        true => format!("'{text}").into(),
        false => text.into(),
    }
}

fn write_json(row: &Row<'_>, out: &mut impl Write) -> Result<()> {
    serde_json::to_writer(&mut *out, row)?;
    out.write_all(b"\n")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_begins_a_formula_whatever_separates_the_cells() {
        #[rustfmt::skip]
        let names = [
            // what is special           name
            ("a formula",                "=cmd|' /C calc'!A0"),
            ("one behind a semicolon",   "x;=cmd|' /C calc'!A0;y"),
            ("one behind a comma",       "x,=cmd|' /C calc'!A0,y"),
            ("one behind a tab",         "x\t=cmd|' /C calc'!A0\ty"),
            ("one behind a quote",       "x\";=cmd|' /C calc'!A0;\"y"),
        ];
        for (what, name) in names {
            let mut file = Vec::new();
            let mut out = csv_writer(&mut file).expect("written");
            let row = Row {
                name,
                room: "Lounge",
                came: None,
                left: None,
                minutes: None,
                still_in: false,
                end_known: false,
            };
            write_csv(&row, &mut out).expect("written");
            out.flush().expect("written");
            drop(out);
            for delimiter in [b',', b';', b'\t'] {
                let mut reader = csv::ReaderBuilder::new();
                reader.delimiter(delimiter).flexible(true).has_headers(false);
                let records = reader.from_reader(&*file).into_records();
                let cells: Vec<String> = records
                    .flat_map(|record| {
                        record.expect("a row").iter().map(str::to_owned).collect::<Vec<_>>()
                    })
                    .collect();
                let formula = cells.iter().find(|cell| cell.starts_with(FORMULA));
                assert_eq!(formula, None, "{what}, {:?}", char::from(delimiter));
            }
        }
    }
}
