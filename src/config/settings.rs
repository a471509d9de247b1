//! The settings as types.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use palette::Srgb;

use super::access::Credential;
use super::emoji::Emoji;
use super::faces::Faces;
use super::notify::Notify;
use super::people::{HideList, Person, PublishList};
use super::problem::SettingsError;
use super::slug::Slug;
use super::zones::ZoneRules;
use crate::time::zone::Zone;
use crate::types::{Name, Secret};
use crate::words::Language;
use crate::zoom::Redaction;

/// Everything an operator can set, with relative paths already resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The published site.
    pub site: Site,
    /// The table that Jekyll reads.
    pub csv: Csv,
    /// Zoom and the webhook endpoint.
    pub zoom: Zoom,
    /// How to ask Zoom's API, if it may be asked.
    pub zoom_api: Option<ZoomApi>,
    /// The local log of events.
    pub journal: Journal,
    /// The shared archive, if there is one.
    pub archive: Option<Archive>,
    /// Who may appear.
    pub privacy: Privacy,
    /// How presence is derived.
    pub presence: Presence,
    /// The rooms that are shown; none: every meeting counts as one room.
    pub rooms: Vec<Room>,
    /// People with several names.
    pub people: Vec<Person>,
    /// Their faces.
    pub faces: Faces,
    /// The chats that receive notifications.
    pub notify: Vec<Notify>,
    /// Health and metrics.
    pub admin: Admin,
    /// The sources of the settings.
    pub origin: Origin,
}

/// How long the journal keeps archived events by default.
const KEEP_ARCHIVED: Duration = Duration::from_secs(30 * 86_400);

impl Settings {
    /// How long events are kept in the journal; `None`: for ever.
    pub fn keep_events(&self) -> Option<Duration> {
        self.journal.keep.or(self.archive.as_ref().map(|_| KEEP_ARCHIVED))
    }

    /// The keys to remove from deliveries before they are stored. Telephone numbers in the settings are
    /// spared: they are not secret, and names are matched with them.
    pub fn redaction(&self) -> Redaction {
        let published = match &self.privacy.publish {
            PublishList::Everybody => None,
            PublishList::Only(names) => Some(names),
        };
        let people = self.people.iter().flat_map(Person::all_names);
        let named = published.into_iter().flatten().chain(people);
        let numbers = named.filter(|name| name.telephone_mask().is_some());
        Redaction {
            keys: self.privacy.drop_fields.clone(),
            spared: numbers.map(|name| name.comparable().into_owned()).collect(),
        }
    }

    /// An error: a command can't use `section`.
    pub fn refuse(&self, section: &str, problem: &str) -> SettingsError {
        let file = self.origin.file.as_ref().map(|file| format!("{}: ", file.display()));
        SettingsError::of(format!("{}`{section}`", file.unwrap_or_default()), problem)
    }

    /// Fails if the secret token is missing: with an empty key, anybody could sign.
    pub fn require_secret(&self) -> Result<(), SettingsError> {
        if self.zoom.secret_tokens.is_empty() {
            let problem = self.origin.secret.problem();
            return Err(SettingsError::of("zoom.secret_token", problem));
        }
        Ok(())
    }
}

/// The sources of settings.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Origin {
    /// The settings file, if there is one.
    pub file: Option<PathBuf>,
    /// The source of the secret token.
    pub secret: SecretSource,
    /// All files that hold secrets, as the settings name them.
    pub secret_files: Vec<PathBuf>,
    /// Keys of archive and chats whose secret is in the settings file itself, such as `notify.url`.
    pub inline_secrets: Vec<String>,
    /// The rules of `site.time_zone`.
    pub zone_rules: ZoneRules,
}

/// The source of the secret token.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum SecretSource {
    /// It is not set.
    #[default]
    Unset,
    /// `zoom.secret_token` in the settings file.
    Settings,
    /// `zoom.secret_token` in the environment.
    Environment,
    /// `zoom.secret_token_file`.
    File(PathBuf),
    /// `zoom.secret_token_file`, which this user can't read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's error.
        why: String,
    },
}

impl SecretSource {
    /// The file of the token, if the source is a file.
    pub fn file(&self) -> Option<&PathBuf> {
        match self {
            Self::File(path) | Self::Unreadable { path, .. } => Some(path),
            Self::Unset | Self::Settings | Self::Environment => None,
        }
    }

    /// Why the secret is missing, and what to do.
    pub fn problem(&self) -> String {
        match self {
            Self::Unset | Self::Settings | Self::Environment => {
                "is empty, so anybody could sign; copy your app's Secret Token \
                (marketplace.zoom.us, Features, Access) into `zoom.secret_token` or the file \
                named by `zoom.secret_token_file`"
                    .to_owned()
            }
            Self::File(path) => {
                format!("`{}` is empty; put the app's Secret Token into it", path.display())
            }
            Self::Unreadable { path, why } => format!(
                "can't read `{}`: {why}; correct `zoom.secret_token_file` or the file's owner and mode",
                path.display()
            ),
        }
    }
}

/// `[site]`
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// The page's title.
    pub title: String,
    /// The directory that nginx serves.
    pub output_dir: PathBuf,
    /// The dashboard's path under the web root; begins and ends with `/`.
    pub path: String,
    /// Scheme and host, such as `https://example.org`, without a slash at the end; empty if unknown.
    pub base_url: String,
    /// The zone in which times are written.
    pub time_zone: Zone,
    /// The language of the page and of messages to chats, with its words.
    pub language: Language,
    /// Files here replace built-in templates of the same name.
    pub templates_dir: PathBuf,
    /// Files here are copied to the site, replacing built-in ones of the same name.
    pub static_dir: PathBuf,
    /// The colour of links, buttons and charts; `None`: those of the style sheets.
    pub accent: Option<Srgb<u8>>,
    /// The picture above each page: a file of `static_dir`.
    pub logo: Option<String>,
    /// Whether search engines may list what is published.
    pub index: bool,
}

/// `[csv]`
#[derive(Debug, Clone, PartialEq)]
pub struct Csv {
    /// Below the output directory, with `/` between its parts.
    pub path: String,
    /// Further files with the same content.
    pub copies: Vec<PathBuf>,
}

/// `[zoom]`
#[derive(Debug, Clone, PartialEq)]
pub struct Zoom {
    /// The app's secret token; several during a rotation, none if it is not set.
    pub secret_tokens: Vec<Secret>,
    /// Where the intake listens.
    pub listen: SocketAddr,
    /// The webhook's path.
    pub path: String,
    /// How far a delivery's timestamp may be from our clock.
    pub tolerance: Duration,
    /// The maximum size of a body, in bytes.
    pub max_body: usize,
}

impl Zoom {
    /// The paths at which deliveries are accepted: with and without a slash at the end,
    /// because Zoom never follows a redirect from one to the other.
    pub fn paths(&self) -> [String; 2] {
        let path = self.path.trim_end_matches('/');
        [path.to_owned(), format!("{path}/")]
    }
}

/// `[zoom.api]`
#[derive(Debug, Clone, PartialEq)]
pub struct ZoomApi {
    /// The account's id.
    pub account_id: String,
    /// The app's id.
    pub client_id: String,
    /// The app's secret.
    pub client_secret: Credential,
    /// Where tokens are given out, such as `https://zoom.us`, without a slash at the end.
    pub server: String,
}

/// `[journal]`
#[derive(Debug, Clone, PartialEq)]
pub struct Journal {
    /// The SQLite file; the store of presence lies beside it.
    pub path: PathBuf,
    /// How long bodies are kept; `None`: for ever, or 30 days once they are in an archive.
    pub keep: Option<Duration>,
    /// How long quarantined deliveries are kept.
    pub keep_quarantined: Duration,
}

/// `[archive]`
#[derive(Debug, Clone, PartialEq)]
pub struct Archive {
    /// The address of MongoDB; it may contain a password.
    pub url: Secret,
    /// The database.
    pub database: String,
    /// The collection of events.
    pub collection: String,
    /// When Zoom is answered.
    pub acknowledge: Acknowledge,
}

/// What has to store an event before Zoom gets its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acknowledge {
    /// The journal on this machine's disk.
    Journal,
    /// Also a majority of the archive's members.
    Archive,
}

/// `[privacy]`
#[derive(Debug, Clone, PartialEq)]
pub struct Privacy {
    /// Whose names may appear.
    pub publish: PublishList,
    /// Whose names never appear, whatever is published.
    pub hide: HideList,
    /// What pages say about everybody else.
    pub others: Others,
    /// Keys removed at any depth before anything is stored.
    pub drop_fields: Vec<String>,
}

impl Privacy {
    /// Whether the person shown as `name` may appear: hiding wins over publishing.
    pub fn allows(&self, name: &Name) -> bool {
        self.publish.allows(name) && !self.hide.names(name)
    }

    /// Whether `privacy.publish` has `name` itself, and nothing hides it.
    pub fn names(&self, name: &Name) -> bool {
        self.publish.names(name) && !self.hide.names(name)
    }
}

/// What pages say about people who are present but not published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// Nothing.
    Hidden,
    /// How many there are now, nothing else.
    Counted,
    /// How many people without a name there are now; nothing about hidden people. No setting has
    /// this value: it is for chats that name everybody else.
    OnlyNameless,
}

/// `[presence]`
#[derive(Debug, Clone, PartialEq)]
pub struct Presence {
    /// When a silent meeting no longer shows people as present.
    pub stale_after: StaleAfter,
}

/// When a meeting counts as over without an event that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaleAfter {
    /// After this time without an event.
    Silence(Duration),
    /// Never, for a room that is always open.
    Never,
}

/// One of `[[rooms]]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Room {
    /// Zoom's meeting number, digits only.
    pub meeting_id: String,
    /// The name shown.
    pub name: String,
    /// The room's path below the dashboard.
    pub slug: Slug,
    /// The link to join; empty if there is none.
    pub join_url: String,
    /// The emoji before the name.
    pub icon: Option<Emoji>,
    /// A line below the name.
    pub subtitle: Option<String>,
    /// Its own `presence.stale_after`, if it has one.
    pub stale_after: Option<StaleAfter>,
}

/// `[admin]`
#[derive(Debug, Clone, PartialEq)]
pub struct Admin {
    /// Where health and metrics are served.
    pub listen: SocketAddr,
}
