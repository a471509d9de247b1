//! A chat as the settings have it, ready to be written to.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context, Result, anyhow};
use reqwest::Url;
use sha2::{Digest, Sha256};

use crate::config::notify::{Bot, Chat, Credential, Names, Notify};
use crate::config::{Others, Privacy, PublishList, Secret, Settings};
use crate::notify::digest::{Rules, Watched};
use crate::notify::encode::{Encoder, Service};
use crate::notify::message::Room;
use crate::notify::pace::Pace;
use crate::notify::request::Route;

/// One of `[[notify]]`.
#[derive(Clone)]
pub struct Target {
    /// Which one it is.
    pub label: Label,
    /// What tells it from any other, without telling its address.
    pub id: String,
    /// What it is told.
    pub rules: Rules,
    /// How it is reached: a bot if there is one, then the webhook; at least one of them.
    pub ways: Vec<Way>,
}

/// One way to write to a target.
#[derive(Clone)]
pub struct Way {
    /// What it is.
    pub kind: WayKind,
    /// Writes out what is sent.
    pub encoder: Encoder,
    /// Sends it.
    pub route: Route,
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Way").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// What a target is reached by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WayKind {
    /// An incoming webhook.
    Hook,
    /// A bot, which can edit what it posted.
    Bot,
}

/// How a target is spoken of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Its place among all of `[[notify]]`, from 1.
    pub place: usize,
    /// Whose chat it is.
    pub chat: Chat,
    /// Its server; empty where that is not known.
    pub host: String,
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, chat, host } = self;
        write!(f, "{place} ({}", chat.word())?;
        if !host.is_empty() {
            write!(f, " at {host}")?;
        }
        f.write_str(")")
    }
}

/// A target that can't be written to, and what to do about it.
#[derive(Debug)]
pub struct Unusable {
    /// Which one it is.
    pub label: Label,
    /// What is wrong.
    pub error: anyhow::Error,
    /// What it would be told, and what tells it from others, where that is known all the same.
    pub known: Option<Box<(String, Rules)>>,
    /// The ways to it with the built-in words, where only the operator's have a fault.
    pub with_builtin_words: Option<Vec<Way>>,
}

/// What is done about a target that is [`Unusable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MakeDo {
    /// It goes on as it was reached until now.
    AsBefore,
    /// It is told in the built-in words.
    BuiltinWords,
}

impl Target {
    /// All targets of `settings`, in their order.
    pub fn all(settings: &Settings, pace: Pace) -> Vec<Result<Self, Unusable>> {
        // Two targets may have one address, for other rooms or events.
        let mut same = BTreeMap::new();
        let mut build = |(place, notify): (usize, &Notify)| {
            let label = label(place, notify);
            let identity = match identity(notify) {
                Ok(identity) => identity,
                Err(error) => {
                    return Err(Unusable { label, error, known: None, with_builtin_words: None });
                }
            };
            let nth = same.entry(identity.clone()).and_modify(|nth| *nth += 1).or_insert(0);
            let id = hashed(&format!("{identity}\0{nth}"));
            let rules = rules(notify, settings, pace);
            match ways(notify, settings, pace, Encoder::load) {
                Ok(ways) => Ok(Self { label, id, rules, ways }),
                Err(error) => {
                    let builtin = |service, settings: &_| Ok(Encoder::builtin(service, settings));
                    let with_builtin_words = ways(notify, settings, pace, builtin).ok();
                    let known = Some(Box::new((id, rules)));
                    Err(Unusable { label, error, known, with_builtin_words })
                }
            }
        };
        (1..).zip(&settings.notify).map(&mut build).collect()
    }
}

impl Unusable {
    /// The target with its new rules, reached as one of `before` is, else in the built-in words;
    /// with the error that made this necessary. Who may be named must not wait until a template
    /// is mended.
    ///
    /// # Errors
    ///
    /// There was no such target before, and something else than the words is wrong.
    pub fn make_do<'a>(
        self,
        before: impl IntoIterator<Item = &'a Target>,
    ) -> Result<(Target, MakeDo, anyhow::Error), Self> {
        let is_it =
            |target: &&Target| self.known.as_ref().is_some_and(|known| known.0 == target.id);
        let as_before = before.into_iter().find(is_it).map(|target| target.ways.clone());
        let (ways, make_do) = match (as_before, &self.with_builtin_words) {
            (Some(ways), _) => (ways, MakeDo::AsBefore),
            (None, Some(ways)) => (ways.clone(), MakeDo::BuiltinWords),
            (None, None) => return Err(self),
        };
        let Self { label, error, known: Some(known), .. } = self else { return Err(self) };
        let (id, rules) = *known;
        Ok((Target { label, id, rules, ways }, make_do, error))
    }
}

fn label(place: usize, notify: &Notify) -> Label {
    let server = notify.bot.as_ref().and_then(|bot| Url::parse(&bot.server).ok());
    let hook = || Url::parse(notify.hook.as_ref()?.get().ok()?.reveal()).ok();
    let host = server.or_else(hook).and_then(|url| url.host_str().map(str::to_owned));
    Label { place, chat: notify.kind, host: host.unwrap_or_default() }
}

/// What stays the same when the settings of a target change, but not when it is another one.
fn identity(notify: &Notify) -> Result<String> {
    let place = match (&notify.bot, &notify.hook) {
        (Some(bot), _) => format!("{}\0{}", bot.server, bot.channel),
        (None, Some(hook)) => reveal(hook, "url")?.reveal().to_owned(),
        (None, None) => String::new(),
    };
    Ok(hashed(&format!("{}\0{place}", notify.kind.word())))
}

/// As good as no way back.
fn hashed(text: &str) -> String {
    hex::encode(&Sha256::digest(text)[..16])
}

fn reveal<'a>(credential: &'a Credential, key: &str) -> Result<&'a Secret> {
    credential.get().map_err(|why| anyhow!("`notify.{key}_file`, {why}"))
}

fn ways(
    notify: &Notify,
    settings: &Settings,
    pace: Pace,
    encoder: impl Fn(Service, &Settings) -> Result<Encoder>,
) -> Result<Vec<Way>> {
    let mut ways = Vec::new();
    if let Some(Bot { token, server, channel }) = &notify.bot {
        let token = reveal(token, "bot_token")?;
        let url = Url::parse(&format!("{server}/api/v4/posts"));
        let url = url.with_context(|| format!("`notify.server_url`: `{server}` is no address"))?;
        let service = Service::MattermostBot { channel: channel.clone() };
        let route = Route::new(url, Some(token), token.clone(), pace.time_out)?;
        ways.push(Way { kind: WayKind::Bot, encoder: encoder(service, settings)?, route });
    }
    if let Some(hook) = &notify.hook {
        let address = reveal(hook, "url")?;
        // The error would quote it.
        let url = Url::parse(address.reveal()).ok().context("`notify.url` is no address")?;
        let route = Route::new(url, None, address.clone(), pace.time_out)?;
        let service = match notify.kind {
            Chat::Mattermost => Service::MattermostHook,
            Chat::Slack => Service::Slack,
            Chat::Discord => Service::Discord,
        };
        ways.push(Way { kind: WayKind::Hook, encoder: encoder(service, settings)?, route });
    }
    Ok(ways)
}

fn rules(notify: &Notify, settings: &Settings, pace: Pace) -> Rules {
    let privacy = match notify.names {
        Names::Published => settings.privacy.clone(),
        Names::All => Privacy {
            publish: PublishList::Everybody,
            others: Others::Counted,
            drop_fields: Vec::new(),
        },
    };
    Rules {
        rooms: watched(notify, settings),
        events: notify.events.clone(),
        privacy,
        quiet: notify.quiet.map(|quiet| (quiet, settings.site.time_zone.clone())),
        has_cards: notify.bot.is_some(),
        gather: pace.gather,
        gather_most: pace.gather_most,
    }
}

fn watched(notify: &Notify, settings: &Settings) -> Vec<Watched> {
    let site = &settings.site;
    let address = |below: &str| {
        (!site.base_url.is_empty()).then(|| format!("{}{}{below}", site.base_url, site.path))
    };
    if settings.rooms.is_empty() {
        let room = Room { name: None, dashboard: address(""), join: None };
        return vec![Watched { number: String::new(), place: None, room }];
    }
    let has_pages = settings.rooms.len() > 1;
    let rooms = settings.rooms.iter().enumerate();
    let wanted = |number: &String| notify.rooms.is_empty() || notify.rooms.contains(number);
    rooms
        .filter(|(_, room)| wanted(&room.meeting_id))
        .map(|(place, room)| {
            let page = if has_pages { format!("{}/", room.slug) } else { String::new() };
            let join = (!room.join_url.is_empty()).then(|| room.join_url.clone());
            let spoken = Room { name: Some(room.name.clone()), dashboard: address(&page), join };
            Watched { number: room.meeting_id.clone(), place: Some(place), room: spoken }
        })
        .collect()
}

/// What to send to see whether a target can be reached.
pub fn sample(settings: &Settings) -> Room {
    let name = settings.rooms.first().map(|room| room.name.clone());
    let site = &settings.site;
    let dashboard = (!site.base_url.is_empty()).then(|| format!("{}{}", site.base_url, site.path));
    Room { name, dashboard, join: None }
}
