//! The templates and static files: whether a page can be made of them, whoever is in.

use super::{Context, Line};
use crate::dashboard::{Dashboard, samples};
use crate::site::Renderer;

/// Makes the site of invented people, and of nobody, without publishing it.
pub(super) fn check(context: &Context<'_>) -> Vec<Line> {
    match faults(context) {
        Ok(faults) if faults.is_empty() => {
            let dir = &context.settings.site.templates_dir;
            let text = match dir.is_dir() {
                true => format!("those of `{}` and the built-in ones work", dir.display()),
                false => "the built-in ones work".to_owned(),
            };
            vec![Line::fine("templates", text)]
        }
        Ok(faults) => faults.into_iter().map(|fault| Line::wrong("templates", fault)).collect(),
        Err(fault) => vec![Line::wrong("templates", format!("{fault:#}"))],
    }
}

fn faults(context: &Context<'_>) -> anyhow::Result<Vec<String>> {
    let renderer = Renderer::load(context.settings)?;
    let mut faults = Vec::new();
    for (settings, presence) in samples(context.settings, context.now) {
        let dashboard = Dashboard::new(&presence, &settings, context.now);
        for fault in renderer.faults(&dashboard) {
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        }
    }
    Ok(faults)
}
