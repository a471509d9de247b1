//! A real MongoDB server, alone or as one of a replica set, ended with the test.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use mongodb::bson::{Document, doc};
use mongodb::options::{Acknowledgment, IndexOptions, ReadConcern, WriteConcern};
use mongodb::{Client, Collection, IndexModel};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::lookout::until;
use super::nginx::free_address;

/// Servers are heavy: only one test at a time has any.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

type Turn = MutexGuard<'static, ()>;

fn wait_for_turn() -> Turn {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A server with a directory of its own.
pub struct Mongod {
    pub address: SocketAddr,
    dir: TempDir,
    replica_set: Option<&'static str>,
    asks_who: bool,
    child: Option<Child>,
    runtime: Runtime,
    /// Given back when the server has ended.
    _turn: Option<Turn>,
}

impl Mongod {
    /// A server that stands alone.
    #[track_caller]
    pub fn alone() -> Self {
        let turn = wait_for_turn();
        let mut server = Self::start(None);
        server._turn = Some(turn);
        server
    }

    /// A server that stands alone and asks who one is: `users` with a role each, or none, and
    /// the password `hush`.
    #[track_caller]
    pub fn with_users(users: &[(&str, &str)]) -> Self {
        let mut server = Self::alone();
        for (user, role) in users {
            let roles = Some(role).filter(|role| !role.is_empty());
            let roles: Vec<_> =
                roles.map(|role| doc! { "role": role, "db": "zoomEvents" }).into_iter().collect();
            let create = doc! { "createUser": user, "pwd": "hush", "roles": roles, "writeConcern": { "w": 1, "j": true } };
            server.try_admin(create).expect("made");
        }
        server.kill();
        server.asks_who = true;
        server.run();
        server
    }

    /// The address with `user`, such as `ada:hush@`.
    pub fn url_of(&self, user: &str) -> String {
        format!("mongodb://{user}{}/?authSource=admin", self.address)
    }

    #[track_caller]
    fn start(replica_set: Option<&'static str>) -> Self {
        let dir = TempDir::new().expect("a temporary directory");
        let runtime = Runtime::new().expect("it starts");
        let mut server = Self {
            address: free_address(),
            dir,
            replica_set,
            asks_who: false,
            child: None,
            runtime,
            _turn: None,
        };
        server.run();
        server
    }

    /// Starts it, or starts it again with what it had.
    #[track_caller]
    pub fn run(&mut self) {
        let program = program();
        assert!(
            program.exists(),
            "`{}` is missing; tests/scripts/install.sh installs it",
            program.display()
        );
        let mut command = Command::new(program);
        command.arg("--dbpath").arg(self.dir.path());
        command.args(["--bind_ip", "127.0.0.1", "--port", &self.address.port().to_string()]);
        command.args(["--nounixsocket", "--wiredTigerCacheSizeGB", "0.25", "--quiet"]);
        command.args(["--setParameter", "diagnosticDataCollectionEnabled=false"]);
        if let Some(name) = self.replica_set {
            command.args(["--replSet", name, "--oplogSize", "64"]);
        }
        if self.asks_who {
            command.arg("--auth");
        }
        let log = fs::File::create(self.dir.path().join("log")).expect("created");
        let child = command.stdin(Stdio::null()).stdout(log).stderr(Stdio::null()).spawn();
        self.child = Some(child.expect("mongod starts"));
        let is_up = until(|| self.try_admin(doc! { "ping": 1 }).is_ok());
        assert!(is_up, "mongod does not answer: {}", self.log());
    }

    /// Ends it as the power would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("it can be killed");
            child.wait().expect("it ends");
        }
    }

    /// Kills it, copies what it has, and starts it again.
    pub fn back_up(&mut self) -> TempDir {
        self.kill();
        let backup = TempDir::new().expect("a temporary directory");
        copy(self.dir.path(), backup.path());
        self.run();
        backup
    }

    /// Kills it, and starts it again with what it had when `backup` was made.
    pub fn restore(&mut self, backup: &TempDir) {
        self.kill();
        self.dir = TempDir::new().expect("a temporary directory");
        copy(backup.path(), self.dir.path());
        self.run();
    }

    pub fn is_running(&self) -> bool {
        self.child.is_some()
    }

    /// The settings of an archive here.
    pub fn settings(&self) -> String {
        settings(&format!("mongodb://{}", self.address))
    }

    /// The events, as a driver sees them.
    pub fn events(&self) -> Events {
        Events::at(&format!("mongodb://{}/?directConnection=true", self.address))
    }

    /// What the server answers to a command.
    pub fn try_admin(&self, command: Document) -> mongodb::error::Result<Document> {
        let url = format!(
            "mongodb://{}/?directConnection=true&serverSelectionTimeoutMS=500",
            self.address
        );
        self.runtime.block_on(async {
            Client::with_uri_str(url).await?.database("admin").run_command(command).await
        })
    }

    fn log(&self) -> String {
        let log = fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
        log.lines().rev().take(5).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Mongod {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A replica set of three on this machine.
pub struct ReplicaSet {
    pub members: Vec<Mongod>,
    /// Given back when the members have ended.
    _turn: Turn,
}

impl ReplicaSet {
    const NAME: &'static str = "rs0";

    #[track_caller]
    pub fn of_three() -> Self {
        let turn = wait_for_turn();
        let members: Vec<_> = (0..3).map(|_| Mongod::start(Some(Self::NAME))).collect();
        let hosts: Vec<_> = (0_i32..)
            .zip(&members)
            .map(|(id, member)| doc! { "_id": id, "host": member.address.to_string() })
            .collect();
        // Elections at a tenth of the usual pace: the tests wait for many.
        let pace = doc! { "electionTimeoutMillis": 1000, "heartbeatIntervalMillis": 200 };
        let config = doc! { "_id": Self::NAME, "members": hosts, "settings": pace };
        members[0].try_admin(doc! { "replSetInitiate": config }).expect("it takes the members");
        let set = Self { members, _turn: turn };
        set.primary();
        set
    }

    /// The address of the set, all its members named.
    pub fn url(&self) -> String {
        let hosts: Vec<_> = self.members.iter().map(|m| m.address.to_string()).collect();
        format!("mongodb://{}/?replicaSet={}", hosts.join(","), Self::NAME)
    }

    pub fn settings(&self) -> String {
        settings(&self.url())
    }

    pub fn events(&self) -> Events {
        Events::at(&self.url())
    }

    /// Which member is the primary, waiting for one.
    #[track_caller]
    pub fn primary(&self) -> usize {
        let mut found = None;
        let is_primary = |member: &Mongod| {
            let hello = member.is_running().then(|| member.try_admin(doc! { "hello": 1 }));
            hello.is_some_and(|hello| {
                hello.is_ok_and(|it| it.get_bool("isWritablePrimary").unwrap_or(false))
            })
        };
        let elected = until(|| {
            found = self.members.iter().position(is_primary);
            found.is_some()
        });
        assert!(elected, "there is no primary");
        found.expect("it was elected")
    }
}

/// The collection of events, looked at by somebody else than Lookout.
pub struct Events {
    collection: Collection<Document>,
    runtime: Runtime,
}

impl Events {
    fn at(url: &str) -> Self {
        let runtime = Runtime::new().expect("it starts");
        let client = runtime.block_on(Client::with_uri_str(url)).expect("an address");
        Self { collection: client.database("zoomEvents").collection("events"), runtime }
    }

    #[track_caller]
    pub fn insert(&self, documents: Vec<Document>) {
        let inserted =
            self.runtime.block_on(async { self.collection.insert_many(documents).await });
        inserted.expect("inserted");
    }

    #[track_caller]
    pub fn count(&self, filter: Document) -> u64 {
        let counted =
            self.runtime.block_on(async { self.collection.count_documents(filter).await });
        counted.expect("counted")
    }

    /// How many events of the one journal that ships are noted as shipped.
    #[track_caller]
    pub fn noted_as_shipped(&self) -> i64 {
        let notes: Collection<Document> =
            self.collection.client().database("zoomEvents").collection("events.shipped");
        let note = self.runtime.block_on(async { notes.find_one(doc! {}).await });
        note.expect("looked up").map_or(0, |note| note.get_i64("event").expect("a number"))
    }

    /// All documents, in the order of their making.
    #[track_caller]
    pub fn all(&self) -> Vec<Document> {
        self.all_of(&self.collection)
    }

    /// All that is kept with leases.
    #[track_caller]
    pub fn leases(&self) -> Vec<Document> {
        self.all_of(&self.collection.client().database("zoomEvents").collection("lookout_leases"))
    }

    #[track_caller]
    fn all_of(&self, collection: &Collection<Document>) -> Vec<Document> {
        let find = async {
            let mut cursor = collection.find(doc! {}).sort(doc! { "_id": 1 }).await?;
            let mut all = Vec::new();
            while cursor.advance().await? {
                all.push(cursor.deserialize_current()?);
            }
            mongodb::error::Result::Ok(all)
        };
        self.runtime.block_on(find).expect("found")
    }

    /// Drops the collection.
    #[track_caller]
    pub fn drop_all(&self) {
        self.runtime.block_on(async { self.collection.drop().await }).expect("dropped");
    }

    /// The keys of all events that a majority has, each once or the test fails.
    #[track_caller]
    pub fn majority_keys(&self) -> BTreeSet<String> {
        let majority = WriteConcern::builder().w(Acknowledgment::Majority).build();
        let client = self.collection.client();
        let elsewhere: Collection<Document> = client.database("tests").collection("barrier");
        let find = async {
            // What a new primary knows that a majority has is old until a majority has more.
            elsewhere.insert_one(doc! {}).write_concern(majority).await?;
            let find = self.collection.find(doc! {}).projection(doc! { "lookout.key": 1 });
            let mut cursor = find.read_concern(ReadConcern::majority()).await?;
            let mut keys = Vec::new();
            while cursor.advance().await? {
                let lookout = cursor.current().get_document("lookout").expect("ours");
                keys.push(lookout.get_str("key").expect("a key").to_owned());
            }
            mongodb::error::Result::Ok(keys)
        };
        let keys = self.runtime.block_on(find).expect("found");
        let (count, keys) = (keys.len(), BTreeSet::from_iter(keys));
        assert_eq!(keys.len(), count, "an event is there twice");
        keys
    }

    /// Does what the guide says is to be done before sharding.
    #[track_caller]
    pub fn make_ready_to_shard(&self) {
        let key = doc! { "$concat": ["old-", { "$toString": "$_id" }] };
        let give_key = vec![doc! { "$set": { "lookout.key": key } }];
        let without = doc! { "lookout.key": { "$exists": false } };
        let unique = IndexOptions::builder().unique(true).name("shard".to_owned()).build();
        let index = IndexModel::builder().keys(doc! { "lookout.key": 1 }).options(unique).build();
        let prepare = async {
            self.collection.update_many(without, give_key).await?;
            self.collection.create_index(index).await
        };
        self.runtime.block_on(prepare).expect("prepared");
    }

    /// The names of the indexes.
    #[track_caller]
    pub fn indexes(&self) -> Vec<String> {
        let names = self.runtime.block_on(async { self.collection.list_index_names().await });
        names.expect("listed")
    }
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status();
    assert!(copied.expect("cp runs").success());
}

/// The settings of an archive at `url`, with everybody published.
pub fn settings(url: &str) -> String {
    format!("[privacy]\npublish = [\"*\"]\n[archive]\nurl = \"{url}\"\n")
}

fn program() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it is in `target`");
    target.join("mongod/fiftyone/db/bin/mongod")
}
