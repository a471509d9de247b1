//! Zoom's API: whether it gives a token, and what the app may ask. Asks nothing else.

use tokio::runtime::Builder;

use super::{Context, Finding};
use crate::config::ZoomApi;
use crate::zoom::api::{QUESTIONS, Question, Token};
use crate::zoom_api::{Client, Failure};

const WHAT: &str = "zoom api";

/// Checks `[zoom.api]`, if it is there.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let Some(api) = &context.settings.zoom_api else { return Vec::new() };
    match token(api) {
        Ok(token) => findings(&token),
        Err(why) => vec![Finding::problem(WHAT, why)],
    }
}

fn token(api: &ZoomApi) -> Result<Token, String> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start the runtime: {error}"))?;
    let mut client = Client::new(api.clone()).map_err(|error| format!("{error:#}"))?;
    let token = runtime.block_on(client.token()).cloned();
    token.map_err(|failure| match failure {
        Failure::Unavailable { why, .. } | Failure::Refused(why) | Failure::NotAllowed(why) => why,
        Failure::NoMeeting => "it gives no token".to_owned(),
    })
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
