//! `[[notify]]`: the targets that receive messages.

mod access;
mod mention;
mod rooms;
#[cfg(test)]
mod tests;
mod webhook;

use std::collections::BTreeSet;

use crate::config::access::Access;
use crate::config::notify::{Chat, Form, Names, Notify, NotifyEvent, QuietHours};
use crate::config::section::Section;
use crate::config::values;

pub(in crate::config) use self::rooms::resolve;

/// One target; `None` if a required key is missing or wrong. Its rooms are still as typed.
pub(in crate::config) fn read(section: &mut Section<'_>) -> Option<Notify> {
    let before = section.problem_count();
    let kind = section.required(
        "kind",
        "the service, such as `kind = \"mattermost\"`, or `slack`, `discord`, `telegram`, `ntfy`, `webhook`",
        chat,
    );
    let access = access::read(section, kind);
    let rooms = section.list("rooms", &[], values::some_text);
    let events = section.list("events", &["joined", "left", "started", "ended", "sharing"], event);
    let people = section.list("people", &[], values::name);
    let names = section.value("names", "published", names);
    let quiet = section.optional("quiet", QuietHours::parse);
    let form = section.optional("form", form);
    let mention = section.optional("mention", values::some_text);
    let only_first = section.value("only_first", "false", values::yes_or_no);
    let can_edit = access.first().is_some_and(Access::can_edit);
    let form = form.unwrap_or(if can_edit { Form::Card } else { Form::Messages });
    let events: BTreeSet<_> = events.into_iter().collect();
    let kind = kind?;
    let mention = mention.and_then(|text| mention::read(section, kind, &text));
    let target =
        Notify { kind, access, rooms, events, people, names, quiet, form, mention, only_first };
    if section.problem_count() == before {
        check(section, &target);
    }
    Some(target)
}

/// Reports keys that contradict each other.
fn check(section: &mut Section<'_>, target: &Notify) {
    let Notify { kind, access, events, names, form, mention, only_first, .. } = target;
    if events.is_empty() {
        section.conflict("events", "`notify.events` is empty; remove the line for all events");
    }
    let at_the_door = [("waiting", NotifyEvent::Waiting), ("stranger", NotifyEvent::Stranger)];
    for (word, event) in at_the_door {
        if events.contains(&event) && *names == Names::Published {
            section.conflict("events", format!("`notify.events`: `{word}` tells of people whom the page may not show; write `names = \"all\"` if this chat may know them, or remove `{word}`"));
        }
    }
    let hears_of_opening = events.contains(&NotifyEvent::Started);
    if mention.is_some() && !hears_of_opening {
        section.conflict(
            "mention",
            "`notify.mention` is for the message that a room opens; add `started` to `events`",
        );
    }
    let Some(first) = access.first() else {
        return section.conflict("url", access::missing(*kind));
    };
    if *form == Form::Card && !first.can_edit() {
        section.conflict("form", access::no_card(*kind));
    }
    if *only_first && *form == Form::Card {
        section.conflict("only_first", "`notify.only_first` is for messages, as the edits of a card notify nobody; remove it, or write `form = \"messages\"`");
    } else if *only_first && !hears_of_opening {
        section.conflict(
            "only_first",
            "`notify.only_first` is for the message that a room opens; add `started` to `events`",
        );
    }
}

fn chat(text: &str) -> Result<Chat, String> {
    values::word(text, &Chat::ALL.map(|chat| (chat.word(), chat)))
}

fn event(text: &str) -> Result<NotifyEvent, String> {
    let words = [
        ("joined", NotifyEvent::Joined),
        ("left", NotifyEvent::Left),
        ("started", NotifyEvent::Started),
        ("ended", NotifyEvent::Ended),
        ("sharing", NotifyEvent::Sharing),
        ("waiting", NotifyEvent::Waiting),
        ("stranger", NotifyEvent::Stranger),
    ];
    values::word(text, &words)
}

fn names(text: &str) -> Result<Names, String> {
    values::word(text, &[("published", Names::Published), ("all", Names::All)])
}

fn form(text: &str) -> Result<Form, String> {
    values::word(text, &[("card", Form::Card), ("messages", Form::Messages)])
}
