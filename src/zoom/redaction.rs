//! What is removed from a document before anything is stored.

use std::collections::BTreeSet;

use crate::zoom::json::Json;
use crate::zoom::name::Name;
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
        if self.keys.iter().any(|key| key == NUMBER_KEY) {
            telephone::mask_names(json, &self.spared);
        }
        json.remove_keys(&self.keys);
    }
}
