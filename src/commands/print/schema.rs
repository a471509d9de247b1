//! `lookout print schema`: JSON Schemas, for editors and programs.

use anyhow::Result;

use crate::{config, site};

/// What the schema describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Subject {
    /// `lookout.toml`
    Settings,
    /// What templates receive, as `lookout build --model` prints it
    Model,
    /// `presence.json`
    Presence,
}

/// The schema of `subject` as JSON.
pub fn schema(subject: Subject) -> Result<String> {
    let schema = match subject {
        Subject::Settings => config::schema(),
        Subject::Model => site::model_schema().to_value(),
        Subject::Presence => site::presence_schema().to_value(),
    };
    Ok(serde_json::to_string_pretty(&schema)? + "\n")
}
