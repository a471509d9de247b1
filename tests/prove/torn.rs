//! Visitors behind a real nginx, while the site is published over and over and publishers are
//! killed: every answer is a whole file of one of the editions.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use flate2::read::GzDecoder;
use lookout::simulate::Rng;
use lookout::time::moment::Moment;
use rustls::{ClientConnection, StreamOwned};

use crate::disk::left_over;
use crate::proof::Length;
use crate::simulate::{Pace, Plan, Probabilities, RoomPlan, Story};
use crate::support::Lookout;
use crate::support::lookout::files;
use crate::support::nginx::{HOST, Nginx, PAGES, free_address};

/// So many directories are published into: one alone takes a new edition a second.
const DIRECTORIES: usize = 60;
const PUBLISHERS: usize = 2;
const VISITORS: usize = 2;

/// A visitor waits so long between two requests: publishers need the processor, too.
const PAUSE: Duration = Duration::from_micros(500);

/// The editions: as of so many moments, each in two styles.
const MOMENTS: usize = 8;
const STYLES: [&str; 2] = ["lookout.toml", "other-style.toml"];
const EDITIONS: usize = MOMENTS * STYLES.len();

/// When the story begins: 2026-01-05T18:00:00Z.
const BEGIN: Moment = Moment::from_seconds(1_767_636_000);

/// A publisher lives at most so long before it is killed.
const LIFE: Duration = Duration::from_millis(60);

pub fn hunt(length: Length) -> String {
    let (publications, kills) = length.pick((200, 20), (10_000, 500));
    let hunt = Hunt::prepare();
    let printed = ["print", "nginx", "--pages", PAGES, "--resolver", "127.0.0.1"];
    // These are few visitors in the place of many.
    let printed = hunt.lookout.ok(&printed).replace("rate=50r/s", "rate=100000r/s");
    let nginx = Nginx::start(&printed);
    let seen = thread::scope(|scope| {
        let visitors: Vec<_> = (0..VISITORS)
            .map(|visitor| {
                let (hunt, nginx) = (&hunt, &nginx);
                scope.spawn(move || hunt.visit(nginx, &mut Rng::new(visitor as u64)))
            })
            .collect();
        let publishers: Vec<_> = (0..PUBLISHERS)
            .map(|publisher| {
                let hunt = &hunt;
                scope.spawn(move || hunt.publish(publisher, publications, kills))
            })
            .collect();
        let outcomes: Vec<_> = publishers.into_iter().map(|publisher| publisher.join()).collect();
        hunt.is_over.store(true, Ordering::Relaxed);
        assert!(outcomes.iter().all(Result::is_ok), "a publication failed");
        let seen = visitors.into_iter().map(|visitor| visitor.join().expect("no panic"));
        seen.fold(Seen::default(), Seen::and)
    });
    let first = seen.faults.first();
    assert!(first.is_none(), "{} faults, such as {first:?}: {}", seen.faults.len(), nginx.errors());
    hunt.check_the_end();
    format!(
        "{} publications and {} publishers killed meanwhile: of {} answers to visitors ({} compressed, {} assets \
         that pages named) 0 torn, 0 not found; 0 files left over",
        hunt.published.load(Ordering::Relaxed),
        hunt.killed.load(Ordering::Relaxed),
        seen.answers,
        seen.compressed,
        seen.assets
    )
}

/// Everything that visitors and publishers share.
struct Hunt {
    lookout: Lookout,
    /// The file that belongs to each path, in each edition.
    editions: BTreeMap<PathBuf, BTreeSet<Vec<u8>>>,
    published: AtomicUsize,
    killed: AtomicUsize,
    is_over: AtomicBool,
}

/// What visitors saw.
#[derive(Default)]
struct Seen {
    answers: usize,
    compressed: usize,
    assets: usize,
    faults: BTreeSet<String>,
}

impl Seen {
    fn and(mut self, other: Self) -> Self {
        self.answers += other.answers;
        self.compressed += other.compressed;
        self.assets += other.assets;
        self.faults.extend(other.faults);
        self
    }
}

impl Hunt {
    /// Imports a story, and makes each edition once to know it, and every directory's first one.
    fn prepare() -> Self {
        let settings =
            format!("[privacy]\npublish = [\"*\"]\n[site]\nbase_url = \"https://{HOST}\"\n");
        let lookout = Lookout::with_settings(&settings);
        lookout.listen_on(free_address());
        let plan = Plan {
            seed: 1,
            people: 30,
            rooms: RoomPlan::invented(1),
            start: BEGIN,
            already_in: 10,
            pace: Pace::Rate { per_1000_s: 100 },
            probabilities: Probabilities::REALISTIC,
        };
        let story = Story::new(plan).take(800).map(|delivery| delivery.body + "\n");
        fs::write(lookout.path("story.jsonl"), story.collect::<String>()).expect("written");
        lookout.ok(&["-q", "import", "story.jsonl"]);
        let settings = fs::read_to_string(lookout.path("lookout.toml")).expect("readable");
        let other = settings.replace("[site]\n", "[site]\nstatic_dir = \"other-style\"\n");
        fs::write(lookout.path(STYLES[1]), other).expect("written");
        let style = fs::read_to_string("static/style.css").expect("readable");
        fs::create_dir(lookout.path("other-style")).expect("made");
        fs::write(lookout.path("other-style/style.css"), style + "/* otherwise */\n")
            .expect("written");

        let mut editions: BTreeMap<PathBuf, BTreeSet<Vec<u8>>> = BTreeMap::new();
        for edition in 0..EDITIONS {
            let directory = format!("edition-{edition}");
            let ended = build(&lookout, edition, &directory).wait().expect("it ends");
            assert!(ended.success(), "an edition cannot be made");
            for (path, bytes) in files(&lookout.path(&directory)) {
                editions.entry(path).or_default().insert(bytes);
            }
        }
        let page = &editions[Path::new("lookout/index.html")];
        assert_eq!(page.len(), EDITIONS, "the editions differ");
        let hunt = Self {
            lookout,
            editions,
            published: AtomicUsize::new(0),
            killed: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
        };
        (0..DIRECTORIES).for_each(|directory| hunt.publish_whole(directory, directory % EDITIONS));
        hunt
    }

    /// Publishes into every other directory, and kills some publishers.
    fn publish(&self, publisher: usize, publications: usize, kills: usize) {
        let mut rng = Rng::new(100 + publisher as u64);
        let mine = (publisher..DIRECTORIES).step_by(PUBLISHERS).cycle();
        for directory in mine {
            let (published, killed) =
                (self.published.load(Ordering::Relaxed), self.killed.load(Ordering::Relaxed));
            if published >= publications && killed >= kills {
                return;
            }
            let edition = rng.below(EDITIONS);
            // Kills keep pace with publications.
            if killed * publications <= published * kills {
                self.kill_one(directory, edition, &mut rng);
            }
            self.publish_whole(directory, edition);
            self.published.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[track_caller]
    fn publish_whole(&self, directory: usize, edition: usize) {
        let directory = format!("site/lookout/r{directory}");
        let ended = build(&self.lookout, edition, &directory).wait().expect("it ends");
        assert!(ended.success(), "a publication failed");
    }

    fn kill_one(&self, directory: usize, edition: usize, rng: &mut Rng) {
        let mut publisher = build(&self.lookout, edition, &format!("site/lookout/r{directory}"));
        thread::sleep(Duration::from_micros(rng.below(LIFE.as_micros() as usize) as u64));
        if publisher.try_wait().expect("it can be waited for").is_none() {
            publisher.kill().expect("it can be killed");
            self.killed.fetch_add(1, Ordering::Relaxed);
        }
        publisher.wait().expect("it ends");
    }

    /// Reads whatever there is, until it is over.
    fn visit(&self, nginx: &Nginx, rng: &mut Rng) -> Seen {
        let is_named = |path: &&PathBuf| {
            // Copies come where they are asked for; assets, where a page names them.
            path.extension().is_some_and(|end| end != "gz") && !path.starts_with("lookout/assets")
        };
        let paths: Vec<_> = self.editions.keys().filter(is_named).collect();
        let mut connection = Connection::new(nginx);
        let mut seen = Seen::default();
        while !self.is_over.load(Ordering::Relaxed) {
            thread::sleep(PAUSE);
            let directory = rng.below(DIRECTORIES);
            let path = *rng.pick(&paths);
            let body = self.look(&mut connection, directory, path, rng.below(2) == 1, &mut seen);
            if path.ends_with("index.html") && rng.below(4) == 0 {
                for asset in assets(&String::from_utf8_lossy(&body)) {
                    seen.assets += 1;
                    self.look(
                        &mut connection,
                        directory,
                        &Path::new("lookout").join(asset),
                        false,
                        &mut seen,
                    );
                }
            }
        }
        seen
    }

    /// Asks for a file, and compares what comes with what it is in each edition.
    fn look(
        &self,
        connection: &mut Connection,
        directory: usize,
        path: &Path,
        compressed: bool,
        seen: &mut Seen,
    ) -> Vec<u8> {
        let url = format!("/lookout/r{directory}/{}", path.display());
        let answer = connection.get(url.trim_end_matches("index.html"), compressed);
        seen.answers += 1;
        let Answer { status, is_compressed, body } = answer;
        let body = match is_compressed {
            true => uncompressed(&body).unwrap_or_else(|| b"a torn gzip".to_vec()),
            false => body,
        };
        seen.compressed += usize::from(is_compressed);
        let is_whole = self.editions.get(path).is_some_and(|known| known.contains(&body));
        if status != 200 || !is_whole {
            let begin = String::from_utf8_lossy(&body).chars().take(80).collect::<String>();
            seen.faults.insert(format!("{url}: {status}, {} bytes: {begin}", body.len()));
        }
        body
    }

    /// Once all have come to an end, each directory holds one edition, and nothing else.
    fn check_the_end(&self) {
        let left = left_over(&self.lookout.path("site"));
        assert!(left.is_empty(), "left over: {left:?}");
        for directory in 0..DIRECTORIES {
            for (path, bytes) in files(&self.lookout.path(&format!("site/lookout/r{directory}"))) {
                let known = self.editions.get(&path).is_some_and(|known| known.contains(&bytes));
                assert!(known, "{} in directory {directory} is of no edition", path.display());
            }
        }
    }
}

/// Starts `lookout build` of an edition.
fn build(lookout: &Lookout, edition: usize, directory: &str) -> std::process::Child {
    let moment = BEGIN.plus(900 * (edition / STYLES.len()) as i64 + 600).to_string();
    let style = STYLES[edition % STYLES.len()];
    let arguments = ["-q", "-c", style, "build", "--at", &moment, "--output-dir", directory];
    let mut command = lookout.command(&arguments);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts")
}

/// The assets that a page names.
fn assets(page: &str) -> BTreeSet<String> {
    let named = page.split('"').filter_map(|text| text.strip_prefix("./"));
    named.filter(|path| path.starts_with("assets/")).map(str::to_owned).collect()
}

fn uncompressed(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut whole).ok()?;
    Some(whole)
}

struct Answer {
    status: u16,
    is_compressed: bool,
    body: Vec<u8>,
}

/// A visitor's connection, which is kept open for as long as nginx does.
struct Connection<'a> {
    nginx: &'a Nginx,
    stream: BufReader<StreamOwned<ClientConnection, TcpStream>>,
}

impl<'a> Connection<'a> {
    fn new(nginx: &'a Nginx) -> Self {
        Self { nginx, stream: BufReader::new(nginx.connect()) }
    }

    fn get(&mut self, path: &str, compressed: bool) -> Answer {
        let accepted = if compressed { "accept-encoding: gzip\r\n" } else { "" };
        let request = format!("GET {path} HTTP/1.1\r\nhost: {HOST}\r\n{accepted}\r\n");
        self.stream.get_mut().write_all(request.as_bytes()).expect("nginx listens");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let read = self.stream.read_until(b'\n', &mut head).expect("nginx answers");
            assert!(
                read > 0,
                "nginx closed the connection after {:?}",
                String::from_utf8_lossy(&head)
            );
        }
        let head = String::from_utf8_lossy(&head).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.and_then(|length| length.parse().ok()).unwrap_or(0)];
        self.stream.read_exact(&mut body).expect("the body is as long as was said");
        if head.contains("\r\nconnection: close") || length.is_none() {
            self.stream = BufReader::new(self.nginx.connect());
        }
        Answer {
            status: head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0),
            is_compressed: head.contains("\r\ncontent-encoding: gzip"),
            body,
        }
    }
}
