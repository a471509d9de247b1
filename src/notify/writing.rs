//! A message becomes text, in the site's language and zone.
//!
//! Names are shortened and counted here, times and durations written out, so that a
//! template only has to place them.

use anyhow::{Result, ensure};
use tera::{Context, Map, Value};

use super::dialect::Dialect;
use super::escape;
use super::message::{Card, CardState, Inside, Message, News, Room, Summary};
use super::post::{Colour, Field, Post, Sheet, Width};
use super::templates::Templates;
use crate::config::Site;
use crate::dashboard::short_time;
use crate::moment::Moment;
use crate::zoom::Name;

/// How many names are in a sentence.
const NAMES: usize = 10;

/// How many people a card lists.
const LISTED: usize = 40;

/// How long a name may be, in characters.
const NAME_LENGTH: usize = 64;

/// Writes messages in one language and dialect.
#[derive(Clone)]
pub(super) struct Writer {
    templates: Templates,
    site: Site,
}

impl Writer {
    pub(super) fn load(dialect: &Dialect, site: &Site) -> Result<Self> {
        Ok(Self { templates: Templates::load(dialect, site)?, site: site.clone() })
    }

    /// Writes `message` out.
    pub(super) fn message(&self, message: &Message) -> Result<Post> {
        let mut context = room(&message.room);
        let component = match &message.news {
            News::Moves { joined, left, inside } => {
                context.insert_value("joined", self.people(joined, 0)?);
                context.insert_value("left", self.people(left, 0)?);
                context.insert("inside", inside);
                "moves"
            }
            News::Sharing { started, stopped } => {
                context.insert_value("started", self.people(started, 0)?);
                context.insert_value("stopped", self.people(stopped, 0)?);
                "sharing"
            }
            News::Test => "test",
            News::Started { at, by, inside } => {
                context.insert_value("since", self.time(*at, *at));
                context.insert_value("by", self.people(by, 0)?);
                context.insert("inside", inside);
                let fields = [("since", Width::Half), ("join", Width::Half)];
                let sheet = self.sheet("started", Colour::Open, &message.room, &context, &fields);
                return sheet.map(Post::Sheet);
            }
            News::Ended(summary) => {
                return self.ended(&message.room, context, summary).map(Post::Sheet);
            }
        };
        let text = self.templates.marked(component, &context)?;
        ensure!(
            !text.is_empty(),
            "the template's `{component}` is empty; to hear nothing of it, leave it out of `events`"
        );
        Ok(Post::Line(text))
    }

    /// Writes `card` out.
    pub(super) fn card(&self, card: &Card) -> Result<Sheet> {
        let mut context = room(&card.room);
        match &card.state {
            CardState::Closed(summary) => self.ended(&card.room, context, summary),
            CardState::Open { since, inside, others, peak, sharing } => {
                let listed = inside.iter().take(LISTED);
                let listed = listed.map(|person| self.listed(person, *since, sharing));
                context.insert_value("inside", Value::from(listed.collect::<Vec<Value>>()));
                context.insert("more", &(inside.len().saturating_sub(LISTED) + others));
                context.insert("count", &(inside.len() + others));
                context.insert("peak", peak);
                context.insert_value("since", self.time(*since, *since));
                let fields = [("since", Width::Half), ("peak", Width::Half), ("join", Width::Half)];
                self.sheet("card", Colour::Open, &card.room, &context, &fields)
            }
        }
    }

    fn ended(&self, room: &Room, mut context: Context, summary: &Summary) -> Result<Sheet> {
        let Summary { from, until, peak, people, others } = summary;
        context.insert_value("from", self.time(*from, *until));
        context.insert_value("until", self.time(*until, *until));
        context.insert("duration", &self.span(until.since(*from))?);
        context.insert("peak", peak);
        context.insert_value("people", self.people(people, *others)?);
        let fields = [
            ("duration", Width::Half),
            ("peak", Width::Half),
            ("when", Width::Half),
            ("people", Width::Full),
        ];
        self.sheet("ended", Colour::Empty, room, &context, &fields)
    }

    fn sheet(
        &self,
        kind: &str,
        colour: Colour,
        room: &Room,
        context: &Context,
        fields: &[(&str, Width)],
    ) -> Result<Sheet> {
        let texts = &self.templates;
        let title = format!("{kind}_title");
        let title = match room.dashboard {
            Some(_) => texts.plain(&title, context)?,
            None => texts.marked(&title, context)?,
        };
        let mut written = Vec::new();
        for (name, width) in fields {
            let value = texts.marked(&format!("{name}_value"), context)?;
            if !value.is_empty() {
                let title = texts.plain(&format!("{name}_title"), context)?;
                written.push(Field { title, value, width: *width });
            }
        }
        Ok(Sheet {
            colour,
            title,
            link: room.dashboard.clone(),
            fallback: texts.plain(&format!("{kind}_fallback"), context)?,
            text: texts.marked(&format!("{kind}_text"), context)?,
            fields: written,
        })
    }

    /// Some people as a template knows them: `names` and `count`.
    fn people(&self, named: &[Name], others: usize) -> Result<Value> {
        let count = named.len() + others;
        let names = if count == 0 { String::new() } else { self.list(named, others)? };
        let people = [("names", Value::from(names)), ("count", Value::from(count))];
        Ok(Value::from(Map::from_iter(people.map(|(key, value)| (key.into(), value)))))
    }

    /// Names in a sentence: "Ada, Grace and 7 more".
    fn list(&self, named: &[Name], others: usize) -> Result<String> {
        let names: Vec<String> =
            named.iter().take(NAMES).map(|name| shown(name.as_str())).collect();
        let mut context = Context::new();
        context.insert("names", &names);
        context.insert("but_last", &names[..names.len().saturating_sub(1)]);
        context.insert("more", &(named.len() - names.len() + others));
        self.templates.raw("list", &context)
    }

    fn listed(&self, person: &Inside, opened: Moment, sharing: &[Name]) -> Value {
        let person = [
            ("name", Value::from(shown(person.name.as_str()))),
            ("since", self.time(person.since, opened)),
            ("sharing", Value::from(sharing.contains(&person.name))),
        ];
        Value::from(Map::from_iter(person.map(|(key, value)| (key.into(), value))))
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

/// What every template knows: `room`.
fn room(room: &Room) -> Context {
    let value = |text: &Option<String>| text.clone().map_or_else(Value::none, Value::from);
    let parts = [
        ("name", room.name.as_deref().map_or_else(Value::none, |name| Value::from(shown(name)))),
        ("dashboard", value(&room.dashboard)),
        ("join", value(&room.join)),
    ];
    let parts = Map::from_iter(parts.map(|(key, value)| (key.into(), value)));
    let mut context = Context::new();
    context.insert_value("room", Value::from(parts));
    context
}

/// A name as it is shown: on one line, from left to right, of a bearable length.
fn shown(name: &str) -> String {
    let clean: String =
        name.chars().map(|c| if escape::is_disturbing(c) { ' ' } else { c }).collect();
    let name = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.chars().count() <= NAME_LENGTH {
        return name;
    }
    let kept: String = name.chars().take(NAME_LENGTH - 1).collect();
    format!("{}…", kept.trim_end())
}
