//! Zoom's API: whether it gives a token, what the app may ask, and whether the account has the rooms.

use tokio::runtime::Builder;

use super::{Context, Finding};
use crate::config::{Room, ZoomApi};
use crate::zoom::api::{QUESTIONS, Question, Token};
use crate::zoom_api::{Client, Failure};

const WHAT: &str = "zoom api";

/// Checks `[zoom.api]`, if it is there.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let Some(api) = &context.settings.zoom_api else { return Vec::new() };
    examine(api, &context.settings.rooms).unwrap_or_else(|why| vec![Finding::problem(WHAT, why)])
}

fn examine(api: &ZoomApi, rooms: &[Room]) -> Result<Vec<Finding>, String> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start the runtime: {error}"))?;
    let mut client = Client::new(api.clone()).map_err(|error| format!("{error:#}"))?;
    runtime.block_on(async {
        let token = token(&mut client).await?;
        let mut findings = findings(&token);
        if token.allows(Question::Status) {
            findings.extend(unknown_rooms(&mut client, rooms).await);
        }
        Ok(findings)
    })
}

async fn token(client: &mut Client) -> Result<Token, String> {
    client.token().await.cloned().map_err(|failure| match failure {
        Failure::Unavailable { why, .. } | Failure::Refused(why) | Failure::NotAllowed(why) => why,
        Failure::NoMeeting => "it gives no token".to_owned(),
    })
}

/// The rooms whose meetings the account does not have.
async fn unknown_rooms(client: &mut Client, rooms: &[Room]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for room in rooms {
        match client.ask(&Question::status(&room.meeting_id)).await {
            Err(Failure::NoMeeting) => findings.push(Finding::warning(
                WHAT,
                format!(
                    "it knows no meeting {}; are the ids in `[zoom.api]` those of the account that hosts it?",
                    room.meeting_id
                ),
            )),
            // The others would wait as long.
            Err(Failure::Unavailable { .. }) => break,
            Ok(_) | Err(Failure::NotAllowed(_) | Failure::Refused(_)) => {}
        }
    }
    findings
}

fn findings(token: &Token) -> Vec<Finding> {
    let (allowed, lacking): (Vec<_>, Vec<_>) =
        QUESTIONS.into_iter().partition(|question| token.allows(*question));
    let purposes: Vec<_> = allowed.into_iter().map(Question::purpose).collect();
    let allowed = match purposes.is_empty() {
        true => None,
        false => Some(Finding::ok(WHAT, format!("it may be asked {}", purposes.join(", ")))),
    };
    let lacking = lacking.into_iter().map(|question| {
        let [scope, _] = question.scopes();
        let purpose = question.purpose();
        let text = format!("it may not be asked {purpose}: the app lacks the scope `{scope}`");
        Finding::warning(WHAT, text)
    });
    allowed.into_iter().chain(lacking).collect()
}
