//! The evening of `tests/fixtures/deliveries`, folded in any order, gives the table that a reader expects.

use std::fs;
use std::path::PathBuf;

use lookout::roster::{Person, Roster, Rules};
use lookout::simulate::Rng;
use lookout::time::moment::Moment;
use lookout::zoom::{Event, understand};

use crate::support::Lookout;

/// The moment of `expected.csv`.
const AS_OF: &str = "2026-03-14T23:00:00Z";

/// When everything is received: long after the evening, as that may never matter.
const RECEIVED_MS: i64 = 1_800_000_000_000;

/// Set to the seed of a run that failed, this repeats it.
const SEED: &str = "LOOKOUT_TEST_SEED";

/// The seed that is asked for, or another one in each run.
fn seed() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "it is no setting of the program")]
    let wanted = std::env::var(SEED);
    wanted.map_or_else(
        |_| lookout::time::clock::now_ms().unsigned_abs(),
        |seed| seed.parse().expect("a number"),
    )
}

fn deliveries() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/deliveries")
}

fn evening() -> Vec<Event> {
    let mut bodies = bodies();
    bodies.sort();
    let text = |body| String::from_utf8(body).expect("deliveries are UTF-8");
    bodies.into_iter().map(|(_, body)| understand(&text(body), RECEIVED_MS)).collect()
}

/// Name, whether in, Last Join, Last Left.
type Row = (String, bool, String, String);

/// The rows of `expected.csv`, with names as they are and times as in the guide.
fn expected() -> Vec<Row> {
    let path = deliveries().join("expected.csv");
    let mut reader = csv::Reader::from_path(path).expect("it is there");
    let row = |record: csv::StringRecord| {
        let entities =
            [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
        let name =
            entities.iter().fold(record[0].to_owned(), |name, (from, to)| name.replace(from, to));
        (name, record[1].contains("toggle-on"), record[2].to_owned(), record[3].to_owned())
    };
    reader.records().map(|record| row(record.expect("it is CSV"))).collect()
}

fn rows(events: &[Event]) -> Vec<Row> {
    let now = Moment::parse_rfc3339(AS_OF).expect("it is RFC 3339");
    let mut roster = Roster::new();
    for event in events.iter().filter(|event| event.at <= now) {
        roster.apply(event);
    }
    let rules = Rules { stale_after: 12 * 3600, ..Rules::default() };
    let mut people = roster.presence(&rules, now).people;
    people.sort_by(|a, b| b.last_action().cmp(&a.last_action()).then_with(|| a.name.cmp(&b.name)));
    people.iter().map(row).collect()
}

fn row(person: &Person) -> Row {
    let cell = |moment: Option<Moment>| {
        let text = moment.map(|moment| moment.to_string().replace('T', "-").replace('Z', ""));
        text.unwrap_or_else(|| "N/A".to_owned())
    };
    let name = person.name.as_str().to_owned();
    (name, person.present_since.is_some(), cell(person.last_join), cell(person.last_left))
}

#[test]
fn the_evening_gives_the_expected_table_in_any_order() {
    let expected = expected();
    let mut events = evening();
    for round in 0..200_usize {
        let rows = rows(&events);
        for (row, expected) in rows.iter().zip(&expected) {
            assert_eq!(row, expected, "round {round}");
        }
        assert_eq!(rows.len(), expected.len(), "round {round}");
        // Another order each time: a fixed walk that swaps each event with some other.
        let count = events.len();
        for place in 0..count {
            events.swap(place, (place * 7 + round * 31 + place * round) % count);
        }
    }
}

#[test]
fn the_evening_posted_in_random_order_gives_the_expected_page() {
    let mut lookout = Lookout::new();
    lookout.serve();
    let seed = seed();
    println!("repeat this order with {SEED}={seed}");
    let mut bodies = bodies();
    // Directories list their files in any order.
    bodies.sort();
    let mut rng = Rng::new(seed);
    for place in (1..bodies.len()).rev() {
        bodies.swap(place, rng.below(place + 1));
    }
    for (name, body) in &bodies {
        let expected = if name.starts_with("endpoint.url_validation") { 200 } else { 204 };
        assert_eq!(lookout.deliver(body).status, expected, "{name}");
    }
    lookout.stop();
    lookout.ok(&["build", "--at", AS_OF]);
    let expected = fs::read_to_string(deliveries().join("expected.csv")).expect("it is there");
    assert_eq!(lookout.csv(), expected, "posted in the order of {SEED}={seed}");
    let page = fs::read_to_string(lookout.path("site/lookout/index.html")).expect("a page");
    let online = expected.matches("toggle-on").count();
    assert_eq!(page.matches(r#"<td class="in">"#).count(), online, "{page}");
    for private in ["198.51.100.", "203.0.113.", "@example.", "passcode"] {
        assert!(!page.contains(private), "`{private}` is on the page");
    }
    let stored = lookout.ok(&["export"]);
    for dropped in
        ["public_ip", "\"email\"", "host_email", "message_content", "download_token", "12025550143"]
    {
        assert!(!stored.contains(dropped), "`{dropped}` is in the journal");
    }
}

/// Every delivery of the evening: the file's name, and its bytes.
pub fn bodies() -> Vec<(String, Vec<u8>)> {
    let files = fs::read_dir(deliveries()).expect("the directory is there");
    let paths = files.map(|file| file.expect("it can be read").path());
    let json = paths.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    json.map(|path| (name(&path), fs::read(path).expect("it can be read"))).collect()
}
