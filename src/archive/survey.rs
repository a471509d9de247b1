//! What an operator wants to know of an archive.

use anyhow::Result;
use mongodb::bson::raw::RawDocumentBuf;
use mongodb::bson::{Bson, Document, doc};
use mongodb::{Collection, Namespace};
use std::time::Duration;

use crate::archive::client::identity;
use crate::archive::{Archive, NOTE, document, indexes, progress};
use crate::time::moment::Moment;

/// A query that only tells more is given up after so long.
const CURIOSITY: Duration = Duration::from_secs(5);

/// What the program has to be allowed to do with the events and with its notes.
const ACTIONS: [&str; 6] = ["find", "insert", "update", "remove", "createIndex", "listIndexes"];

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// The server's version.
    pub version: String,
    /// The replica set's name and the number of its members; `None` for a server alone.
    pub replica_set: Option<(String, usize)>,
    /// The server's clock.
    pub server_time: Moment,
    /// Actions that the user is not allowed.
    pub forbidden: Vec<&'static str>,
    /// Indexes that are not there yet.
    pub missing_indexes: Vec<&'static str>,
    /// How many documents there are, about.
    pub documents: u64,
    /// Those of an older set-up.
    pub old: Old,
}

/// Documents of an older set-up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Old {
    /// How many there are, about.
    pub count: u64,
    /// The time of the first and of the last one, where that was quickly found.
    pub span: Option<(Moment, Moment)>,
}

/// Looks at everything.
pub async fn survey(archive: &Archive) -> Result<Survey> {
    archive.call(|collection| async move { look(&collection).await }).await
}

async fn look(collection: &Collection<RawDocumentBuf>) -> Result<Survey> {
    let admin = collection.client().database("admin");
    let hello = admin.run_command(doc! { "hello": 1 }).await?;
    let build = admin.run_command(doc! { "buildInfo": 1 }).await?;
    let status = doc! { "connectionStatus": 1, "showPrivileges": true };
    let status = admin.run_command(status).await?;
    let forbidden = forbidden(&status, collection);
    let may_look = !forbidden.contains(&"find");
    let is_there = may_look && identity(collection).await?.is_some();
    let documents = if is_there { collection.estimated_document_count().await? } else { 0 };
    let names = if is_there { collection.list_index_names().await? } else { Vec::new() };
    let server_time = hello.get_datetime("localTime")?.timestamp_millis();
    let missing = |name: &&str| !names.iter().any(|there| there == name);
    Ok(Survey {
        version: build.get_str("version")?.to_owned(),
        replica_set: hello.get_str("setName").ok().map(|name| {
            let members = hello.get_array("hosts").map_or(0, Vec::len);
            (name.to_owned(), members)
        }),
        server_time: Moment::from_millis(server_time),
        forbidden,
        missing_indexes: indexes::NAMES.into_iter().filter(missing).collect(),
        documents,
        old: if is_there { old(collection, documents).await? } else { Old::default() },
    })
}

/// The actions that no privilege of the user covers. Without access control, none.
fn forbidden(status: &Document, collection: &Collection<RawDocumentBuf>) -> Vec<&'static str> {
    let Ok(info) = status.get_document("authInfo") else { return Vec::new() };
    let list = |key| info.get_array(key).map_or(&[][..], Vec::as_slice);
    if list("authenticatedUsers").is_empty() {
        return Vec::new();
    }
    let privileges = list("authenticatedUserPrivileges");
    let allowed = |namespace: &Namespace| -> Vec<&str> {
        let privileges = privileges.iter().filter_map(Bson::as_document);
        let covering = privileges.filter(|privilege| covers(privilege, namespace));
        let actions = covering.filter_map(|privilege| privilege.get_array("actions").ok());
        actions.flatten().filter_map(Bson::as_str).collect()
    };
    let events = collection.namespace();
    let (with_events, with_notes) = (allowed(&events), allowed(&progress::namespace(&events)));
    let is_forbidden =
        |action: &&str| !with_events.contains(action) || !with_notes.contains(action);
    ACTIONS.into_iter().filter(is_forbidden).collect()
}

/// Whether a privilege is about a namespace.
fn covers(privilege: &Document, namespace: &Namespace) -> bool {
    let Ok(resource) = privilege.get_document("resource") else { return false };
    let is = |key, name: &str| {
        resource.get_str(key).is_ok_and(|there| there.is_empty() || there == name)
    };
    resource.get_bool("anyResource").unwrap_or(false)
        || (is("db", &namespace.db) && is("collection", &namespace.coll))
}

async fn old(collection: &Collection<RawDocumentBuf>, documents: u64) -> Result<Old> {
    // Counting ours goes by an index; counting the others would read everything.
    let ours = collection.count_documents(doc! { indexes::KEY: { "$exists": true } });
    let ours = ours.max_time(CURIOSITY).await?;
    let notes = collection.find_one(doc! { "_id": NOTE }).await?.iter().len() as u64;
    let count = documents.saturating_sub(ours + notes);
    if count == 0 {
        return Ok(Old::default());
    }
    let end = |direction: i32| async move {
        let find = collection.find_one(doc! { "lookout": { "$exists": false } });
        let found = find.sort(doc! { "_id": direction }).max_time(CURIOSITY).await.ok()??;
        Some(document::fact_time(&found))
    };
    let span = match (end(1).await.flatten(), end(-1).await.flatten()) {
        (Some(first), Some(last)) => Some((first, last)),
        _ => None,
    };
    Ok(Old { count, span })
}
