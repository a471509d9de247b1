//! Applies privacy: who may be shown. Nothing else applies it, so the dashboard and all messages
//! are made from the result of [`Visible::of`].

use std::cmp::Reverse;

use crate::config::{Others, Privacy};
use crate::roster::{Person, VISITS_LISTED_S, Waiting};
use crate::time::moment::Moment;

/// The people who may be shown, and the numbers of the others who are in and of those who wait.
pub(crate) struct Visible<'a> {
    /// Last action first, then by name in code-point order.
    pub(crate) people: Vec<&'a Person>,
    /// The number of others who are in; 0 if others are hidden.
    pub(crate) others: usize,
    /// The number of people who wait to be let in, whoever they are; 0 unless others are counted.
    pub(crate) waiting: usize,
}

impl<'a> Visible<'a> {
    /// Selects the published people. Everybody else is at most counted.
    pub(crate) fn of(
        people: &'a [Person],
        nameless_present: usize,
        waiting: &Waiting,
        privacy: &Privacy,
    ) -> Self {
        let (mut shown, hidden): (Vec<_>, Vec<_>) =
            people.iter().partition(|person| privacy.allows(&person.name));
        shown.sort_by_cached_key(|person| (Reverse(person.last_action()), &person.name));
        let hidden_present = hidden.iter().filter(|p| p.present_since.is_some()).count();
        let others = match privacy.others {
            Others::Hidden => 0,
            Others::Counted => hidden_present + nameless_present,
            Others::OnlyNameless => nameless_present,
        };
        let waiting = match privacy.others {
            Others::Counted => waiting.count(),
            Others::Hidden | Others::OnlyNameless => 0,
        };
        Self { people: shown, others, waiting }
    }

    /// The people a page shows at `now`: who is in, or was in during the last 35 days.
    pub(super) fn recent(&self, now: Moment) -> impl Iterator<Item = &'a Person> {
        let horizon = now.plus(-VISITS_LISTED_S);
        let is_recent =
            move |person: &&Person| person.present_since.is_some() || last_seen(person) >= horizon;
        self.people.iter().copied().filter(is_recent)
    }

    /// Who is in and since when, in the order in which they came.
    pub(crate) fn present(&self) -> Vec<(&'a Person, Moment)> {
        let since = |person: &&'a Person| Some((*person, person.present_since?));
        let mut present: Vec<_> = self.people.iter().filter_map(since).collect();
        present.sort_by(|(a, a_since), (b, b_since)| {
            a_since.cmp(b_since).then_with(|| a.name.cmp(&b.name))
        });
        present
    }

    /// The number of people who are in, as far as visitors may know.
    pub(crate) fn count(&self) -> usize {
        let present = self.people.iter().filter(|p| p.present_since.is_some());
        present.count() + self.others
    }

    /// The last change that a visitor can see.
    pub(super) fn updated(&self) -> Option<Moment> {
        self.people.iter().filter_map(|person| person.last_action()).max()
    }

    /// When the next person shown at `now` is no longer shown.
    pub(super) fn next_expiry(&self, now: Moment) -> Option<Moment> {
        let out = self.recent(now).filter(|person| person.present_since.is_none());
        out.map(|person| last_seen(person).plus(VISITS_LISTED_S + 1)).min()
    }
}

/// When `person` was last seen; the earliest moment if that is unknown.
fn last_seen(person: &Person) -> Moment {
    person.last_action().unwrap_or(Moment::from_seconds(i64::MIN))
}
