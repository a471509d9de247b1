//! A log of years: what `serve` and `build` need of memory and time.

use std::io::{BufWriter, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use lookout::time::clock;

use crate::client::{deliveries, send, some_room};
use crate::proof::{Length, in_ms, shown};
use crate::resources::{Cost, cost, memory_mib, peak_memory_mib};
use crate::simulate::{Pace, Plan, Probabilities, RoomPlan, Story};
use crate::support::Lookout;

/// A past that a journal holds.
struct Past {
    events: usize,
    people: usize,
    days: i64,
}

/// What it cost.
struct Found {
    serve_mib: u64,
    build: Duration,
    told: String,
}

/// What `build` may take where nothing is new, and the page 500 people.
const BUILD: Duration = Duration::from_millis(30);

pub fn hundred_thousand(_: Length) -> String {
    let Found { serve_mib, build, told } = Past { events: 100_000, people: 500, days: 50 }.cost();
    assert!(serve_mib <= 40, "`serve` needs more than 40 MiB: {told}");
    assert!(build <= BUILD, "`build` takes more than {}: {told}", in_ms(BUILD));
    told
}

pub fn ten_million(length: Length) -> String {
    // So few that all of them come in the last twentieth: the table has everybody who ever came.
    let people = length.pick(1_000, 10_000);
    let long = Past { events: length.pick(300_000, 10_000_000), people, days: 3 * 365 };
    let Found { serve_mib, build, told } = long.cost();
    // As many people in the table, and as much going on, so that what differs is the log.
    let short = Past { events: long.events / 20, days: long.days / 20, ..long };
    let lookout = Lookout::new();
    short.fill(&lookout);
    let short = build_cost(&lookout).time;
    let found = format!("{told}; `build` with a log of the last twentieth {}", in_ms(short));
    assert!(serve_mib <= 120, "`serve` needs more than 120 MiB: {found}");
    assert!(build <= short * 3 / 2, "`build` takes the longer the longer the log is: {found}");
    found
}

/// The cost of `build` where nothing is new, one of the middle by time.
fn build_cost(lookout: &Lookout) -> Cost {
    cost(lookout, &["-q", "build"]);
    let mut builds: Vec<Cost> = (0..7).map(|_| cost(lookout, &["-q", "build"])).collect();
    builds.sort_by_key(|build| build.time);
    builds.swap_remove(3)
}

impl Past {
    fn cost(&self) -> Found {
        let mut lookout = Lookout::new();
        let filled = self.fill(&lookout);
        let journal_mb =
            lookout.path("data/lookout.db").metadata().expect("it is there").len() / 1_000_000;
        let replayed = cost(&lookout, &["-q", "build", "--replay"]);
        let build = build_cost(&lookout);

        lookout.serve();
        let some = deliveries(1, some_room(), 2_000);
        let answers = send(lookout.public(), some, Duration::from_millis(5));
        assert!(answers.are_all_acknowledgements(), "it goes on: {}", lookout.log());
        let at_rest = memory_mib(lookout.id());
        let serve_mib = peak_memory_mib(lookout.id());
        let told = format!(
            "{} events of {} people in {} days: imported in {}, journal {journal_mb} MB; `build --replay` {}, {} MiB; \
             `build` with its store {}, {} MiB; `serve`, with 2,000 more, {serve_mib} MiB at most, {at_rest} MiB then",
            self.events,
            self.people,
            self.days,
            shown(filled),
            shown(replayed.time),
            replayed.memory_mib,
            in_ms(build.time),
            build.memory_mib,
        );
        Found { serve_mib, build: build.time, told }
    }

    /// Imports it.
    fn fill(&self, lookout: &Lookout) -> Duration {
        let begun = Instant::now();
        let mut command = lookout.command(&["-q", "import", "-"]);
        let mut import = command.stdin(Stdio::piped()).spawn().expect("the program starts");
        let mut lines = BufWriter::new(import.stdin.take().expect("it is piped"));
        for delivery in self.story().take(self.events) {
            writeln!(lines, "{}", delivery.body).expect("it reads");
        }
        drop(lines);
        assert!(import.wait().expect("it ends").success(), "`import` failed");
        begun.elapsed()
    }

    /// Ends about now.
    fn story(&self) -> Story {
        let days = usize::try_from(self.days).expect("it is positive");
        Story::new(Plan {
            seed: 1,
            people: self.people,
            rooms: RoomPlan::invented(1),
            start: clock::now().plus(-self.days * 86_400),
            already_in: 0,
            pace: Pace::Daily { deliveries: self.events / days },
            probabilities: Probabilities::REALISTIC,
        })
    }
}
