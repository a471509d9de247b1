//! The chats of the settings, with all that is needed to send to them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use reqwest::Url;
use sha2::{Digest, Sha256};

use crate::config::access::{Access, Bot, Credential, Webhook};
use crate::config::notify::{Chat, Form, Names, Notify, NotifyEvent};
use crate::config::{Others, Person, Privacy, PublishList, Secret, Settings};
use crate::notify::client::ChatClient;
use crate::notify::difference::{Rules, WatchedRoom};
use crate::notify::encoder::{Encoder, Service, WebhookSettings};
use crate::notify::message::RoomInfo;
use crate::notify::timing::Timing;
use crate::zoom::Name;

/// One `[[notify]]` of the settings.
#[derive(Clone)]
pub struct Target {
    /// How logs and errors name it.
    pub label: Label,
    /// Identifies it across restarts; a hash, so that it does not reveal the URL.
    pub id: String,
    /// Which rooms and events it reports.
    pub rules: Rules,
    /// The preferred endpoint, and perhaps one that replaces it when it is refused.
    pub endpoints: Vec<Endpoint>,
}

/// A webhook or a bot of a target.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Whether it edits posts, so that it can have cards.
    pub can_edit: bool,
    /// Encodes messages and cards.
    pub encoder: Encoder,
    /// Sends them.
    pub client: ChatClient,
}

/// How logs and errors name a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Its position among all `[[notify]]`, from 1.
    pub number: usize,
    /// The kind of chat.
    pub chat: Chat,
    /// Its server; empty if unknown.
    pub host: String,
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, chat, host } = self;
        write!(f, "{number} ({}", chat.word())?;
        if !host.is_empty() {
            write!(f, " at {host}")?;
        }
        f.write_str(")")
    }
}

/// A target that can't be used as the settings and templates define it.
#[derive(Debug)]
pub struct BrokenTarget {
    /// How logs and errors name it.
    pub label: Label,
    /// What is wrong.
    pub error: anyhow::Error,
    /// Its id and rules, unless these are broken.
    pub identified: Option<Box<(String, Rules)>>,
    /// Its endpoints with the built-in templates, if only the operator's templates are broken.
    pub builtin_endpoints: Option<Vec<Endpoint>>,
}

/// What replaces broken templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    /// The templates that the target had before.
    PreviousTemplates,
    /// The built-in templates.
    BuiltinTemplates,
}

impl Target {
    /// All targets of `settings`, in their order.
    pub fn all(settings: &Settings, timing: Timing) -> Vec<Result<Self, BrokenTarget>> {
        // Two targets may have the same URL, for other rooms or events.
        let mut counts = BTreeMap::new();
        (1..)
            .zip(&settings.notify)
            .map(|(number, notify)| Self::load(number, notify, settings, timing, &mut counts))
            .collect()
    }

    fn load(
        number: usize,
        notify: &Notify,
        settings: &Settings,
        timing: Timing,
        counts: &mut BTreeMap<String, usize>,
    ) -> Result<Self, BrokenTarget> {
        let label = label(number, notify);
        let identity = match identity(notify) {
            Ok(identity) => identity,
            Err(error) => {
                let (identified, builtin_endpoints) = (None, None);
                return Err(BrokenTarget { label, error, identified, builtin_endpoints });
            }
        };
        let count = counts.entry(identity.clone()).or_default();
        let id = hash(&format!("{identity}\0{count}"));
        *count += 1;
        let rules = rules(notify, settings, timing);
        match endpoints(notify, settings, timing, Encoder::load) {
            Ok(endpoints) => Ok(Self { label, id, rules, endpoints }),
            Err(error) => {
                let builtin = |service, settings: &_| Ok(Encoder::builtin(service, settings));
                let builtin_endpoints = endpoints(notify, settings, timing, builtin).ok();
                let identified = Some(Box::new((id, rules)));
                Err(BrokenTarget { label, error, identified, builtin_endpoints })
            }
        }
    }
}

impl BrokenTarget {
    /// The target with its new rules, and with the endpoints that it has in `before` or those with
    /// the built-in templates; and the error. So new privacy settings apply at once, even while a
    /// template is broken.
    ///
    /// # Errors
    ///
    /// `before` does not have it, and more than a template is broken.
    pub fn with_fallback(
        self,
        before: &[Arc<Target>],
    ) -> Result<(Target, Fallback, anyhow::Error), Self> {
        let id = self.identified.as_ref().map(|identified| &identified.0);
        let previous = before.iter().find(|target| Some(&target.id) == id);
        let (endpoints, fallback) = match (previous, &self.builtin_endpoints) {
            (Some(target), _) => (target.endpoints.clone(), Fallback::PreviousTemplates),
            (None, Some(endpoints)) => (endpoints.clone(), Fallback::BuiltinTemplates),
            (None, None) => return Err(self),
        };
        let Self { label, error, identified: Some(identified), .. } = self else {
            return Err(self);
        };
        let (id, rules) = *identified;
        Ok((Target { label, id, rules, endpoints }, fallback, error))
    }
}

fn label(number: usize, notify: &Notify) -> Label {
    let host = notify.access.first().and_then(|access| match access {
        Access::MattermostBot(bot) | Access::SlackBot(bot) => host(&bot.server),
        Access::Telegram(telegram) => host(&telegram.server),
        Access::Ntfy(ntfy) => host(&ntfy.server),
        _ => host(address(access)?.get().ok()?.reveal()),
    });
    Label { number, chat: notify.kind, host: host.unwrap_or_default() }
}

fn host(url: &str) -> Option<String> {
    Url::parse(url).ok()?.host_str().map(str::to_owned)
}

/// The address of a webhook.
fn address(access: &Access) -> Option<&Credential> {
    match access {
        Access::MattermostWebhook(address)
        | Access::SlackWebhook(address)
        | Access::DiscordWebhook(address) => Some(address),
        Access::Webhook(webhook) => Some(&webhook.url),
        Access::MattermostBot(_) | Access::SlackBot(_) => None,
        Access::Telegram(_) | Access::Ntfy(_) => None,
    }
}

/// Stays the same when the settings of a target change, and differs between targets.
fn identity(notify: &Notify) -> Result<String> {
    let place = match notify.access.first() {
        None => String::new(),
        Some(Access::MattermostBot(bot) | Access::SlackBot(bot)) => {
            format!("{}\0{}", bot.server, bot.channel)
        }
        Some(Access::Telegram(it)) => {
            format!("{}\0{}\0{}", it.server, it.chat, it.thread.unwrap_or_default())
        }
        Some(Access::Ntfy(ntfy)) => format!("{}\0{}", ntfy.server, ntfy.topic),
        Some(access) => match address(access) {
            Some(address) => reveal(address, "url")?.reveal().to_owned(),
            None => String::new(),
        },
    };
    Ok(hash(&format!("{}\0{place}", notify.kind.word())))
}

/// Half of a SHA-256: a URL with a random token cannot be found from it.
fn hash(text: &str) -> String {
    hex::encode(&Sha256::digest(text)[..16])
}

fn reveal<'a>(credential: &'a Credential, key: &str) -> Result<&'a Secret> {
    credential.get().map_err(|why| anyhow!("`notify.{key}_file`, {why}"))
}

fn endpoints(
    notify: &Notify,
    settings: &Settings,
    timing: Timing,
    encoder: impl Fn(Service, &Settings) -> Result<Encoder>,
) -> Result<Vec<Endpoint>> {
    let endpoint = |access: &Access| {
        let service = service(access)?;
        let client = ChatClient::new(service.clone(), timing.request_timeout)?;
        let encoder = encoder(service, settings)?.mentioning(notify.mention.clone());
        Ok(Endpoint { can_edit: access.can_edit(), encoder, client })
    };
    notify.access.iter().map(endpoint).collect()
}

fn service(access: &Access) -> Result<Service> {
    match access {
        Access::MattermostWebhook(address) => Service::mattermost_webhook(reveal(address, "url")?),
        Access::MattermostBot(Bot { token, server, channel }) => {
            Service::mattermost_bot(server, reveal(token, "bot_token")?, channel)
        }
        Access::SlackWebhook(address) => Service::slack_webhook(reveal(address, "url")?),
        Access::SlackBot(Bot { token, server, channel }) => {
            Service::slack_bot(server, reveal(token, "bot_token")?, channel)
        }
        Access::DiscordWebhook(address) => Service::discord_webhook(reveal(address, "url")?),
        Access::Telegram(telegram) => {
            Service::telegram(telegram, reveal(&telegram.token, "bot_token")?)
        }
        Access::Ntfy(ntfy) => {
            let token = ntfy.token.as_ref().map(|token| reveal(token, "token"));
            Service::ntfy(ntfy, token.transpose()?)
        }
        Access::Webhook(settings) => webhook(settings),
    }
}

fn webhook(settings: &Webhook) -> Result<Service> {
    let Webhook { url, method, headers, body, success, secret } = settings;
    let headers: Result<_> = headers.iter().map(|header| reveal(header, "headers")).collect();
    let key = secret.as_ref().map(|secret| reveal(secret, "secret")).transpose()?;
    let (url, headers) = (reveal(url, "url")?, headers?);
    Service::webhook(&WebhookSettings { url, method, headers, body, success, key })
}

fn rules(notify: &Notify, settings: &Settings, timing: Timing) -> Rules {
    let privacy = match notify.names {
        Names::Published => settings.privacy.clone(),
        Names::All => everybody_but_hidden(&settings.privacy),
    };
    let is_wanted = |event: &NotifyEvent| {
        !(notify.only_first && matches!(event, NotifyEvent::Joined | NotifyEvent::Left))
    };
    Rules {
        rooms: watched_rooms(notify, settings),
        events: notify.events.iter().copied().filter(is_wanted).collect(),
        privacy,
        quiet: notify.quiet.map(|quiet| (quiet, settings.site.time_zone.clone())),
        people: notify.people.clone(),
        known: known_names(settings),
        has_cards: notify.form == Form::Card,
        debounce_s: timing.debounce_s,
        debounce_max_s: timing.debounce_max_s,
    }
}

/// The names that the settings publish or give to people, [comparable](Name::comparable).
fn known_names(settings: &Settings) -> BTreeSet<Name> {
    let published = match &settings.privacy.publish {
        PublishList::Everybody => None,
        PublishList::Only(names) => Some(names),
    };
    let people = settings.people.iter().flat_map(Person::known_names);
    let names = published.into_iter().flatten().chain(people);
    names.map(|name| name.comparable().into_owned()).collect()
}

/// The rules of a chat that names everybody. Hidden people stay hidden; they are counted only if the
/// pages count others.
fn everybody_but_hidden(privacy: &Privacy) -> Privacy {
    Privacy {
        publish: PublishList::Everybody,
        hide: privacy.hide.clone(),
        others: match privacy.others {
            Others::Counted => Others::Counted,
            Others::Hidden | Others::OnlyNameless => Others::OnlyNameless,
        },
        drop_fields: Vec::new(),
    }
}

fn watched_rooms(notify: &Notify, settings: &Settings) -> Vec<WatchedRoom> {
    let site = &settings.site;
    let url = |below: &str| {
        (!site.base_url.is_empty()).then(|| format!("{}{}{below}", site.base_url, site.path))
    };
    if settings.rooms.is_empty() {
        let info = RoomInfo { name: None, dashboard: url(""), join: None };
        return vec![WatchedRoom { number: String::new(), index: None, info }];
    }
    let has_pages = settings.rooms.len() > 1;
    let rooms = settings.rooms.iter().enumerate();
    let wanted = |number: &String| notify.rooms.is_empty() || notify.rooms.contains(number);
    rooms
        .filter(|(_, room)| wanted(&room.meeting_id))
        .map(|(index, room)| {
            let page = if has_pages { format!("{}/", room.slug) } else { String::new() };
            let join = (!room.join_url.is_empty()).then(|| room.join_url.clone());
            let info = RoomInfo { name: Some(room.name.clone()), dashboard: url(&page), join };
            WatchedRoom { number: room.meeting_id.clone(), index: Some(index), info }
        })
        .collect()
}

/// The room that a test message names.
pub fn sample_room(settings: &Settings) -> RoomInfo {
    let name = settings.rooms.first().map(|room| room.name.clone());
    let site = &settings.site;
    let dashboard = (!site.base_url.is_empty()).then(|| format!("{}{}", site.base_url, site.path));
    RoomInfo { name, dashboard, join: None }
}
