//! The templates and static files: whether a page can be made of them.

use anyhow::Result;

use super::{Context, Line};
use crate::dashboard::Dashboard;
use crate::roster::Presence;
use crate::site::Renderer;

/// Makes the site of a room in which nobody ever was, without publishing it.
pub(super) fn check(context: &Context<'_>) -> Vec<Line> {
    vec![match render(context) {
        Ok(files) => Line::fine("templates", format!("{files} files can be made")),
        Err(fault) => Line::wrong("templates", format!("{fault:#}")),
    }]
}

fn render(context: &Context<'_>) -> Result<usize> {
    let settings = context.settings;
    let dashboard = Dashboard::new(&Presence::default(), settings, context.now);
    Ok(Renderer::load(settings)?.render(&dashboard, settings)?.len())
}
