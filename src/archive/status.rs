//! The status of an archive, for `lookout check`.

use std::time::Duration;

use anyhow::Result;
use mongodb::bson::raw::RawDocumentBuf;
use mongodb::bson::{Bson, Document, doc};
use mongodb::{Collection, Namespace};

use crate::archive::identity::{NOTE, identity};
use crate::archive::{Archive, document, indexes, progress};
use crate::time::moment::Moment;

/// The time limit of queries that are only informative.
const QUERY_TIMEOUT: Duration = Duration::from_secs(5);

/// The actions that the program needs on the collections of events and of notes.
const NEEDED_ACTIONS: [&str; 6] =
    ["find", "insert", "update", "remove", "createIndex", "listIndexes"];

/// What an archive offers, and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The server's version.
    pub version: String,
    /// The replica set's name and the number of its members; `None` for a single server.
    pub replica_set: Option<(String, usize)>,
    /// The server's clock.
    pub server_time: Moment,
    /// Needed actions that the user is not allowed.
    pub forbidden: Vec<&'static str>,
    /// Indexes that do not exist yet.
    pub missing_indexes: Vec<&'static str>,
    /// An estimate of how many documents there are.
    pub documents: u64,
    /// The documents of an older set-up.
    pub old: OldDocuments,
}

/// Documents of an older set-up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OldDocuments {
    /// An estimate of how many there are.
    pub count: u64,
    /// The times of the first and the last one, if a quick query found them.
    pub span: Option<(Moment, Moment)>,
}

/// Queries the archive.
pub async fn status(archive: &Archive) -> Result<Status> {
    archive.call(|collection| async move { query(&collection).await }).await
}

async fn query(collection: &Collection<RawDocumentBuf>) -> Result<Status> {
    let admin = collection.client().database("admin");
    let hello = admin.run_command(doc! { "hello": 1 }).await?;
    let build = admin.run_command(doc! { "buildInfo": 1 }).await?;
    let request = doc! { "connectionStatus": 1, "showPrivileges": true };
    let status = admin.run_command(request).await?;
    let forbidden = forbidden(&status, collection);
    let may_look = !forbidden.contains(&"find");
    let is_there = may_look && identity(collection).await?.is_some();
    let documents = if is_there { collection.estimated_document_count().await? } else { 0 };
    let names = if is_there { collection.list_index_names().await? } else { Vec::new() };
    let server_time = hello.get_datetime("localTime")?.timestamp_millis();
    let missing = |name: &&str| !names.iter().any(|there| there == name);
    Ok(Status {
        version: build.get_str("version")?.to_owned(),
        replica_set: hello.get_str("setName").ok().map(|name| {
            let members = hello.get_array("hosts").map_or(0, Vec::len);
            (name.to_owned(), members)
        }),
        server_time: Moment::from_millis(server_time),
        forbidden,
        missing_indexes: indexes::NAMES.into_iter().filter(missing).collect(),
        documents,
        old: if is_there {
            old_documents(collection, documents).await?
        } else {
            OldDocuments::default()
        },
    })
}

/// The needed actions that the user's privileges do not cover; none without access control.
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
    NEEDED_ACTIONS.into_iter().filter(is_forbidden).collect()
}

/// Whether a privilege applies to a namespace.
fn covers(privilege: &Document, namespace: &Namespace) -> bool {
    let Ok(resource) = privilege.get_document("resource") else { return false };
    let is = |key, name: &str| {
        resource.get_str(key).is_ok_and(|there| there.is_empty() || there == name)
    };
    resource.get_bool("anyResource").unwrap_or(false)
        || (is("db", &namespace.db) && is("collection", &namespace.coll))
}

async fn old_documents(
    collection: &Collection<RawDocumentBuf>,
    documents: u64,
) -> Result<OldDocuments> {
    // Our documents are counted by an index; counting the others would read everything.
    let ours = collection.count_documents(doc! { indexes::KEY: { "$exists": true } });
    let ours = ours.max_time(QUERY_TIMEOUT).await?;
    let notes = collection.find_one(doc! { "_id": NOTE }).await?.iter().len() as u64;
    let count = documents.saturating_sub(ours + notes);
    if count == 0 {
        return Ok(OldDocuments::default());
    }
    let end = |direction: i32| async move {
        let find = collection.find_one(doc! { "lookout": { "$exists": false } });
        let found = find.sort(doc! { "_id": direction }).max_time(QUERY_TIMEOUT).await.ok()??;
        Some(document::fact_time(&found))
    };
    let span = match (end(1).await.flatten(), end(-1).await.flatten()) {
        (Some(first), Some(last)) => Some((first, last)),
        _ => None,
    };
    Ok(OldDocuments { count, span })
}
