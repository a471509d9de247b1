//! Who appears in a story, and what of them Zoom knows.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::dice::{Dice, PerMille};
use super::names;

/// A guest without a Zoom account sends none of the ids.
const HAS_ACCOUNT: PerMille = PerMille(350);
/// The ids of an account are filled independently.
const ID_FILLED: PerMille = PerMille(500);
/// Some accounts withhold names.
const NAMELESS: PerMille = PerMille(8);
/// Some telephones carry a name of their own.
const DEVICE_NAMED: PerMille = PerMille(40);
/// Few people ever rename themselves, so that the people of a story stay about as many as planned.
const RENAMES: PerMille = PerMille(80);

/// Somebody who comes and goes.
#[derive(Debug, Clone)]
pub(super) struct Character {
    /// The name shown; empty where it is withheld.
    pub name: String,
    /// The name taken in a rename; mostly the same.
    pub other_name: String,
    /// The name of a second device; mostly the same.
    pub device_name: String,
    /// `email`, or empty.
    pub email: String,
    /// `id`, or empty.
    pub id: String,
    /// `participant_user_id`, or empty.
    pub participant_user_id: String,
    /// From an address range kept for documentation.
    pub public_ip: String,
    /// Where this person usually goes.
    pub home: usize,
}

impl Character {
    /// The `index`-th person of a story with so many rooms.
    pub(super) fn invent(index: usize, rooms: usize, dice: &mut Dice) -> Self {
        if dice.happens(NAMELESS) {
            return Self::named(String::new(), index, rooms, dice);
        }
        let mut character = Self::named(names::name(index), index, rooms, dice);
        if dice.happens(DEVICE_NAMED) {
            character.device_name = names::device_name(index);
        }
        if dice.happens(RENAMES) {
            character.other_name = names::other_name(index);
        }
        character
    }

    /// Somebody of this name, who keeps to it.
    pub(super) fn named(name: String, index: usize, rooms: usize, dice: &mut Dice) -> Self {
        const TEST_NETS: [&str; 3] = ["192.0.2", "198.51.100", "203.0.113"];
        let account = dice.happens(HAS_ACCOUNT);
        let user_id = URL_SAFE_NO_PAD.encode(dice.bytes::<16>());
        let mut filled = |text: String| {
            if account && dice.happens(ID_FILLED) { text } else { String::new() }
        };
        Self {
            email: filled(format!("guest{index}@example.org")),
            id: filled(user_id.clone()),
            participant_user_id: filled(user_id),
            public_ip: format!("{}.{}", TEST_NETS[index % 3], 1 + index / 3 % 254),
            home: index % rooms,
            other_name: name.clone(),
            device_name: name.clone(),
            name,
        }
    }
}

/// A meeting's `uuid`: sixteen bytes in base64, so with `/`, `+` and `=`.
pub(super) fn meeting_uuid(dice: &mut Dice) -> String {
    STANDARD.encode(dice.bytes::<16>())
}

/// A `participant_uuid` or a request id: sixteen bytes in capital hex.
pub(super) fn uuid(dice: &mut Dice) -> String {
    let bytes = dice.bytes::<16>();
    let mut text = hex::encode_upper(bytes);
    for place in [20, 16, 12, 8] {
        text.insert(place, '-');
    }
    text
}

/// The `user_id` of a leg inside a breakout room, which has another form.
pub(super) fn breakout_user_id(dice: &mut Dice) -> String {
    URL_SAFE_NO_PAD.encode(dice.bytes::<12>())
}
