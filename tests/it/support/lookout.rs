//! A real `lookout`: the program itself, in a directory of its own, on ports of its own.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use lookout::config::Secret;
use lookout::zoom::signature::sign;
use tempfile::TempDir;

use super::log::Log;
use super::{Reply, Request};

pub const SECRET: &str = "the-tests-sign-with-this";
pub const WEBHOOK: &str = "/webhooks/zoom";

/// Nothing a test waits for takes nearly so long, also on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// An installation of Lookout in a temporary directory, running or not.
pub struct Lookout {
    pub dir: TempDir,
    /// What is run: the program, or something that runs it.
    program: Vec<OsString>,
    running: Option<Running>,
}

struct Running {
    child: Child,
    public: Option<SocketAddr>,
    admin: Option<SocketAddr>,
    log: Log,
}

impl Lookout {
    /// Publishes everybody, in UTC.
    pub fn new() -> Self {
        Self::with_settings("[privacy]\npublish = [\"*\"]\n")
    }

    /// With more settings than the secret and free ports.
    pub fn with_settings(more: &str) -> Self {
        let dir = TempDir::new().expect("a temporary directory");
        let zoom = format!("[zoom]\nsecret_token = \"{SECRET}\"\nlisten = \"127.0.0.1:0\"\n");
        let settings = format!("{zoom}[admin]\nlisten = \"127.0.0.1:0\"\n{more}");
        fs::write(dir.path().join("lookout.toml"), settings).expect("written");
        Self { dir, program: vec![program().into()], running: None }
    }

    /// From now on another program is run: `command`, which may be one that runs Lookout.
    pub fn run_instead(&mut self, command: Vec<OsString>) {
        self.program = command;
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    /// The program with these arguments, in this directory, with a clean environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program[0]);
        command
            .args(&self.program[1..])
            .args(arguments)
            .current_dir(self.dir.path())
            .env_clear()
            .stdin(Stdio::null());
        command
    }

    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program starts")
    }

    /// Runs it and expects success; returns stdout.
    #[track_caller]
    pub fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?} failed: {stderr}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Starts `serve` and waits until it listens.
    #[track_caller]
    pub fn serve(&mut self) -> &mut Self {
        self.serve_with(&[])
    }

    /// The same with `options`.
    #[track_caller]
    pub fn serve_with(&mut self, options: &[&str]) -> &mut Self {
        let (child, mut log) = self.start(&[options, &["serve"]].concat());
        let public = Some(log.address_after("the site is at"));
        let admin = Some(log.address_after("health and metrics are at"));
        self.running = Some(Running { child, public, admin, log });
        self
    }

    /// Starts `intake` and waits until it listens.
    #[track_caller]
    pub fn intake(&mut self) {
        let (child, mut log) = self.start(&["intake"]);
        let public = Some(log.address_after("deliveries are taken at"));
        let admin = Some(log.address_after("health and metrics are at"));
        self.running = Some(Running { child, public, admin, log });
    }

    /// Starts `serve` and waits for nothing.
    pub fn begin_to_serve(&mut self) {
        let (child, log) = self.start(&["serve"]);
        self.running = Some(Running { child, public: None, admin: None, log });
    }

    /// Starts `intake` and waits for nothing.
    pub fn begin_intake(&mut self) {
        let (child, log) = self.start(&["intake"]);
        self.running = Some(Running { child, public: None, admin: None, log });
    }

    /// Starts `watch`.
    pub fn watch(&mut self) {
        let (child, log) = self.start(&["watch"]);
        self.running = Some(Running { child, public: None, admin: None, log });
    }

    /// Starts `watch` with a preview; returns its address.
    #[track_caller]
    pub fn watch_previewed(&mut self) -> SocketAddr {
        let (child, mut log) = self.start(&["watch", "--preview", "127.0.0.1:0"]);
        let address = log.address_after("the preview is at");
        self.running = Some(Running { child, public: None, admin: None, log });
        address
    }

    /// Starts `notify`.
    pub fn notify(&mut self) {
        let (child, log) = self.start(&["notify"]);
        self.running = Some(Running { child, public: None, admin: None, log });
    }

    fn start(&self, arguments: &[&str]) -> (Child, Log) {
        let mut command = self.command(arguments);
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("the program starts");
        let log = Log::of(child.stderr.take().expect("it is piped"));
        (child, log)
    }

    /// From now on `serve` listens where it does now, also after a restart.
    pub fn keep_address(&self) {
        self.listen_on(self.public());
    }

    /// From now on `serve` listens there.
    pub fn listen_on(&self, address: SocketAddr) {
        let path = self.path("lookout.toml");
        let settings = fs::read_to_string(&path).expect("readable");
        let fixed = settings.replacen("127.0.0.1:0", &address.to_string(), 1);
        fs::write(path, fixed).expect("written");
    }

    /// From now on `zoom.path` is `path`.
    pub fn set_webhook(&self, path: &str) {
        let file = self.path("lookout.toml");
        let settings = fs::read_to_string(&file).expect("readable");
        let changed = settings.replacen("[zoom]\n", &format!("[zoom]\npath = \"{path}\"\n"), 1);
        fs::write(file, changed).expect("written");
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("`serve` was started")
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.running().child.id()
    }

    pub fn public(&self) -> SocketAddr {
        self.running().public.expect("it takes deliveries")
    }

    pub fn admin(&self) -> SocketAddr {
        self.running().admin.expect("it tells its health")
    }

    /// What it logged since it listens, as far as it is there.
    pub fn log(&self) -> String {
        self.running().log.news()
    }

    /// Waits until it logs `text`; returns what it logged since it was asked last.
    #[track_caller]
    pub fn wait_for_log(&self, text: &str) -> String {
        let mut log = String::new();
        let is_there = until(|| {
            log += &self.log();
            log.push('\n');
            log.contains(text)
        });
        assert!(is_there, "it never logged `{text}`, only:\n{log}");
        log
    }

    /// Waits until the first comparison for each chat, which announces nothing.
    #[track_caller]
    pub fn wait_for_chats(&self) {
        self.wait_for_check(|said| said.contains("chat 1") && !said.contains("sends a sample"));
    }

    /// Waits until `check` says what is wanted.
    #[track_caller]
    pub fn wait_for_check(&self, is_wanted: impl Fn(&str) -> bool) {
        let mut said = String::new();
        let is_there = until(|| {
            said = String::from_utf8_lossy(&self.run(&["check"]).stdout).into_owned();
            is_wanted(&said)
        });
        assert!(is_there, "`check` goes on to say\n{said}\nand the log\n{}", self.log());
    }

    /// Posts `body`, signed as Zoom does, now.
    #[track_caller]
    pub fn deliver(&self, body: &[u8]) -> Reply {
        signed(WEBHOOK, body, now()).send(self.public())
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Reply {
        Request::get(path).send(self.public())
    }

    /// What its metrics say of `name`.
    #[track_caller]
    pub fn metric(&self, name: &str) -> u64 {
        let metrics = Request::get("/metrics").send(self.admin()).text();
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name}: {metrics}"))
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        let running = self.running.as_mut().expect("it was started");
        running.child.try_wait().expect("it can be asked").is_some()
    }

    /// Ends it as the power would.
    pub fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.child.kill().expect("it can be killed");
            running.child.wait().expect("it ends");
        }
    }

    /// Ends it as the system would; returns its log.
    #[track_caller]
    pub fn stop(&mut self) -> String {
        let pid = self.id().to_string();
        let mut running = self.running.take().expect("it runs");
        let killed = Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs");
        assert!(killed.success());
        let status = running.child.wait().expect("it ends");
        let log = running.log.whole();
        assert!(status.success(), "it ended with {status}: {log}");
        log
    }

    /// Waits until `path` below the site holds what `wanted` wants.
    #[track_caller]
    pub fn wait_for(&self, path: &str, wanted: impl Fn(&str) -> bool) -> String {
        let path = self.path("site").join(path);
        let mut found = String::new();
        let there = until(|| {
            found = fs::read_to_string(&path).unwrap_or_default();
            wanted(&found)
        });
        assert!(there, "`{}` stayed\n{found}", path.display());
        found
    }

    pub fn csv(&self) -> String {
        fs::read_to_string(self.path("site/_data/zoom-room-dashboard.csv")).unwrap_or_default()
    }

    /// All published files with their bytes.
    pub fn site(&self) -> Vec<(PathBuf, Vec<u8>)> {
        files(&self.path("site"))
    }

    /// The lines of `export` with `options`, in alphabetical order.
    #[track_caller]
    pub fn exported_lines(&self, options: &[&str]) -> Vec<String> {
        let exported = self.ok(&[&["export"], options].concat());
        let mut lines: Vec<_> = exported.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    }

    /// The keys of all events, each once or the test fails.
    #[track_caller]
    pub fn exported_keys(&self) -> BTreeSet<String> {
        self.exported_keys_with(&[])
    }

    /// The same, with `options` of `export`.
    #[track_caller]
    pub fn exported_keys_with(&self, options: &[&str]) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        for line in self.ok(&[&["export"], options].concat()).lines() {
            let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
            let key = line["lookout"]["key"].as_str().expect("a key").to_owned();
            assert!(keys.insert(key), "an event is there twice");
        }
        keys
    }
}

impl Drop for Lookout {
    fn drop(&mut self) {
        if let Some(mut running) = self.running.take() {
            drop(running.child.kill());
            drop(running.child.wait());
        }
    }
}

/// The program that was built with the tests, or the one that `tests/prove.sh` names.
pub fn program() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "it is no setting of the program")]
    let named = std::env::var_os("LOOKOUT_PROGRAM");
    named.map_or_else(|| env!("CARGO_BIN_EXE_lookout").into(), PathBuf::from)
}

/// A delivery signed at `seconds`.
pub fn signed<'a>(path: &'a str, body: &'a [u8], seconds: i64) -> Request<'a> {
    let secret = Secret::new(SECRET).expect("not empty");
    let timestamp = seconds.to_string();
    let signature = sign(&secret, &timestamp, body);
    Request::post(path, body)
        .header("content-type", "application/json")
        .header("x-zm-request-timestamp", timestamp)
        .header("x-zm-signature", signature)
        .header("x-zm-request-id", "test-request")
}

pub fn now() -> i64 {
    lookout::time::clock::now().seconds()
}

/// Whether `condition` came true in time.
pub fn until(mut condition: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if condition() {
            return true;
        }
        thread::sleep(Duration::from_millis(10));
    }
    false
}

/// Whether `attempt` takes less than `limit`: the best of five counts, because the machine may be
/// busy with something else during any of them.
pub fn is_quick(limit: Duration, mut attempt: impl FnMut()) -> bool {
    (0..5).any(|_| {
        let begun = Instant::now();
        attempt();
        begun.elapsed() < limit
    })
}

/// All files below `dir` but the hidden ones, in order.
pub fn files(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let visible = |entry: &walkdir::DirEntry| !entry.file_name().to_string_lossy().starts_with('.');
    walkdir::WalkDir::new(dir)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || visible(entry))
        .map(|entry| entry.expect("readable"))
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let path = entry.path().strip_prefix(dir).expect("below").to_owned();
            (path, fs::read(entry.path()).expect("readable"))
        })
        .collect()
}
