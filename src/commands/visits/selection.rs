//! Which visits to list.

use std::borrow::Cow;
use std::collections::BTreeSet;

use anyhow::{Context, Result};

use super::Args;
use crate::commands::arguments::{self, UsageError};
use crate::commands::standing::{Shown, form_shown};
use crate::config::{Privacy, Settings, suggest_name};
use crate::generator::Log;
use crate::roster::{End, PersonVisit};
use crate::time::moment::Moment;
use crate::zoom::Name;

/// What a visit must be like to be listed.
pub(super) struct Selection<'a> {
    from: Option<Moment>,
    to: Option<Moment>,
    room: Option<u32>,
    person: Option<Wanted>,
    /// Who may be listed; `None`: everybody.
    privacy: Option<&'a Privacy>,
    now: Moment,
}

/// The person who was asked for.
struct Wanted {
    name: Name,
    /// Their names, [comparable](Name::comparable).
    names: BTreeSet<Name>,
}

impl<'a> Selection<'a> {
    /// What `args` select of the visits at `now`.
    ///
    /// # Errors
    ///
    /// There is no such room, or nothing can lie between the two moments.
    pub(super) fn new(settings: &'a Settings, args: &Args, now: Moment) -> Result<Self> {
        let zone = &settings.site.time_zone;
        let from = args.from.map(|edge| edge.first(zone));
        let to = args.to.map(|edge| edge.end(zone));
        if let Some((from, to)) = from.zip(to).filter(|(from, to)| from >= to) {
            let problem = format!(
                "`--from`, {from}, is not before the end of `--to`, {to}; exchange the two"
            );
            return Err(UsageError(problem).into());
        }
        let room = args
            .room
            .as_deref()
            .map(|room| arguments::room_index(settings, "`--room`", room))
            .transpose()?;
        let person = args.person.as_deref().map(|name| wanted(settings, name)).transpose()?;
        let privacy = (!args.all).then_some(&settings.privacy);
        Ok(Self { from, to, room, person, privacy, now })
    }

    /// The visit as it is listed; `None` if it is not.
    pub(super) fn apply<'v>(&self, visit: PersonVisit<'v>) -> Option<PersonVisit<'v>> {
        let (first, last) = (visit.first(), self.last(&visit));
        let is_in_time =
            self.from.is_none_or(|from| last >= from) && self.to.is_none_or(|to| first < to);
        let is_here = self.room.is_none_or(|room| room == visit.room);
        if !is_in_time || !is_here || !self.may_list(&visit.name) {
            return None;
        }
        let shown = self.shown(&visit.name);
        let is_theirs = |wanted: &Wanted| {
            [&*visit.name, &*shown].iter().any(|name| wanted.names.contains(&*name.comparable()))
        };
        if !self.person.as_ref().is_none_or(is_theirs) {
            return None;
        }
        let name = shown.into_owned();
        Some(PersonVisit { name: Cow::Owned(name), ..visit })
    }

    /// Whether the person called `name` may be listed.
    fn may_list(&self, name: &Name) -> bool {
        self.privacy.is_none_or(|privacy| Shown::of(name, privacy) == Shown::Published)
    }

    /// The name as it is listed: as pages show it, unless everybody is listed.
    fn shown<'n>(&self, name: &'n Name) -> Cow<'n, Name> {
        self.privacy.map_or(Cow::Borrowed(name), |privacy| form_shown(name, privacy))
    }

    /// The last known moment of a visit.
    fn last(&self, visit: &PersonVisit<'_>) -> Moment {
        match visit.visit.end {
            End::At(end) => end,
            End::Open => self.now,
            End::Unknown => visit.first(),
        }
    }

    /// Why nothing of `log` is listed, and what to do.
    pub(super) fn why_empty(&self, log: &Log) -> String {
        if self.privacy.is_some_and(|privacy| privacy.publish.is_empty()) {
            return "nobody is listed, because `privacy.publish` is empty; add `--all` for everybody, or run \
                    `lookout who --paste` for names to publish"
                .to_owned();
        }
        let Some(Wanted { name, names }) = &self.person else {
            let all = if self.privacy.is_some() {
                "; `--all` adds people who are not published"
            } else {
                ""
            };
            return format!("no visit matches{all}");
        };
        let is_known = log.names().any(|seen| names.contains(&*seen.comparable()));
        if is_known {
            let all = if self.privacy.is_some() { "published " } else { "" };
            return format!(
                "`{name}` has no {all}visit that matches; `lookout who` shows who is published"
            );
        }
        let names = log.names().filter(|seen| self.may_list(seen)).map(|seen| self.shown(seen));
        let names: Vec<_> = names.collect();
        let near = suggest_name(name.as_str(), names.iter().map(|name| name.as_str()));
        match near {
            Some(near) => format!("nobody has had the name `{name}`; did you mean `{near}`?"),
            None => format!("nobody has had the name `{name}`; `lookout who` lists all names"),
        }
    }
}

fn wanted(settings: &Settings, text: &str) -> Result<Wanted> {
    let name =
        Name::clean(text).context("`--person` is empty; write a name as the page shows it")?;
    let entry = settings
        .people
        .iter()
        .find(|person| person.all_names().any(|known| known.comparable() == name.comparable()));
    let names = std::iter::once(&name).chain(entry.map(|person| &person.name));
    let names = names.map(|name| name.comparable().into_owned()).collect();
    Ok(Wanted { name, names })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Environment, parse};
    use crate::roster::Visit;

    #[test]
    fn a_telephone_number_is_listed_as_the_page_shows_it() {
        const CALLER: &str = "12025550143";
        const MASK: &str = "•••••••••43";
        #[rustfmt::skip]
        let cases = [
            // what is special             publish        hide       listed as
            ("everybody",                  "*",           "",        Some(MASK)),
            ("the number",                 CALLER,        "",        Some(CALLER)),
            ("the mask",                   MASK,          "",        Some(MASK)),
            ("somebody else",              "Ada",         "",        None),
            ("the mask, and hidden",       MASK,          CALLER,    None),
            ("the number, its mask hidden", CALLER,       MASK,      None),
            ("the mask is both",           MASK,          MASK,      None),
        ];
        for (what, publish, hide, expected) in cases {
            let text = format!("[privacy]\ndrop_fields = []\npublish = ['{publish}']\n");
            let hide =
                if hide.is_empty() { hide.to_owned() } else { format!("hide = ['{hide}']\n") };
            let settings = parse(&(text + &hide), Path::new("a.toml"), &Environment::default());
            let (settings, now) = (settings.expect(what), Moment::from_seconds(60));
            let selection = Selection::new(&settings, &Args::default(), now).expect(what);
            let name = Name::clean(CALLER).expect("a name");
            let visit = Visit { start: Some(now), end: End::Open };
            let visit = PersonVisit { name: Cow::Borrowed(&name), room: 0, visit };
            let listed = selection.apply(visit).map(|visit| visit.name.into_owned());
            assert_eq!(listed.as_ref().map(Name::as_str), expected, "{what}");
        }
    }
}
