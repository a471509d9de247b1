//! The person of a bound telephone.
//!
//! Rule 15 of the [roster](crate::roster): after `meeting.participant_bind`, all legs of the caller
//! belong to the person the telephone was bound to, also the earlier ones. The telephone keeps its
//! own spans; only its identity comes from the other participant.

use super::facts::{Binding, IdentityFacts, LegId};
use super::identity::Identity;
use super::interner::SymbolTable;
use super::meeting::Meeting;

/// How many bindings to follow from one telephone to the next. Zoom sends one; the limit ends
/// circles.
const MAX_BINDINGS: usize = 4;

/// The identity that follows from `facts`: that of the participant the telephone was bound to,
/// else its own.
pub(super) fn identity(
    facts: &[&IdentityFacts],
    meeting: &Meeting,
    symbols: &SymbolTable,
) -> Identity {
    let own = Identity::merge(facts, symbols);
    let Some(mut binding) = latest_binding(facts) else { return own };
    for _ in 0..MAX_BINDINGS {
        let target = facts_of(&binding.to, meeting);
        match latest_binding(&target) {
            Some(next) => binding = next,
            // Nothing is known of the target: the telephone number is the best identity.
            None if target.is_empty() => return own,
            None => {
                let theirs = Identity::merge(&target, symbols);
                let is_worse = is_caller(&theirs, symbols) && !is_caller(&own, symbols);
                return if is_worse { own } else { theirs };
            }
        }
    }
    own
}

fn latest_binding<'a>(facts: &[&'a IdentityFacts]) -> Option<&'a Binding> {
    let bindings = facts.iter().filter_map(|facts| facts.bound());
    bindings.reduce(|known, other| if known.is_before(other) { other } else { known })
}

/// All identity facts of the participant with the leg or connection `to`.
pub(super) fn facts_of<'a>(to: &LegId, meeting: &'a Meeting) -> Vec<&'a IdentityFacts> {
    let facts = meeting.facts();
    let Some(connection) = facts.connection_of(to) else {
        return facts.legs.get(to).and_then(|leg| leg.own.as_deref()).into_iter().collect();
    };
    let own = facts.connections.get_index(connection).map(|(_, identity)| identity);
    let legs = meeting.legs_of(connection).filter_map(|leg| facts.legs[leg].own.as_deref());
    own.into_iter().chain(legs).collect()
}

/// Whether the name is a telephone number, masked or not.
fn is_caller(identity: &Identity, symbols: &SymbolTable) -> bool {
    identity.name.is_some_and(|name| {
        let name = symbols.names.text(name);
        name.is_telephone_mask() || name.telephone_mask().is_some()
    })
}
