//! What is stored of people although nothing needs it.

use std::collections::BTreeMap;

use anyhow::Result;

use super::{Context, Line};
use crate::journal::Reader;
use crate::zoom::json::Json;

/// Keys under which Zoom sends what locates, reaches or lets in, in events that few subscribe to.
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

/// So many of the newest events are looked at.
const NEWEST: u64 = 1_000;

/// Says what is in the newest events that might as well be dropped.
pub(super) fn check(context: &Context<'_>) -> Vec<Line> {
    let found = match stored(context) {
        Ok(found) if !found.is_empty() => found,
        // A journal that can't be read has a line of its own.
        _ => return Vec::new(),
    };
    let shown: Vec<_> = found.iter().map(|(key, count)| format!("`{key}` ({count})")).collect();
    let text = format!(
        "the newest events hold {}, which Lookout never needs; add to `privacy.drop_fields` what is to be dropped",
        shown.join(", ")
    );
    vec![Line::look("privacy", text)]
}

fn stored(context: &Context<'_>) -> Result<BTreeMap<&'static str, u64>> {
    let mut found = BTreeMap::new();
    let Some(reader) = Reader::open(&context.settings.journal.path)? else { return Ok(found) };
    let from = reader.last_id()?.saturating_sub(NEWEST);
    reader.events_after(from, |entry| {
        // A quick look spares reading most events.
        let may_be = PERSONAL.iter().any(|key| entry.document.contains(key));
        if may_be && let Ok(json) = Json::parse(&entry.document) {
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
                let says_something = !matches!(value, Json::Null) && value.as_str() != Some("");
                if let Some(key) = PERSONAL.iter().find(|personal| *personal == key)
                    && says_something
                {
                    *found.entry(key).or_default() += 1;
                }
                count(value, found);
            }
        }
        _ => {}
    }
}
