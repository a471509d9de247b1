//! The chats: whether they can be told, and how the last messages went. Nothing is sent.

use tokio::runtime::Builder;

use super::{Context, Line, Mark};
use crate::archive::Archive;
use crate::notify::kept::Kept;
use crate::notify::survey::{Found, survey};
use crate::notify::target::Unusable;
use crate::time::moment::Moment;

/// A message that waits for longer has no good reason to, in seconds.
const PATIENCE: i64 = 120;

/// Examines each of `[[notify]]`.
pub(super) fn check(context: &Context<'_>) -> Vec<Line> {
    let settings = context.settings;
    if settings.notify.is_empty() {
        return Vec::new();
    }
    let look = || {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let archive = settings.archive.as_ref();
        let archive = archive.map(|archive| Archive::new(archive, runtime.handle().clone()));
        runtime.block_on(survey(settings, archive.as_ref()))
    };
    match look() {
        Ok(found) => found.iter().map(|target| line(target, context.now)).collect(),
        Err(error) => vec![Line::wrong("notify", format!("{error:#}"))],
    }
}

fn line(target: &Result<Found, Unusable>, now: Moment) -> Line {
    let Found { label, rooms, kept } = match target {
        Ok(found) => found,
        Err(Unusable { label, error, with_builtin_words: Some(_), .. }) => {
            let text = format!("chat {label} is told in the built-in words: {error:#}");
            return Line::wrong("notify", text);
        }
        Err(Unusable { label, error, .. }) => {
            return Line::wrong("notify", format!("chat {label} can't be told: {error:#}"));
        }
    };
    let rooms = if *rooms == 1 { "one room".to_owned() } else { format!("{rooms} rooms") };
    let Some(kept) = kept else {
        let hint = "`lookout notify --test` sends a sample";
        return Line::fine(
            "notify",
            format!("chat {label}: {rooms}, nothing was sent yet; {hint}"),
        );
    };
    let (mark, state) = state(kept, now);
    let text = format!("chat {label}: {rooms}, {state}");
    match mark {
        Mark::Fine => Line::fine("notify", text),
        Mark::Look => Line::look("notify", text),
        Mark::Wrong => Line::wrong("notify", text),
    }
}

/// How it goes, and how well that is.
fn state(kept: &Kept, now: Moment) -> (Mark, String) {
    let test = "find out why with `lookout notify --test`";
    if let (count, Some(since)) = kept.waiting() {
        let is_long = now.since(since) > PATIENCE;
        let mark = if is_long { Mark::Wrong } else { Mark::Look };
        match &kept.unanswered {
            Some(why) => return (mark, format!("{count} waiting since {since}: {why}")),
            None if is_long => return (mark, format!("{count} waiting since {since}; {test}")),
            None => {}
        }
    }
    match &kept.last {
        None => (Mark::Fine, "nothing was sent yet".to_owned()),
        Some(last) => match &last.lost {
            None => (Mark::Fine, format!("the last message was taken at {}", last.at)),
            Some(why) => {
                (Mark::Wrong, format!("the last message was lost at {}: {why}; {test}", last.at))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::notify::Chat;
    use crate::notify::kept::Fate;
    use crate::notify::message::{Message, News, Room};
    use crate::notify::target::Label;

    const NOW: Moment = Moment::from_seconds(1_767_643_200);

    fn fate(ago: i64, lost: Option<&str>) -> Fate {
        Fate { at: NOW.plus(-ago), lost: lost.map(str::to_owned) }
    }

    fn waiting(ago: i64) -> Kept {
        let room = Room { name: None, dashboard: None, join: None };
        let mut kept = Kept { last: Some(fate(9999, None)), ..Kept::default() };
        kept.add(vec![Message { room, news: News::Test }], NOW.plus(-ago));
        kept
    }

    fn found(kept: Option<Kept>) -> Result<Found, Unusable> {
        let label = Label { place: 2, chat: Chat::Slack, host: "hooks.example".to_owned() };
        Ok(Found { label, rooms: 1, kept })
    }

    #[test]
    fn each_target_says_how_the_last_messages_went() {
        let error = anyhow::anyhow!("`notify.url_file`, `hook`: No such file");
        let label = Label { place: 1, chat: Chat::Mattermost, host: String::new() };
        let lost = fate(30, Some("404 Not Found"));
        let targets = [
            Err(Unusable { label, error, known: None, with_builtin_words: None }),
            found(None),
            found(Some(Kept { last: Some(fate(30, None)), ..Kept::default() })),
            found(Some(Kept { last: Some(lost), ..Kept::default() })),
            found(Some(waiting(5))),
            found(Some(waiting(7200))),
            found(Some(Kept { unanswered: Some("nobody listens".to_owned()), ..waiting(5) })),
            found(Some(Kept { unanswered: Some("nobody listens".to_owned()), ..waiting(7200) })),
        ];
        let lines = targets.iter().map(|target| line(target, NOW).to_string());
        insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @"
        ✗ notify    chat 1 (mattermost) can't be told: `notify.url_file`, `hook`: No such file
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
