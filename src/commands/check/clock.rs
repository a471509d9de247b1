//! The clock: Zoom's signatures expire, so it has to be right.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{Context, Finding};
use crate::time::moment::Moment;

/// 2026-01-01T00:00:00Z: no right clock is before it.
const EARLIEST: Moment = Moment::from_seconds(1_767_225_600);
/// 2100-01-01T00:00:00Z.
const LATEST: Moment = Moment::from_seconds(4_102_444_800);

/// systemd-timesyncd creates this file when it has set the clock by NTP.
const SYNCHRONISED: &str = "/run/systemd/timesync/synchronized";

/// Checks the year, and whether the system synchronises the clock.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    vec![judge(context.now, synchronised())]
}

fn judge(now: Moment, synchronised: Option<bool>) -> Finding {
    if !(EARLIEST..LATEST).contains(&now) {
        return Finding::problem(
            "clock",
            format!("shows {now}, which is wrong; set it, and keep it synchronised with NTP"),
        );
    }
    match synchronised {
        Some(true) => Finding::ok("clock", format!("{now}, synchronised by NTP")),
        Some(false) => Finding::warning(
            "clock",
            format!(
                "{now}, not synchronised by NTP; try `timedatectl set-ntp true`: if the clock drifts, Zoom's deliveries are refused"
            ),
        ),
        None => Finding::ok("clock", format!("{now}")),
    }
}

/// Whether systemd reports the clock as synchronised; `None` on a machine without systemd. The
/// archive's clock is compared in its own check, and Zoom's with each delivery.
fn synchronised() -> Option<bool> {
    if matches!(Path::new(SYNCHRONISED).try_exists(), Ok(true)) {
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
    fn an_impossible_date_is_a_problem() {
        #[rustfmt::skip]
        let cases = [
            // what is special        now                     NTP           mark
            ("today, kept",           "2027-01-05T20:00:00Z", Some(true),   '✓'),
            ("today, not kept",       "2027-01-05T20:00:00Z", Some(false),  '!'),
            ("today, unknown",   "2027-01-05T20:00:00Z", None,         '✓'),
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
