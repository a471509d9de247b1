//! What to do first, and what to set next. Pure.

use std::collections::BTreeSet;

use crate::commands::check::Finding;
use crate::commands::print::nginx::upstream;
use crate::commands::quoted::quoted;
use crate::commands::standing::NUMBER_WARNING;
use crate::config::Settings;
use crate::zoom::{Kind, Name};

/// The events that a page needs, and Zoom's words for them.
const NEEDED: [(Kind, &str); 4] = [
    (Kind::Started, "Start Meeting"),
    (Kind::Ended, "End Meeting"),
    (Kind::Joined, "Participant/Host joined meeting"),
    (Kind::Left, "Participant/Host left meeting"),
];

/// Why somebody who is in a meeting is not on the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Missing {
    /// Zoom sent no name.
    Name,
    /// `privacy.publish` does not have this name.
    Published(Name),
    /// `privacy.hide` has this name.
    Hidden(Name),
    /// The entry of this name has `zoom_user_ids`, and Zoom sent none of them.
    Account(Name),
    /// `[[rooms]]` does not have this meeting number.
    Room(String),
    /// Zoom sent no meeting number, and only `[[rooms]]` are shown.
    Number,
}

/// What was seen so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// A challenge was answered.
    pub(super) is_validated: bool,
    /// The kinds of all events.
    pub(super) kinds: BTreeSet<Kind>,
    missing: Vec<Missing>,
}

/// What to do while it waits.
pub(super) fn begin(settings: &Settings) -> String {
    let base_url = match settings.site.base_url.as_str() {
        "" => "https://YOUR-HOST",
        base_url => base_url,
    };
    format!(
        "Waiting for Zoom at {base_url}{}. In the Zoom app, press *Validate* and save the subscription; then \
         start the meeting and join it. Ctrl-C ends this.",
        settings.zoom.path
    )
}

impl Seen {
    /// Somebody joined, and this is missing until the page shows it.
    pub(super) fn join(&mut self, missing: Vec<Missing>) {
        for missing in missing {
            if !self.missing.contains(&missing) {
                self.missing.push(missing);
            }
        }
    }

    /// Whether somebody joined.
    pub(super) fn somebody_joined(&self) -> bool {
        self.kinds.contains(&Kind::Joined)
    }

    /// What to set next, a finding for each.
    pub(super) fn next_steps(&self, settings: &Settings) -> Vec<Finding> {
        let mut steps: Vec<_> = self.missing.iter().map(step).collect();
        if self.kinds.is_empty() {
            steps.push(nothing_came(self.is_validated));
        } else if let Some(step) = self.not_subscribed() {
            steps.push(step);
        }
        if self.somebody_joined() && self.missing.is_empty() {
            let host = match settings.site.base_url.as_str() {
                "" => upstream(settings),
                base_url => base_url.to_owned(),
            };
            let text = format!("nothing: look at {host}{}", settings.site.path);
            steps.push(Finding::ok("next", text));
        }
        steps
    }

    /// The events that did not come although others did.
    fn not_subscribed(&self) -> Option<Finding> {
        let is_absent = |(kind, _): &&(Kind, &str)| !self.kinds.contains(kind);
        let absent: Vec<_> =
            NEEDED.iter().filter(is_absent).map(|(_, words)| format!("*{words}*")).collect();
        if absent.is_empty() {
            return None;
        }
        let text = format!(
            "not seen yet: {}; make sure that the subscription of the Zoom app has them (Features, Event \
             Subscriptions)",
            absent.join(", ")
        );
        Some(Finding::warning("next", text))
    }
}

/// What to write into the settings.
fn step(missing: &Missing) -> Finding {
    let text = match missing {
        Missing::Name => {
            "people without a name are never listed; in Zoom, give yourself one, then join again"
                .to_owned()
        }
        Missing::Published(name) => {
            let warning = name.telephone_mask().map(|_| format!(" ({NUMBER_WARNING})"));
            format!(
                "add {} to `privacy.publish`, if this person may appear{}; it counts at once",
                quoted(name.as_str()),
                warning.unwrap_or_default()
            )
        }
        Missing::Hidden(name) => format!(
            "{} is in `privacy.hide`, so it never appears; remove it there, if this person may appear",
            quoted(name.as_str())
        ),
        Missing::Account(name) => format!(
            "{0} counts only with the account in its `zoom_user_ids`: sign in to Zoom and join again, or \
             remove `zoom_user_ids` from the entry of {0} in `[[people]]`, so that the name is enough",
            quoted(name.as_str())
        ),
        Missing::Number => {
            "Zoom did not say which meeting this is, so it is in none of `[[rooms]]`; it is shown once \
             another event of the meeting has the number"
                .to_owned()
        }
        Missing::Room(number) => format!(
            "add the meeting to the settings, if it is one of your rooms:\n[[rooms]]\nmeeting_id = {}\nname = \
             \"Lounge\"",
            quoted(number)
        ),
    };
    Finding::warning("next", text)
}

fn nothing_came(is_validated: bool) -> Finding {
    let text = if is_validated {
        "save the subscription in the Zoom app with *Start Meeting*, *End Meeting*, *Participant/Host joined \
         meeting* and *Participant/Host left meeting*, and join a meeting of the account that the app belongs to"
    } else {
        "nothing came from Zoom; see whether the webhook can be reached from outside: `sudo lookout check`"
    };
    Finding::warning("next", text)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Environment, parse};

    #[test]
    fn what_did_not_come_is_named() {
        use Kind::{Ended, Joined, Left, Started};
        #[rustfmt::skip]
        let cases = [
            // what is special          validated  kinds                                 said
            ("nothing at all",          false,     vec![],                               "! next      nothing came from Zoom; see whether"),
            ("only the challenge",      true,      vec![],                               "! next      save the subscription in the Zoom app"),
            ("only a leave",            true,      vec![Left],                           "! next      not seen yet: *Start Meeting*, *End Meeting*, *Participant/Host joined meeting*; make sure"),
            ("all but the end",         true,      vec![Started, Joined, Left],          "! next      not seen yet: *End Meeting*; make sure"),
            ("everything",              true,      vec![Started, Joined, Left, Ended],   "✓ next      nothing: look at https://lounge.example/lookout/"),
        ];
        let text = "[site]\nbase_url = 'https://lounge.example'\n";
        let settings = parse(text, Path::new("a.toml"), &Environment::default()).expect("valid");
        for (what, is_validated, kinds, said) in cases {
            let seen = Seen { is_validated, kinds: kinds.into_iter().collect(), ..Seen::default() };
            let steps = seen.next_steps(&settings);
            let first = steps.first().map(ToString::to_string).unwrap_or_default();
            assert!(first.starts_with(said), "{what}: {first}");
        }
    }
}
