//! The chats: whether they can be notified, and whether the last messages arrived. Sends nothing.

use tokio::runtime::Builder;

use super::{Context, Finding, Mark};
use crate::archive::Archive;
use crate::notify::outbox::Outbox;
use crate::notify::status::{TargetStatus, target_statuses};
use crate::notify::target::BrokenTarget;
use crate::time::moment::Moment;

/// How long a message may wait, in seconds.
const MAX_WAIT_S: i64 = 120;

/// Checks each of `[[notify]]`.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let settings = context.settings;
    if settings.notify.is_empty() {
        return Vec::new();
    }
    let look = || {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let archive = settings.archive.as_ref();
        let archive = archive.map(|archive| Archive::new(archive, runtime.handle().clone()));
        runtime.block_on(target_statuses(settings, archive.as_ref()))
    };
    match look() {
        Ok(found) => found.iter().map(|target| line(target, context.now)).collect(),
        Err(error) => vec![Finding::problem("notify", format!("{error:#}"))],
    }
}

fn line(target: &Result<TargetStatus, BrokenTarget>, now: Moment) -> Finding {
    let TargetStatus { label, rooms, outbox } = match target {
        Ok(found) => found,
        Err(BrokenTarget { label, error, builtin_endpoints: Some(_), .. }) => {
            let text = format!("chat {label} uses the built-in templates: {error:#}");
            return Finding::problem("notify", text);
        }
        Err(BrokenTarget { label, error, .. }) => {
            return Finding::problem("notify", format!("chat {label} gets no messages: {error:#}"));
        }
    };
    let rooms = if *rooms == 1 { "one room".to_owned() } else { format!("{rooms} rooms") };
    let Some(outbox) = outbox else {
        let hint = "`lookout notify --test` sends a sample";
        return Finding::ok(
            "notify",
            format!("chat {label}: {rooms}, nothing was sent yet; {hint}"),
        );
    };
    let (mark, state) = state(outbox, now);
    let text = format!("chat {label}: {rooms}, {state}");
    match mark {
        Mark::Ok => Finding::ok("notify", text),
        Mark::Warning => Finding::warning("notify", text),
        Mark::Problem => Finding::problem("notify", text),
    }
}

/// How serious the state of a chat is, and what it is.
fn state(outbox: &Outbox, now: Moment) -> (Mark, String) {
    let test = "find out why with `lookout notify --test`";
    if let (count, Some(since)) = outbox.backlog() {
        let is_long = now.since(since) > MAX_WAIT_S;
        let mark = if is_long { Mark::Problem } else { Mark::Warning };
        match &outbox.no_answer {
            Some(why) => return (mark, format!("{count} waiting since {since}: {why}")),
            None if is_long => return (mark, format!("{count} waiting since {since}; {test}")),
            None => {}
        }
    }
    match &outbox.last_result {
        None => (Mark::Ok, "nothing was sent yet".to_owned()),
        Some(last) => match &last.error {
            None => (Mark::Ok, format!("the last message was taken at {}", last.at)),
            Some(why) => {
                (Mark::Problem, format!("the last message was lost at {}: {why}; {test}", last.at))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::notify::Chat;
    use crate::notify::message::{Message, MessageKind, RoomInfo};
    use crate::notify::outbox::DeliveryResult;
    use crate::notify::target::Label;

    const NOW: Moment = Moment::from_seconds(1_767_643_200);

    fn result(ago: i64, lost: Option<&str>) -> DeliveryResult {
        DeliveryResult { at: NOW.plus(-ago), error: lost.map(str::to_owned) }
    }

    fn waiting(ago: i64) -> Outbox {
        let room = RoomInfo { name: None, dashboard: None, join: None };
        let mut outbox = Outbox { last_result: Some(result(9999, None)), ..Outbox::default() };
        outbox.push(vec![Message::new(room, MessageKind::Test)], NOW.plus(-ago));
        outbox
    }

    fn found(outbox: Option<Outbox>) -> Result<TargetStatus, BrokenTarget> {
        let label = Label { number: 2, chat: Chat::Slack, host: "hooks.example".to_owned() };
        Ok(TargetStatus { label, rooms: 1, outbox })
    }

    #[test]
    fn each_finding_says_whether_the_last_messages_arrived() {
        let error = anyhow::anyhow!("`notify.url_file`, `hook`: No such file");
        let label = Label { number: 1, chat: Chat::Mattermost, host: String::new() };
        let lost = result(30, Some("404 Not Found"));
        let targets = [
            Err(BrokenTarget { label, error, identified: None, builtin_endpoints: None }),
            found(None),
            found(Some(Outbox { last_result: Some(result(30, None)), ..Outbox::default() })),
            found(Some(Outbox { last_result: Some(lost), ..Outbox::default() })),
            found(Some(waiting(5))),
            found(Some(waiting(7200))),
            found(Some(Outbox { no_answer: Some("nobody listens".to_owned()), ..waiting(5) })),
            found(Some(Outbox { no_answer: Some("nobody listens".to_owned()), ..waiting(7200) })),
        ];
        let lines = targets.iter().map(|target| line(target, NOW).to_string());
        insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @"
        ✗ notify    chat 1 (mattermost) gets no messages: `notify.url_file`, `hook`: No such file
        ✓ notify    chat 2 (slack at hooks.example): one room, nothing was sent yet; `lookout notify --test` sends a sample
        ✓ notify    chat 2 (slack at hooks.example): one room, the last message was taken at 2026-01-05T19:59:30Z
        ✗ notify    chat 2 (slack at hooks.example): one room, the last message was lost at 2026-01-05T19:59:30Z: 404 Not Found; find out why with `lookout notify --test`
        ✓ notify    chat 2 (slack at hooks.example): one room, the last message was taken at 2026-01-05T17:13:21Z
        ✗ notify    chat 2 (slack at hooks.example): one room, 1 waiting since 2026-01-05T18:00:00Z; find out why with `lookout notify --test`
        ! notify    chat 2 (slack at hooks.example): one room, 1 waiting since 2026-01-05T19:59:55Z: nobody listens
        ✗ notify    chat 2 (slack at hooks.example): one room, 1 waiting since 2026-01-05T18:00:00Z: nobody listens
        ");
    }
}
