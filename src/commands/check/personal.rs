//! Personal data in stored events that Lookout does not need.

use std::collections::BTreeMap;

use anyhow::Result;

use super::{Context, Finding};
use crate::journal::Reader;
use crate::zoom::json::Json;

/// Keys under which Zoom sends addresses, contact data and access links, in events that few subscribe to.
const PERSONAL: [&str; 11] = [
    "customer_key",
    "device_ip",
    "from_number",
    "invitee_name",
    "operator",
    "play_url",
    "registrant_id",
    "sender_email",
    "sender_name",
    "share_url",
    "summary",
];

/// How many of the newest events are checked.
const NEWEST: u64 = 1_000;

/// Reports personal data in the newest events that could be dropped.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let found = match stored(context) {
        Ok(found) if !found.is_empty() => found,
        // Another check reports a journal that can't be read.
        _ => return Vec::new(),
    };
    let shown: Vec<_> = found.iter().map(|(key, count)| format!("`{key}` ({count})")).collect();
    let text = format!(
        "the newest events contain {}, which Lookout never needs; add what should be dropped to `privacy.drop_fields`",
        shown.join(", ")
    );
    vec![Finding::warning("privacy", text)]
}

fn stored(context: &Context<'_>) -> Result<BTreeMap<&'static str, u64>> {
    let mut found = BTreeMap::new();
    let Some(reader) = Reader::open(&context.settings.journal.path)? else { return Ok(found) };
    let from = reader.last_id()?.saturating_sub(NEWEST);
    reader.events_after(from, |entry| {
        // Most events need not be parsed.
        let may_contain = PERSONAL.iter().any(|key| entry.document.contains(key));
        if may_contain && let Ok(json) = Json::parse(&entry.document) {
            count(&json, &mut found);
        }
        Ok(())
    })?;
    Ok(found)
}

fn count(json: &Json, found: &mut BTreeMap<&'static str, u64>) {
    match json {
        Json::List(items) => items.iter().for_each(|item| count(item, found)),
        Json::Object(entries) => {
            for (key, value) in entries {
                let is_set = !matches!(value, Json::Null) && value.as_str() != Some("");
                if let Some(key) = PERSONAL.iter().find(|personal| *personal == key)
                    && is_set
                {
                    *found.entry(key).or_default() += 1;
                }
                count(value, found);
            }
        }
        _ => {}
    }
}
