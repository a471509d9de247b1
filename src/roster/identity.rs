//! Who a participant is, as reported.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::facts::{IdentityFacts, Sighting};
use super::interner::{Symbol, SymbolTable};

/// The name and accounts reported for a participant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// The name of the latest sighting.
    pub name: Option<Symbol>,
    /// Every account reported, ordered by symbol.
    pub zoom_user_ids: SmallVec<[Symbol; 4]>,
}

impl Identity {
    /// Whether `symbols` has everything that this refers to.
    pub(crate) fn is_known_to(&self, symbols: &SymbolTable) -> bool {
        self.name.is_none_or(|name| symbols.names.has(name))
            && self.zoom_user_ids.iter().all(|id| symbols.zoom_user_ids.has(*id))
    }

    /// The latest name and all accounts in `facts`.
    pub(super) fn merge(facts: &[&IdentityFacts], symbols: &SymbolTable) -> Self {
        let sightings = facts.iter().filter_map(|facts| facts.sighting);
        let later = |a: Sighting, b| if a.is_before(&b, &symbols.names) { b } else { a };
        let ids = facts.iter().flat_map(|facts| &facts.zoom_user_ids);
        let mut zoom_user_ids: SmallVec<_> = ids.copied().collect();
        zoom_user_ids.sort_unstable();
        zoom_user_ids.dedup();
        Self { name: sightings.reduce(later).map(|sighting| sighting.name), zoom_user_ids }
    }
}
