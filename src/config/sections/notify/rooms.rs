//! The rooms of a target.

use crate::config::notify::Notify;
use crate::config::problem::Diagnostic;
use crate::config::section::KeySpans;
use crate::config::settings::Room;
use crate::config::suggestion::{did_you_mean, suggest};

/// Replaces the typed rooms (slugs, names or numbers) by meeting numbers.
pub(in crate::config) fn resolve(
    targets: Vec<(Notify, KeySpans)>,
    rooms: &[Room],
) -> (Vec<Notify>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let resolved = targets.into_iter().map(|(mut target, spans)| {
        let typed = std::mem::take(&mut target.rooms);
        for room in typed {
            match named(&room, rooms) {
                Some(found) => target.rooms.push(found.meeting_id.clone()),
                None => diagnostics.extend(
                    spans
                        .key_or_header("rooms")
                        .map(|span| Diagnostic::new(span.clone(), no_such_room(&room, rooms))),
                ),
            }
        }
        target
    });
    (resolved.collect(), diagnostics)
}

fn named<'a>(typed: &str, rooms: &'a [Room]) -> Option<&'a Room> {
    let by_slug = rooms.iter().find(|room| room.slug.as_str() == typed);
    by_slug.or_else(|| rooms.iter().find(|room| room.name == typed || room.meeting_id == typed))
}

fn no_such_room(typed: &str, rooms: &[Room]) -> String {
    if rooms.is_empty() {
        return format!(
            "`notify.rooms` names `{typed}`, but there are no `[[rooms]]`, so all meetings are one room; remove the line"
        );
    }
    let meant = suggest(typed, rooms.iter().flat_map(|room| [room.slug.as_str(), &room.name]));
    let all = || {
        let slugs: Vec<_> = rooms.iter().map(|room| format!("`{}`", room.slug)).collect();
        format!("; write one of {}", slugs.join(", "))
    };
    let advice = if meant.is_some() { did_you_mean(meant) } else { all() };
    format!("`notify.rooms`: there is no room `{typed}`{advice}")
}
