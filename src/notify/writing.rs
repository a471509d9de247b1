//! A message becomes text, in the site's language and zone.
//!
//! Names are shortened and counted here, times and durations written out, so that a
//! template only has to place them.

use anyhow::{Result, ensure};
use tera::{Context, Map, Value};

use super::dialect::Dialect;
use super::message::{Card, CardState, Inside, Message, News, Room, Summary};
use super::names::shown;
use super::post::{Colour, Field, Post, Sheet, Width};
use super::templates::Templates;
use crate::config::Site;
use crate::dashboard::short_time;
use crate::time::moment::Moment;
use crate::zoom::Name;

/// How many names are in a sentence.
const NAMES: usize = 10;

/// How many people a card lists.
const LISTED: usize = 40;

/// Writes messages in one language and dialect.
#[derive(Clone)]
pub(super) struct Writer {
    templates: Templates,
    site: Site,
}

/// A kind of [`Sheet`]: the templates of its texts begin with its name, those of its
/// fields with theirs.
struct Kind {
    name: &'static str,
    colour: Colour,
    fields: &'static [(&'static str, Width)],
}

const STARTED: Kind = Kind {
    name: "started",
    colour: Colour::Open,
    fields: &[("since", Width::Half), ("join", Width::Half)],
};

const ENDED: Kind = Kind {
    name: "ended",
    colour: Colour::Empty,
    fields: &[
        ("duration", Width::Half),
        ("peak", Width::Half),
        ("when", Width::Half),
        ("people", Width::Full),
    ],
};

const CARD: Kind = Kind {
    name: "card",
    colour: Colour::Open,
    fields: &[("since", Width::Half), ("peak", Width::Half), ("join", Width::Half)],
};

impl Writer {
    pub(super) fn load(dialect: &Dialect, site: &Site) -> Result<Self> {
        Ok(Self { templates: Templates::load(dialect, site)?, site: site.clone() })
    }

    /// Writes with the built-in templates alone.
    pub(super) fn builtin(dialect: &Dialect, site: &Site) -> Self {
        Self { templates: Templates::builtin(dialect, site), site: site.clone() }
    }

    /// Writes `message` out.
    pub(super) fn message(&self, message: &Message) -> Result<Post> {
        let Message { room, news } = message;
        match news {
            News::Moves { joined, left, inside } => {
                let joined = ("joined", self.people(joined, 0)?);
                let left = ("left", self.people(left, 0)?);
                self.line("moves", room, [joined, left, ("inside", Value::from(*inside))])
            }
            News::Sharing { started, stopped } => {
                let started = ("started", self.people(started, 0)?);
                let stopped = ("stopped", self.people(stopped, 0)?);
                self.line("sharing", room, [started, stopped])
            }
            News::Started { at, by, inside } => {
                let since = ("since", self.time(*at, *at));
                let by = ("by", self.people(by, 0)?);
                let facts = [since, by, ("inside", Value::from(*inside))];
                self.sheet(&STARTED, room, facts).map(Post::Sheet)
            }
            News::Ended(summary) => self.ended(room, summary).map(Post::Sheet),
            News::Test => self.line("test", room, []),
        }
    }

    /// Writes `card` out.
    pub(super) fn card(&self, card: &Card) -> Result<Sheet> {
        match &card.state {
            CardState::Closed(summary) => self.ended(&card.room, summary),
            CardState::Open { since, inside, others, peak, sharing } => {
                let listed = inside.iter().take(LISTED);
                let listed = listed.map(|person| self.listed(person, *since, sharing));
                let facts = [
                    ("inside", Value::from(listed.collect::<Vec<Value>>())),
                    ("more", Value::from(inside.len().saturating_sub(LISTED) + others)),
                    ("count", Value::from(inside.len() + others)),
                    ("peak", Value::from(*peak)),
                    ("since", self.time(*since, *since)),
                ];
                self.sheet(&CARD, &card.room, facts)
            }
        }
    }

    fn ended(&self, room: &Room, summary: &Summary) -> Result<Sheet> {
        let Summary { from, until, peak, people, others } = summary;
        let facts = [
            ("from", self.time(*from, *until)),
            ("until", self.time(*until, *until)),
            ("duration", Value::from(self.span(until.since(*from))?)),
            ("peak", Value::from(*peak)),
            ("people", self.people(people, *others)?),
        ];
        self.sheet(&ENDED, room, facts)
    }

    fn line<const N: usize>(
        &self,
        component: &str,
        room: &Room,
        facts: [(&'static str, Value); N],
    ) -> Result<Post> {
        let text = self.templates.marked(component, &context(room, facts))?;
        ensure!(
            !text.is_empty(),
            "the template's `{component}` is empty; to hear nothing of it, leave it out of `events`"
        );
        Ok(Post::Line(text))
    }

    fn sheet<const N: usize>(
        &self,
        kind: &Kind,
        room: &Room,
        facts: [(&'static str, Value); N],
    ) -> Result<Sheet> {
        let (texts, context) = (&self.templates, context(room, facts));
        let of = |text: &str| format!("{}_{text}", kind.name);
        let title = match room.dashboard {
            Some(_) => texts.plain(&of("title"), &context)?,
            None => texts.marked(&of("title"), &context)?,
        };
        let mut fields = Vec::new();
        for (name, width) in kind.fields {
            let value = texts.marked(&format!("{name}_value"), &context)?;
            if !value.is_empty() {
                let title = texts.plain(&format!("{name}_title"), &context)?;
                fields.push(Field { title, value, width: *width });
            }
        }
        Ok(Sheet {
            colour: kind.colour,
            title,
            link: room.dashboard.clone(),
            fallback: texts.plain(&of("fallback"), &context)?,
            text: texts.marked(&of("text"), &context)?,
            fields,
        })
    }

    /// Some people as a template knows them: `names` and `count`.
    fn people(&self, named: &[Name], others: usize) -> Result<Value> {
        let count = named.len() + others;
        let names = if count == 0 { String::new() } else { self.list(named, others)? };
        Ok(map([("names", Value::from(names)), ("count", Value::from(count))]))
    }

    /// Names in a sentence: "Ada, Grace and 7 more".
    fn list(&self, named: &[Name], others: usize) -> Result<String> {
        let names = named.iter().take(NAMES).map(|name| shown(name.as_str()));
        let names: Vec<String> = names.collect();
        let mut context = Context::new();
        context.insert("names", &names);
        context.insert("but_last", &names[..names.len().saturating_sub(1)]);
        context.insert("more", &(named.len() - names.len() + others));
        self.templates.raw("list", &context)
    }

    fn listed(&self, person: &Inside, opened: Moment, sharing: &[Name]) -> Value {
        map([
            ("name", Value::from(shown(person.name.as_str()))),
            ("since", self.time(person.since, opened)),
            ("sharing", Value::from(sharing.contains(&person.name))),
        ])
    }

    /// A time of ours, which needs no escaping.
    fn time(&self, moment: Moment, now: Moment) -> Value {
        Value::safe_string(&short_time(&self.site, moment, now))
    }

    fn span(&self, seconds: i64) -> Result<String> {
        let minutes = seconds.max(0) / 60;
        let mut context = Context::new();
        context.insert("hours", &(minutes / 60));
        context.insert("minutes", &(minutes % 60));
        self.templates.raw("span", &context)
    }
}

/// What a template is told: `room` and the facts.
fn context<const N: usize>(room: &Room, facts: [(&'static str, Value); N]) -> Context {
    let mut context = Context::new();
    let name = room.name.as_deref().map(shown);
    let (dashboard, join) = (room.dashboard.clone(), room.join.clone());
    let room = [
        ("name", Value::from(name)),
        ("dashboard", Value::from(dashboard)),
        ("join", Value::from(join)),
    ];
    context.insert_value("room", map(room));
    for (name, value) in facts {
        context.insert_value(name, value);
    }
    context
}

fn map<const N: usize>(parts: [(&'static str, Value); N]) -> Value {
    Value::from(Map::from_iter(parts.map(|(key, value)| (key.into(), value))))
}
