//! The templates and static files: whether every page can be rendered.

use super::{Context, Finding};
use crate::dashboard::samples;
use crate::site::Renderer;

/// Renders the site with sample people, and with nobody, without publishing it.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let renderer = Renderer::load_leniently(context.settings);
    let mut faults = renderer.problems().faults.clone();
    for (settings, presence) in samples(context.settings, context.now) {
        let dashboard = renderer.dashboard(&presence, &settings, context.now);
        for fault in renderer.template_faults(&dashboard) {
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        }
    }
    let mut lines: Vec<_> =
        faults.into_iter().map(|fault| Finding::problem("templates", fault)).collect();
    if lines.is_empty() {
        let dir = &context.settings.site.templates_dir;
        let text = match dir.is_dir() {
            true => format!("those of `{}` and the built-in ones work", dir.display()),
            false => "the built-in ones work".to_owned(),
        };
        lines.push(Finding::ok("templates", text));
    }
    let left_out = renderer.problems().left_out.iter();
    lines.extend(left_out.map(|text| Finding::warning("templates", text.as_str())));
    let without = renderer.problems().without.iter();
    lines.extend(without.map(|text| Finding::problem("pictures", text.as_str())));
    lines
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::config::{Environment, parse};
    use crate::time::moment::Moment;

    #[test]
    fn every_template_is_tried_with_people_and_without() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("lookout.toml");
        let settings = parse("", Path::new(&file), &Environment::default()).expect("valid");
        let context = Context {
            settings: &settings,
            now: Moment::parse_rfc3339("2027-01-05T20:00:00Z").expect("a moment"),
        };
        assert_eq!(check(&context), [Finding::ok("templates", "the built-in ones work")]);

        fs::create_dir(dir.path().join("templates")).expect("made");
        #[rustfmt::skip]
        let faults = [
            // the template   its source, with a fault that only some see              what is told
            ("index.html",    "{% if members %}{{ some }}{% else %}{{ nobody }}{% endif %}", vec!["`some`", "`nobody`"]),
            ("room.html",     "{{ nowhere }}",                                             vec!["`nowhere`"]),
            ("feed.xml",      "{% for entry in entries %}{{ entry.link }}{% endfor %}",    vec!["link"]),
        ];
        for (name, source, _) in &faults {
            fs::write(dir.path().join("templates").join(name), source).expect("written");
        }
        let lines: Vec<String> = check(&context).iter().map(Finding::to_string).collect();
        assert_eq!(lines.len(), 4, "{lines:#?}");
        for (name, _, told) in faults {
            for told in told {
                let is_told = |line: &String| line.contains(name) && line.contains(told);
                assert!(lines.iter().any(is_told), "{told} of {name} is missing in {lines:#?}");
            }
        }
    }

    #[test]
    fn somebody_with_a_picture_is_among_those_who_are_tried() {
        let dir = tempfile::tempdir().expect("a directory");
        let make = |path: &str, bytes: &[u8]| {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().expect("it has one")).expect("made");
            fs::write(path, bytes).expect("written");
        };
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x08\0\0\0\x08\x08\x06\0\0\0";
        make("static/ada.png", png);
        make(
            "templates/more/a.html",
            b"{% for member in members %}{% if member.picture %}{{ member.face }}{% endif %}{% endfor %}",
        );
        let text = "[[people]]\nname = \"Ada\"\npicture = \"ada.png\"\n";
        let file = dir.path().join("lookout.toml");
        let settings = parse(text, Path::new(&file), &Environment::default()).expect("valid");
        let now = Moment::parse_rfc3339("2027-01-05T20:00:00Z").expect("a moment");
        let lines: Vec<_> =
            check(&Context { settings: &settings, now }).iter().map(Finding::to_string).collect();
        let is_told = lines.iter().any(|line| line.contains("`face`"));
        assert!(is_told, "{lines:#?}");
    }
}
