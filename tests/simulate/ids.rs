//! Random ids in the forms that Zoom gives them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use lookout::simulate::Rng;

/// A meeting's `uuid`: sixteen bytes in base64, so with `/`, `+` and `=`.
pub(super) fn meeting_uuid(rng: &mut Rng) -> String {
    STANDARD.encode(rng.bytes::<16>())
}

/// A `participant_uuid` or a request id: sixteen bytes in upper-case hex, with hyphens.
pub(super) fn uuid(rng: &mut Rng) -> String {
    let mut text = hex::encode_upper(rng.bytes::<16>());
    for position in [20, 16, 12, 8] {
        text.insert(position, '-');
    }
    text
}

/// The id of a Zoom account.
pub(super) fn account_id(rng: &mut Rng) -> String {
    URL_SAFE_NO_PAD.encode(rng.bytes::<16>())
}

/// The `user_id` of a leg in a breakout room, which has another form than in the main room.
pub(super) fn breakout_user_id(rng: &mut Rng) -> String {
    URL_SAFE_NO_PAD.encode(rng.bytes::<12>())
}
