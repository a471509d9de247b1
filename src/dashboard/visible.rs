//! Who may be shown. Privacy is applied here and nowhere else: whatever the
//! rest of the dashboard, or a message, is made of has passed [`Visible::of`].

use std::cmp::Reverse;

use crate::config::{Others, Privacy};
use crate::roster::Person;
use crate::time::moment::Moment;

/// How far back pages go; the CSV has everybody.
pub(super) const WINDOW_S: i64 = 35 * 24 * 60 * 60;

/// The people who may be shown, and the number of the others who are in.
pub(crate) struct Visible<'a> {
    /// Last action first, then by name in code-point order.
    pub(crate) people: Vec<&'a Person>,
    /// How many more are in now; 0 where others are hidden.
    pub(crate) others: usize,
}

impl<'a> Visible<'a> {
    /// Takes the published of `people`; everybody else is at most counted.
    pub(crate) fn of(people: &'a [Person], nameless_present: usize, privacy: &Privacy) -> Self {
        let (mut shown, hidden): (Vec<_>, Vec<_>) =
            people.iter().partition(|person| privacy.publish.allows(&person.name));
        shown.sort_by_cached_key(|person| (Reverse(person.last_action()), &person.name));
        let hidden_present = hidden.iter().filter(|p| p.present_since.is_some()).count();
        let others = match privacy.others {
            Others::Hidden => 0,
            Others::Counted => hidden_present + nameless_present,
        };
        Self { people: shown, others }
    }

    /// Those a page shows at `now`: in, or seen in the last 35 days.
    pub(super) fn recent(&self, now: Moment) -> impl Iterator<Item = &'a Person> {
        let horizon = now.plus(-WINDOW_S);
        let is_recent =
            move |person: &&Person| person.present_since.is_some() || leaves(person) >= horizon;
        self.people.iter().copied().filter(is_recent)
    }

    /// Those who are in, the first to come first.
    pub(crate) fn present(&self) -> Vec<(&'a Person, Moment)> {
        let since = |person: &&'a Person| Some((*person, person.present_since?));
        let mut present: Vec<_> = self.people.iter().filter_map(since).collect();
        present.sort_by(|(a, a_since), (b, b_since)| {
            a_since.cmp(b_since).then_with(|| a.name.cmp(&b.name))
        });
        present
    }

    /// How many are in, as far as a visitor may know.
    pub(crate) fn count(&self) -> usize {
        let present = self.people.iter().filter(|p| p.present_since.is_some());
        present.count() + self.others
    }

    /// The last change that a visitor can see.
    pub(super) fn updated(&self) -> Option<Moment> {
        self.people.iter().filter_map(|person| person.last_action()).max()
    }

    /// When the next one of those shown at `now` is no longer.
    pub(super) fn next_fading(&self, now: Moment) -> Option<Moment> {
        let out = self.recent(now).filter(|person| person.present_since.is_none());
        out.map(|person| leaves(person).plus(WINDOW_S + 1)).min()
    }
}

/// When `person` was last seen; the beginning of time where nobody knows.
fn leaves(person: &Person) -> Moment {
    person.last_action().unwrap_or(Moment::from_seconds(i64::MIN))
}
