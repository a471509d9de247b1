//! The clock: Zoom's signatures are good for a few minutes only.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{Context, Line};
use crate::time::moment::Moment;

/// 2026-01-01T00:00:00Z: no clock of a running Lookout can be before it.
const EARLIEST: Moment = Moment::from_seconds(1_767_225_600);
/// 2100-01-01T00:00:00Z.
const LATEST: Moment = Moment::from_seconds(4_102_444_800);

/// systemd-timesyncd makes this file once the clock was set by NTP.
const SYNCHRONISED: &str = "/run/systemd/timesync/synchronized";

/// Examines the year, and what the system says of its synchronisation.
pub(super) fn check(context: &Context<'_>) -> Vec<Line> {
    vec![judge(context.now, synchronised())]
}

fn judge(now: Moment, synchronised: Option<bool>) -> Line {
    if !(EARLIEST..LATEST).contains(&now) {
        return Line::wrong(
            "clock",
            format!("says {now}, which can't be; set it, and keep it set with NTP"),
        );
    }
    match synchronised {
        Some(true) => Line::fine("clock", format!("{now}, kept by NTP")),
        Some(false) => Line::look(
            "clock",
            format!(
                "{now}, not kept by NTP; try `timedatectl set-ntp true`: one that drifts refuses Zoom"
            ),
        ),
        None => Line::fine("clock", format!("{now}")),
    }
}

/// What systemd says; `None` on a machine without it. There is no time of others to compare
/// with: the archive's clock is compared elsewhere, and Zoom's with each delivery.
fn synchronised() -> Option<bool> {
    if Path::new(SYNCHRONISED).exists() {
        return Some(true);
    }
    let mut command = Command::new("timedatectl");
    command.args(["show", "--property=NTPSynchronized", "--value"]);
    let output = command.stdin(Stdio::null()).output().ok()?;
    match output.stdout.trim_ascii() {
        b"yes" => Some(true),
        b"no" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_of_another_age_is_refused() {
        #[rustfmt::skip]
        let cases = [
            // what is special        now                     NTP           mark
            ("today, kept",           "2027-01-05T20:00:00Z", Some(true),   '✓'),
            ("today, not kept",       "2027-01-05T20:00:00Z", Some(false),  '!'),
            ("today, nobody knows",   "2027-01-05T20:00:00Z", None,         '✓'),
            ("a battery ran out",     "1970-01-01T00:03:00Z", Some(true),   '✗'),
            ("far ahead",             "2300-01-01T00:00:00Z", None,         '✗'),
        ];
        for (what, now, synchronised, mark) in cases {
            let now = Moment::parse_rfc3339(now).expect("a moment");
            let line = judge(now, synchronised).to_string();
            assert!(line.starts_with(mark), "{what}: {line}");
        }
    }
}
