//! The fixed words of pages.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

/// The variable `text` of templates, such as `{{ text.join }}`: the words below `[page]`.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
pub struct Labels(Arc<BTreeMap<String, Label>>);

/// One word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Label {
    Text(String),
    /// Only words that the operator adds have forms; a template receives a map, for which it writes
    /// `{{ text.NAME.other }}`.
    Forms(BTreeMap<String, String>),
}

impl Labels {
    pub(super) fn new(labels: BTreeMap<String, Label>) -> Self {
        Self(Arc::new(labels))
    }
}

impl Serialize for Labels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
