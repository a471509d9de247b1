//! Removes data from a delivery before it is stored.

use std::collections::BTreeSet;

use crate::types::Name;
use crate::zoom::json::Json;
use crate::zoom::raw_redaction::RawRedaction;
use crate::zoom::telephone::{self, NUMBER_KEY};

/// `privacy.drop_fields`, and the exceptions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Redaction {
    /// Keys to remove at any depth. If `phone_number` is among them, names that are telephone numbers
    /// are masked, too.
    pub keys: Vec<String>,
    /// Telephone numbers that are not masked, as [comparable](Name::comparable) names.
    pub spared: BTreeSet<Name>,
}

impl Redaction {
    /// Removes the data from `json`.
    pub fn apply(&self, json: &mut Json) {
        if self.masks_names() {
            telephone::mask_names(json, &self.spared);
        }
        json.remove_keys(&self.keys);
    }

    /// Removes the data from a body that can't be parsed; `None` if there is none in it.
    pub fn blank(&self, body: &[u8]) -> Option<Vec<u8>> {
        let spared = self.masks_names().then_some(&self.spared);
        RawRedaction { keys: &self.keys, spared }.apply(body)
    }

    fn masks_names(&self) -> bool {
        self.keys.iter().any(|key| key == NUMBER_KEY)
    }
}
