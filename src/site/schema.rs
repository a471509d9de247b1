//! The JSON Schemas of what templates receive and of `presence.json`: made from the types, so that
//! each name stands there with the comment that it has in the source.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

use super::outputs::Models;
use crate::dashboard::PresenceJson;

/// The schema of what `build --model` prints.
pub fn model_schema() -> Schema {
    schema_of::<Models>()
}

/// The schema of `presence.json`.
pub fn presence_schema() -> Schema {
    schema_of::<PresenceJson>()
}

fn schema_of<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>()
}
