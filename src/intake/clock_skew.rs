//! Whether our clock is right, judged by when Zoom sent what it delivers.
//!
//! Only new deliveries count, because anybody can replay a known one. Zoom tries again after 5, 20 and
//! 60 minutes, perhaps with the timestamp of the first attempt, so one late delivery proves nothing,
//! but several in a row do. One delivery from the future proves that our clock is behind.
//!
//! Pure: the clock is an argument.

/// How far from now a punctual delivery may be sent, in seconds. A fact that is further ahead does
/// not count yet (the [rules](crate::roster), rule 13).
const PUNCTUAL_S: i64 = 5 * 60;

/// After this many late deliveries in a row, a warning is given.
const MAX_LATE_IN_A_ROW: u32 = 5;

/// What new deliveries say about our clock.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClockSkew {
    /// No skew is known.
    #[default]
    None,
    /// Deliveries in a row were late, by at least `least_s` seconds.
    Late { in_a_row: u32, least_s: i64 },
    /// One was sent `by_s` seconds later than now.
    Behind { by_s: i64 },
    /// One was sent `skew_s` seconds away from our clock, so it was not stored.
    OutOfTolerance { skew_s: u64 },
}

impl ClockSkew {
    /// The skew after a new delivery that was sent `late_s` seconds before it arrived.
    #[must_use]
    pub(super) fn after(self, late_s: i64) -> Self {
        match self {
            _ if late_s < -PUNCTUAL_S => Self::Behind { by_s: late_s.saturating_neg() },
            _ if late_s <= PUNCTUAL_S => Self::None,
            Self::Late { in_a_row, least_s } => {
                Self::Late { in_a_row: in_a_row.saturating_add(1), least_s: least_s.min(late_s) }
            }
            Self::None | Self::Behind { .. } | Self::OutOfTolerance { .. } => {
                Self::Late { in_a_row: 1, least_s: late_s }
            }
        }
    }

    /// Why deliveries are refused, if they are.
    pub(super) fn fault(self) -> Option<String> {
        let Self::OutOfTolerance { skew_s } = self else { return None };
        Some(format!(
            "the last new delivery was sent {skew_s} s away from our clock, so it was not stored; set the clock"
        ))
    }

    /// Why the clock may be wrong although deliveries are stored.
    pub(super) fn warning(self) -> Option<String> {
        match self {
            Self::Behind { by_s } => Some(format!(
                "the last new delivery was sent {by_s} s later than our clock shows; set the clock, or what \
                 happens is shown that much too late"
            )),
            Self::Late { in_a_row, least_s } if in_a_row >= MAX_LATE_IN_A_ROW => Some(format!(
                "the last {in_a_row} new deliveries came {least_s} s or more after they were sent; if Zoom \
                 is not repeating what it could not deliver, our clock is ahead: set it"
            )),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_deliveries_show_a_wrong_clock() {
        use ClockSkew::{Behind, Late, None};
        #[rustfmt::skip]
        let cases = [
            // what is special              sent so long before, in s          then                                    is doubted
            ("nothing came yet",            vec![],                            None,                                   false),
            ("punctual",                    vec![2],                           None,                                   false),
            ("at the edges",                vec![300, -300],                   None,                                   false),
            ("a retry with its first time", vec![1, 3600],                     Late { in_a_row: 1, least_s: 3600 },    false),
            ("retries among new ones",      vec![400, 400, 400, 400, 1, 400],  Late { in_a_row: 1, least_s: 400 },     false),
            ("a clock that is ahead",       vec![700, 701, 700, 705, 702],     Late { in_a_row: 5, least_s: 700 },     true),
            ("a clock that was ahead",      vec![700, 701, 700, 705, 702, 1],  None,                                   false),
            ("a clock that is behind",      vec![-301],                        Behind { by_s: 301 },                   true),
            ("a clock that was behind",     vec![-301, 0],                     None,                                   false),
            ("from behind to ahead",        vec![-301, 400],                   Late { in_a_row: 1, least_s: 400 },     false),
            ("the ends of time",            vec![i64::MIN],                    Behind { by_s: i64::MAX },              true),
        ];
        for (what, sent, expected, is_doubted) in cases {
            let skew = sent.into_iter().fold(ClockSkew::default(), ClockSkew::after);
            assert_eq!((skew, skew.warning().is_some()), (expected, is_doubted), "{what}");
            assert_eq!(skew.fault(), Option::None, "{what}");
        }
    }

    #[test]
    fn a_delivery_out_of_tolerance_is_a_fault_until_one_is_punctual() {
        let skew = ClockSkew::OutOfTolerance { skew_s: 9000 };
        assert!(skew.fault().is_some_and(|fault| fault.contains("9000 s")));
        assert_eq!(skew.after(1), ClockSkew::None);
    }
}
