//! Renders a message or card as a [`Post`]: text in the language and time zone of the site.
//!
//! Names are shortened and counted here, and times and durations are formatted, so that a
//! template only has to place them. The encoders of the services turn the post into JSON.

use anyhow::{Result, ensure};
use tera::{Context, Map, Value};

use super::escape::display_name;
use super::markup::Markup;
use super::templates::Templates;
use crate::config::{Faces, Settings, Site};
use crate::dashboard::short_time;
use crate::notify::message::{
    Card, CardState, Message, MessageKind, PersonInside, RoomInfo, RoomSummary,
};
use crate::site::published_faces;
use crate::time::moment::Moment;
use crate::zoom::Name;

/// The maximum number of names in a sentence.
const MAX_NAMES: usize = 10;

/// The maximum number of people that a card lists.
const MAX_LISTED: usize = 40;

/// A message or card as text, before a service encodes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Post {
    /// One line with markup.
    Line(String),
    /// A title, a text and fields.
    Attachment(Attachment),
}

impl Post {
    /// Whom it mentions, in the syntax of the service.
    pub(super) fn mention(&self) -> Option<&str> {
        match self {
            Self::Line(_) => None,
            Self::Attachment(attachment) => attachment.mention.as_deref(),
        }
    }
}

/// A title, a text and fields beside a coloured bar. Text and values have markup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attachment {
    /// Whom it mentions, in the syntax of the service.
    pub(super) mention: Option<String>,
    pub(super) colour: Colour,
    /// Plain text if it is a link, otherwise with markup.
    pub(super) title: String,
    /// The URL that the title links to.
    pub(super) link: Option<String>,
    /// Plain text that notifications show instead.
    pub(super) fallback: String,
    pub(super) text: String,
    pub(super) fields: Vec<Field>,
    /// The URL of a picture of the person whom it is about.
    pub(super) picture: Option<String>,
}

/// A short value with a title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// How its templates begin.
    pub(super) name: &'static str,
    /// Plain text.
    pub(super) title: String,
    pub(super) value: String,
    pub(super) width: Width,
}

/// Whether another field may be on the same line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    Half,
    Full,
}

/// The colour of the bar, as RGB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colour {
    /// The room is open.
    Open = 0x2e_b6_7d,
    /// The room is empty.
    Empty = 0x8a_8f_98,
}

/// Renders posts in one language and markup.
#[derive(Clone)]
pub(super) struct Renderer {
    templates: Templates,
    site: Site,
    /// With the paths of published pictures.
    faces: Faces,
}

/// A kind of [`Attachment`]. The names of its templates start with its name, those of its fields
/// with the names of the fields.
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

const ENDED: Kind = Kind { name: "ended", colour: Colour::Empty, fields: ENDED_FIELDS };

/// The card of a room that is empty again: the next opening starts there.
const CLOSED: Kind = Kind {
    name: "ended",
    colour: Colour::Empty,
    fields: &[
        ("duration", Width::Half),
        ("peak", Width::Half),
        ("when", Width::Half),
        ("people", Width::Full),
        ("join", Width::Half),
    ],
};

const ENDED_FIELDS: &[(&str, Width)] = &[
    ("duration", Width::Half),
    ("peak", Width::Half),
    ("when", Width::Half),
    ("people", Width::Full),
];

const CARD: Kind = Kind {
    name: "card",
    colour: Colour::Open,
    fields: &[
        ("since", Width::Half),
        ("peak", Width::Half),
        ("waiting", Width::Full),
        ("join", Width::Half),
    ],
};

impl Renderer {
    pub(super) fn load(markup: &Markup, settings: &Settings) -> Result<Self> {
        Ok(Self::with(Templates::load(markup, &settings.site)?, settings))
    }

    /// Uses the built-in templates only.
    pub(super) fn builtin(markup: &Markup, settings: &Settings) -> Self {
        Self::with(Templates::builtin(markup, &settings.site), settings)
    }

    fn with(templates: Templates, settings: &Settings) -> Self {
        Self { templates, site: settings.site.clone(), faces: published_faces(settings) }
    }

    /// Renders a message.
    pub(super) fn message(&self, message: &Message) -> Result<Post> {
        let Message { room, kind, .. } = message;
        match kind {
            MessageKind::Moves { joined, left, inside } => {
                let joined = ("joined", self.people(joined, 0)?);
                let left = ("left", self.people(left, 0)?);
                self.line("moves", room, [joined, left, ("inside", Value::from(*inside))])
            }
            MessageKind::Sharing { started, stopped } => {
                let started = ("started", self.people(started, 0)?);
                let stopped = ("stopped", self.people(stopped, 0)?);
                self.line("sharing", room, [started, stopped])
            }
            MessageKind::Started { at, by, inside } => {
                let since = ("since", self.time(*at, *at));
                let people = ("by", self.people(by, 0)?);
                let values = [since, people, ("inside", Value::from(*inside))];
                let attachment = self.attachment(&STARTED, room, values)?;
                Ok(Post::Attachment(Attachment { picture: self.portrait(by), ..attachment }))
            }
            MessageKind::Ended(summary) => self.ended(&ENDED, room, summary).map(Post::Attachment),
            MessageKind::Waiting(waiting) => {
                let waiting = ("waiting", self.people(&waiting.names, waiting.others)?);
                self.line("waiting", room, [waiting])
            }
            MessageKind::Stranger { joined, inside } => {
                let joined = ("joined", self.people(joined, 0)?);
                self.line("stranger", room, [joined, ("inside", Value::from(*inside))])
            }
            MessageKind::Test => self.line("test", room, []),
        }
    }

    /// Renders a card.
    pub(super) fn card(&self, card: &Card) -> Result<Attachment> {
        match &card.state {
            CardState::Closed(summary) => self.ended(&CLOSED, &card.room, summary),
            CardState::Open { since, inside, others, peak, sharing, strangers, waiting } => {
                let listed = inside.iter().take(MAX_LISTED);
                let listed = listed.map(|person| self.listed(person, *since, sharing, strangers));
                let values = [
                    ("inside", Value::from(listed.collect::<Vec<Value>>())),
                    ("more", Value::from(inside.len().saturating_sub(MAX_LISTED) + others)),
                    ("count", Value::from(inside.len() + others)),
                    ("peak", Value::from(*peak)),
                    ("since", self.time(*since, *since)),
                    ("waiting", self.people(&waiting.names, waiting.others)?),
                ];
                self.attachment(&CARD, &card.room, values)
            }
        }
    }

    fn ended(&self, kind: &Kind, room: &RoomInfo, summary: &RoomSummary) -> Result<Attachment> {
        let RoomSummary { from, until, peak, people, others } = summary;
        let values = [
            ("from", self.time(*from, *until)),
            ("until", self.time(*until, *until)),
            ("duration", Value::from(self.span(until.since(*from))?)),
            ("peak", Value::from(*peak)),
            ("people", self.people(people, *others)?),
        ];
        self.attachment(kind, room, values)
    }

    fn line<const N: usize>(
        &self,
        component: &str,
        room: &RoomInfo,
        values: [(&'static str, Value); N],
    ) -> Result<Post> {
        let text = self.templates.marked(component, &context(room, values))?;
        ensure!(
            !text.is_empty(),
            "`{component}` of the template is empty; to get no such messages, leave the event out of `events`"
        );
        Ok(Post::Line(text))
    }

    fn attachment<const N: usize>(
        &self,
        kind: &Kind,
        room: &RoomInfo,
        values: [(&'static str, Value); N],
    ) -> Result<Attachment> {
        let (texts, context) = (&self.templates, context(room, values));
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
                fields.push(Field { name, title, value, width: *width });
            }
        }
        Ok(Attachment {
            mention: None,
            colour: kind.colour,
            title,
            link: room.dashboard.clone(),
            fallback: texts.plain(&of("fallback"), &context)?,
            text: texts.marked(&of("text"), &context)?,
            fields,
            picture: None,
        })
    }

    /// People as a template receives them: `names` and `count`.
    fn people(&self, named: &[Name], others: usize) -> Result<Value> {
        let count = named.len() + others;
        let names = if count == 0 { String::new() } else { self.list(named, others)? };
        Ok(map([("names", Value::from(names)), ("count", Value::from(count))]))
    }

    /// Names as a list in a sentence: "Ada, Grace and 7 more".
    fn list(&self, named: &[Name], others: usize) -> Result<String> {
        let names = named.iter().take(MAX_NAMES).map(|name| self.shown(name));
        let names: Vec<String> = names.collect();
        let mut context = Context::new();
        context.insert("names", &names);
        context.insert("but_last", &names[..names.len().saturating_sub(1)]);
        context.insert("more", &(named.len() - names.len() + others));
        self.templates.raw("list", &context)
    }

    fn listed(
        &self,
        person: &PersonInside,
        opened: Moment,
        sharing: &[Name],
        strangers: &[Name],
    ) -> Value {
        map([
            ("name", Value::from(self.shown(&person.name))),
            ("since", self.time(person.since, opened)),
            ("sharing", Value::from(sharing.contains(&person.name))),
            ("stranger", Value::from(strangers.contains(&person.name))),
        ])
    }

    /// The URL of the picture of the only one of `people`.
    fn portrait(&self, people: &[Name]) -> Option<String> {
        let Site { base_url, path, .. } = &self.site;
        let [person] = people else { return None };
        let picture = self.faces.picture(person).filter(|_| !base_url.is_empty())?;
        Some(format!("{base_url}{path}{picture}"))
    }

    /// A name, after the person's emoji.
    fn shown(&self, name: &Name) -> String {
        let shown = display_name(name.as_str());
        match self.faces.emoji(name) {
            Some(emoji) => format!("{emoji} {shown}"),
            None => shown,
        }
    }

    /// A formatted time, which needs no escaping.
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

/// The variables of a template: `room` and `values`.
fn context<const N: usize>(room: &RoomInfo, values: [(&'static str, Value); N]) -> Context {
    let mut context = Context::new();
    let name = room.name.as_deref().map(display_name);
    let (dashboard, join) = (room.dashboard.clone(), room.join.clone());
    let room = [
        ("name", Value::from(name)),
        ("dashboard", Value::from(dashboard)),
        ("join", Value::from(join)),
    ];
    context.insert_value("room", map(room));
    for (name, value) in values {
        context.insert_value(name, value);
    }
    context
}

fn map<const N: usize>(parts: [(&'static str, Value); N]) -> Value {
    Value::from(Map::from_iter(parts.map(|(key, value)| (key.into(), value))))
}
