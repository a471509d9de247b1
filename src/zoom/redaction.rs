//! What is removed from a delivery before anything is stored.

use std::collections::BTreeSet;

use crate::types::Name;
use crate::zoom::blanking::Blanking;
use crate::zoom::json::Json;
use crate::zoom::telephone::{self, NUMBER_KEY};

/// `privacy.drop_fields`, and what it spares.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Redaction {
    /// Keys removed at any depth. With `phone_number` among them, names that are telephone numbers
    /// are masked, too.
    pub keys: Vec<String>,
    /// Names that stay as they are although they are telephone numbers, as they are
    /// [compared](Name::comparable).
    pub spared: BTreeSet<Name>,
}

impl Redaction {
    /// Removes from `json` what is not to be stored.
    pub fn apply(&self, json: &mut Json) {
        if self.masks_names() {
            telephone::mask_names(json, &self.spared);
        }
        json.remove_keys(&self.keys);
    }

    /// A body that cannot be read without the values of what is not to be stored; `None` where there
    /// are none in it.
    pub fn blank(&self, body: &[u8]) -> Option<Vec<u8>> {
        let spared = self.masks_names().then_some(&self.spared);
        Blanking { keys: &self.keys, spared }.apply(body)
    }

    fn masks_names(&self) -> bool {
        self.keys.iter().any(|key| key == NUMBER_KEY)
    }
}
