//! `[privacy]`: who is shown, and which data is never stored.

use crate::config::people::{HideList, PublishList};
use crate::config::section::Section;
use crate::config::settings::{Others, Privacy};
use crate::config::values;
use crate::types::Name;
use crate::zoom::NEEDED_KEYS;

/// Data that Lookout never needs: locations, contacts, links and passwords.
const DROPPED: [&str; 11] = [
    "public_ip",
    "private_ip",
    "email",
    "host_email",
    "phone_number",
    "message_content",
    "download_url",
    "download_token",
    "file_link",
    "password",
    "recording_play_passcode",
];

pub(in crate::config) fn read(section: &mut Section<'_>) -> Privacy {
    Privacy {
        publish: publish(section),
        hide: HideList::new(section.list("hide", &[], hidden_name), &[]),
        others: section.value("others", "hidden", others),
        drop_fields: section.list("drop_fields", &DROPPED, droppable),
    }
}

fn publish(section: &mut Section<'_>) -> PublishList {
    let names = section.list("publish", &[], values::name);
    let (everybody, named): (Vec<Name>, Vec<Name>) =
        names.into_iter().partition(|name| name.as_str() == "*");
    if everybody.is_empty() {
        return PublishList::only(named);
    }
    if !named.is_empty() {
        section.conflict("publish", "`privacy.publish`: `\"*\"` already means everybody; write `[\"*\"]` alone, or only the names");
    }
    PublishList::Everybody
}

/// A name of `privacy.hide`.
fn hidden_name(text: &str) -> Result<Name, String> {
    let name = values::name(text)?;
    if name.as_str() == "*" {
        return Err("`*` is no name; write `publish = []` to show nobody".to_owned());
    }
    Ok(name)
}

/// A key that Lookout does not need.
fn droppable(text: &str) -> Result<String, String> {
    let key = values::some_text(text)?;
    if NEEDED_KEYS.contains(&key.as_str()) {
        return Err(format!(
            "`{key}` is needed to know who is present; remove it here and use `privacy.publish` to hide people"
        ));
    }
    Ok(key)
}

fn others(text: &str) -> Result<Others, String> {
    let words = [("hidden", Others::Hidden), ("counted", Others::Counted)];
    values::word(text, &words)
}
