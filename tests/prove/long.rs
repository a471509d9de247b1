//! A log of years: what `serve` and `build` need of memory and time.

use std::io::{BufWriter, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use lookout::clock;
use lookout::simulate::{Odds, Pace, Plan, RoomPlan, Story};

use crate::client::{deliveries, send, some_room};
use crate::proof::{Length, in_ms, shown};
use crate::resources::{Cost, cost, memory_mib, peak_memory_mib};
use crate::support::Lookout;

/// A past that a journal holds.
struct Past {
    events: usize,
    people: usize,
    days: i64,
}

/// What it may cost.
struct Limits {
    serve_mib: u64,
    build: Duration,
}

pub fn ten_million(length: Length) -> String {
    let past = Past { events: length.pick(300_000, 10_000_000), people: 10_000, days: 3 * 365 };
    past.cost(&Limits { serve_mib: 120, build: Duration::from_millis(30) })
}

pub fn hundred_thousand(_: Length) -> String {
    let past = Past { events: 100_000, people: 500, days: 50 };
    past.cost(&Limits { serve_mib: 40, build: Duration::from_millis(30) })
}

impl Past {
    fn cost(&self, limits: &Limits) -> String {
        let mut lookout = Lookout::new();
        let filled = self.fill(&lookout);
        let journal_mb =
            lookout.path("data/lookout.db").metadata().expect("it is there").len() / 1_000_000;
        let replayed = cost(&lookout, &["-q", "build", "--replay"]);
        let mut builds: Vec<Cost> = (0..6).map(|_| cost(&lookout, &["-q", "build"])).collect();
        builds.sort_by_key(|build| build.time);
        let build = &builds[builds.len() / 2];

        lookout.serve();
        let some = deliveries(1, some_room(), 2_000);
        let answers = send(lookout.public(), some, Duration::from_millis(5));
        assert!(answers.are_all_acknowledgements(), "it goes on: {}", lookout.log());
        let at_rest = memory_mib(lookout.id());
        let most = peak_memory_mib(lookout.id());
        let found = format!(
            "{} events of {} people in {} days: imported in {}, journal {journal_mb} MB; `build --replay` {}, {} MiB; \
             `build` with its checkpoint {}, {} MiB; `serve`, with 2,000 more, {most} MiB at most, {at_rest} MiB then",
            self.events,
            self.people,
            self.days,
            shown(filled),
            shown(replayed.time),
            replayed.memory_mib,
            in_ms(build.time),
            build.memory_mib,
        );
        assert!(
            most <= limits.serve_mib,
            "`serve` needs more than {} MiB: {found}",
            limits.serve_mib
        );
        assert!(
            build.time <= limits.build,
            "`build` takes more than {}: {found}",
            in_ms(limits.build)
        );
        found
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
            odds: Odds::REALISTIC,
        })
    }
}
