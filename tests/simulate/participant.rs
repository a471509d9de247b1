//! The people of a story, with the fields that Zoom sends of each.

use lookout::simulate::{PerMille, Rng};

use super::{ids, names};

/// A guest without a Zoom account sends none of the ids.
const HAS_ACCOUNT: PerMille = PerMille(350);
/// Each id of an account is present with this probability.
const ID_FILLED: PerMille = PerMille(500);
/// Some accounts withhold names.
const NAMELESS: PerMille = PerMille(8);
/// Some telephones have a name of their own.
const DEVICE_NAMED: PerMille = PerMille(40);
/// Few people rename themselves, so that the number of names stays close to the plan.
const RENAMES: PerMille = PerMille(80);

/// Somebody who joins and leaves.
#[derive(Debug, Clone)]
pub(super) struct Participant {
    /// The display name; empty where it is withheld.
    pub name: String,
    /// The name after a rename; mostly the same.
    pub other_name: String,
    /// The name of a second device; mostly the same.
    pub device_name: String,
    /// `email`, or empty.
    pub email: String,
    /// `id`, or empty.
    pub id: String,
    /// `participant_user_id`, or empty.
    pub participant_user_id: String,
    /// An address of a range reserved for documentation.
    pub public_ip: String,
    /// The usual room of this person.
    pub home: usize,
}

impl Participant {
    /// The person of this `index`, in a story with this many rooms.
    pub(super) fn invent(index: usize, rooms: usize, rng: &mut Rng) -> Self {
        const TEST_NETS: [&str; 3] = ["192.0.2", "198.51.100", "203.0.113"];
        let is_nameless = rng.happens(NAMELESS);
        let name = if is_nameless { String::new() } else { names::name(index) };
        let has_account = rng.happens(HAS_ACCOUNT);
        let account_id = ids::account_id(rng);
        let mut fill = |text: String| {
            if has_account && rng.happens(ID_FILLED) { text } else { String::new() }
        };
        let mut participant = Self {
            email: fill(format!("guest{index}@example.org")),
            id: fill(account_id.clone()),
            participant_user_id: fill(account_id),
            public_ip: format!("{}.{}", TEST_NETS[index % 3], 1 + index / 3 % 254),
            home: index % rooms,
            other_name: name.clone(),
            device_name: name.clone(),
            name,
        };
        if !is_nameless && rng.happens(DEVICE_NAMED) {
            participant.device_name = names::device_name(index);
        }
        if !is_nameless && rng.happens(RENAMES) {
            participant.other_name = names::other_name(index);
        }
        participant
    }
}
