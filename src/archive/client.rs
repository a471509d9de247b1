//! A connection to MongoDB, made when it is first needed.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use mongodb::bson::raw::RawDocumentBuf;
use mongodb::error::{Error, ErrorKind};
use mongodb::options::ClientOptions;
use mongodb::{Client, Collection};
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::config;

/// How long to look for a server; the driver's default of 30 s is too long.
const SELECTION_TIMEOUT: Duration = Duration::from_millis(1500);

/// How long to wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How often to check each server.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(2);

/// How long to wait for a task; a longer one goes on alone, and its client is not used again.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);

/// MongoDB's code for an action that the user is not allowed.
const UNAUTHORIZED: i32 = 13;

/// The collection of events. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Archive {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    settings: config::Archive,
    runtime: Handle,
    /// `None` before the first use, and after a call without answer.
    client: Mutex<Option<Client>>,
}

impl Archive {
    /// The archive of `settings`; its driver runs on `runtime`. Does not connect yet.
    pub fn new(settings: &config::Archive, runtime: Handle) -> Self {
        let settings = settings.clone();
        let shared = Shared { settings, runtime, client: Mutex::new(None) };
        Self { shared: Arc::new(shared) }
    }

    /// The address without user and password.
    pub fn address(&self) -> &str {
        let url = self.shared.settings.url.reveal();
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let hosts = rest.split(['/', '?']).next().unwrap_or_default();
        hosts.rsplit_once('@').map_or(hosts, |(_, hosts)| hosts)
    }

    /// The runtime of its driver.
    pub fn runtime(&self) -> &Handle {
        &self.shared.runtime
    }

    /// Runs `work` in a task of its own, and waits for it for a limited time.
    ///
    /// # Errors
    ///
    /// The work failed, or there was no answer in time; then the work goes on.
    pub async fn call<T, F>(&self, work: impl FnOnce(Collection<RawDocumentBuf>) -> F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let collection = self.collection().await?;
        let task = self.shared.runtime.spawn(work(collection));
        match timeout(CALL_TIMEOUT, task).await {
            Ok(done) => done.context("a task of the archive panicked")?.map_err(explained),
            Err(_) => {
                *self.shared.client.lock().await = None;
                Err(anyhow!("no answer for {} s", CALL_TIMEOUT.as_secs()))
            }
        }
        .with_context(|| format!("MongoDB at `{}`", self.address()))
    }

    /// The collection; connects if there is no connection yet.
    pub async fn collection(&self) -> Result<Collection<RawDocumentBuf>> {
        let settings = &self.shared.settings;
        let mut client = self.shared.client.lock().await;
        let client = match &mut *client {
            Some(client) => client,
            none => none.insert(self.connect().await?),
        };
        Ok(client.database(&settings.database).collection(&settings.collection))
    }

    async fn connect(&self) -> Result<Client> {
        let url = self.shared.settings.url.reveal().to_owned();
        let connecting = self.shared.runtime.spawn(async move {
            let mut options = ClientOptions::parse(&url).await?;
            options.app_name.get_or_insert_with(|| "lookout".to_owned());
            options.server_selection_timeout.get_or_insert(SELECTION_TIMEOUT);
            options.connect_timeout.get_or_insert(CONNECT_TIMEOUT);
            options.heartbeat_freq.get_or_insert(HEARTBEAT_INTERVAL);
            Client::with_options(options)
        });
        connecting.await.context("a task of the archive panicked")?.map_err(|error| {
            match *error.kind {
                // The driver quotes the address, which may hold a password.
                ErrorKind::InvalidArgument { .. } => {
                    anyhow!("`archive.url` is not an address that MongoDB's driver understands")
                }
                _ => explained(error.into()),
            }
        })
    }
}

/// Replaces an error of the driver by a sentence: its own text shows the whole topology.
fn explained(error: anyhow::Error) -> anyhow::Error {
    let Some(cause) = error.downcast_ref::<Error>() else { return error };
    match &*cause.kind {
        ErrorKind::ServerSelection { .. } => anyhow!("no server that could be used was found"),
        ErrorKind::Authentication { message, .. } => {
            anyhow!("{}; correct `archive.url`", message.trim_end_matches('.'))
        }
        ErrorKind::Command(refused) if refused.code == UNAUTHORIZED => {
            anyhow!("{}; name a user with the role `readWrite` in `archive.url`", refused.message)
        }
        ErrorKind::Command(refused) => anyhow!("{} ({})", refused.message, refused.code_name),
        ErrorKind::Io(io) => anyhow!("{io}"),
        ErrorKind::ConnectionPoolCleared { .. } => anyhow!("the connection was lost"),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Acknowledge, Secret};

    #[tokio::test]
    async fn the_address_is_shown_without_its_password() {
        #[rustfmt::skip]
        let cases = [
            // what is special     address                                          shown
            ("nobody named",       "mongodb://127.0.0.1:27017",                     "127.0.0.1:27017"),
            ("user and password",  "mongodb://ada:hush@db.example/?replicaSet=rs0", "db.example"),
            ("several servers",    "mongodb://ada:hush@a.example,b.example",        "a.example,b.example"),
            ("an `@` in it",       "mongodb://ada:hu@sh@db.example?w=1",            "db.example"),
            ("looked up",          "mongodb+srv://ada:hush@db.example/",            "db.example"),
        ];
        for (what, url, shown) in cases {
            let settings = config::Archive {
                url: Secret::new(url).expect("not empty"),
                database: "a".to_owned(),
                collection: "b".to_owned(),
                acknowledge: Acknowledge::Journal,
            };
            let archive = Archive::new(&settings, Handle::current());
            assert_eq!(archive.address(), shown, "{what}");
            assert!(!format!("{archive:?}").contains("hush"), "{what}");
        }
    }
}
