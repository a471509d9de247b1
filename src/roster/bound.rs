//! Whose a bound telephone is.
//!
//! Rule 15 of the [roster](crate::roster): after `meeting.participant_bind` the legs of the caller belong to the
//! person the telephone was bound to, those before it as well. A telephone keeps its own spans: only
//! who it is comes from the other participant.

use super::facts::{Binding, Identity, LegId};
use super::meeting::Meeting;
use super::spans::Said;
use super::words::Words;

/// Bindings that are followed from one telephone to the next. Zoom sends one; a circle has no end.
const HOPS: usize = 4;

/// Who somebody is of whom all of `identities` were said: the participant that the telephone was
/// bound to, else what they say themselves.
pub(super) fn said(identities: &[&Identity], meeting: &Meeting, words: &Words) -> Said {
    let own = Said::of(identities, words);
    let Some(mut binding) = binding(identities) else { return own };
    for _ in 0..HOPS {
        let target = identities_of(&binding.to, meeting);
        match self::binding(&target) {
            Some(next) => binding = next,
            // Of somebody of whom nothing is known, nobody is more than a telephone number.
            None if target.is_empty() => return own,
            None => {
                let theirs = Said::of(&target, words);
                return if is_caller(&theirs, words) && !is_caller(&own, words) {
                    own
                } else {
                    theirs
                };
            }
        }
    }
    own
}

/// The latest binding.
fn binding<'a>(identities: &[&'a Identity]) -> Option<&'a Binding> {
    let bindings = identities.iter().filter_map(|said| said.bound.as_deref());
    bindings.reduce(|known, other| if known.is_before(other) { other } else { known })
}

/// All that was said of who has the leg `to`, or is that connection.
fn identities_of<'a>(to: &LegId, meeting: &'a Meeting) -> Vec<&'a Identity> {
    let facts = meeting.facts();
    let Some(connection) = facts.connection_of(to) else {
        return facts.legs.get(to).and_then(|leg| leg.own.as_deref()).into_iter().collect();
    };
    let said = facts.connections.get_index(connection).map(|(_, said)| said);
    let legs = meeting.legs_of(connection).filter_map(|leg| facts.legs[leg].own.as_deref());
    said.into_iter().chain(legs).collect()
}

/// Whether the name is a telephone number, or what is left of one.
fn is_caller(said: &Said, words: &Words) -> bool {
    said.name.is_some_and(|name| {
        let name = words.names.text(name);
        name.is_telephone_mask() || name.telephone_mask().is_some()
    })
}
