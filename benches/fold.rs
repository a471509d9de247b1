//! What the fold costs: 200,000 events of 500 people in three rooms over 35 days.
//!
//! `cargo bench --bench fold`

use std::hint::black_box;

use compact_str::format_compact;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use lookout::roster::{Roster, Rules};
use lookout::store::{LastVisitUpdate, Position, Store};
use lookout::time::moment::Moment;
use lookout::zoom::{Event, Kind, Meeting, Name, Participant};

const EVENTS: u64 = 200_000;
const PEOPLE: u64 = 500;
const DAYS: u64 = 35;
const DAY: u64 = 24 * 60 * 60;
const START: u64 = 1_772_409_600;

fn fold(criterion: &mut Criterion) {
    let events: Vec<Event> = (0..EVENTS).map(event).collect();
    let rules = Rules { stale_after: 12 * 60 * 60, ..Rules::default() };
    let now = moment(DAYS * DAY);
    let directory = tempfile::tempdir().expect("a directory");
    let place = directory.path().join("store");
    let mut store = Store::open(&place).expect("it opens");
    fill(&mut store, &events, now);
    let mut group = criterion.benchmark_group("fold");
    group.sample_size(20);
    group.bench_function("presence", |bencher| {
        bencher.iter(|| store.presence(black_box(&rules), now).expect("it is read"));
    });
    group.bench_function("open", |bencher| {
        bencher.iter(|| {
            let mut store = Store::open(black_box(&place)).expect("it opens");
            store.presence(&rules, now).expect("it is read")
        });
    });
    group.bench_function("one more", |bencher| {
        let mut number = EVENTS;
        bencher.iter(|| {
            number += 1;
            store.take_in(number, &event(number).into(), now).expect("it is read");
            commit(&mut store, LastVisitUpdate::Now);
        });
    });
    group.throughput(Throughput::Elements(EVENTS));
    group.bench_function("fold", |bencher| {
        bencher.iter(|| {
            let mut roster = Roster::new();
            black_box(&events).iter().for_each(|event| roster.apply(event));
            roster
        });
    });
    group.bench_function("fill", |bencher| {
        bencher.iter(|| {
            let mut store = Store::in_memory().expect("it opens");
            fill(&mut store, black_box(&events), now);
        });
    });
    group.finish();
}

fn fill(store: &mut Store, events: &[Event], now: Moment) {
    for (number, event) in (1..).zip(events) {
        store.take_in(number, &event.clone().into(), now).expect("it is read");
        if number % 10_000 == 0 {
            commit(store, LastVisitUpdate::Deferred);
        }
    }
    commit(store, LastVisitUpdate::Now);
}

fn commit(store: &mut Store, last_visits: LastVisitUpdate) {
    store.commit(&Position::default(), last_visits).expect("it is written");
}

/// Each person in turn joins for one round of everybody and stays out for the next.
fn event(number: u64) -> Event {
    let person = number % PEOPLE;
    let round = number / PEOPLE;
    let leg = round / 2 * PEOPLE + person;
    let seconds = number * DAYS * DAY / EVENTS;
    // As Zoom does, a connection is a UUID and a leg an opaque number.
    let noise = leg.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let (room, day) = (person % 3, leg / PEOPLE * 2 * DAYS / (EVENTS / PEOPLE));
    Event {
        kind: if round.is_multiple_of(2) { Kind::Joined } else { Kind::Left },
        at: moment(seconds),
        stamp_ms: moment(seconds).seconds() * 1000 + 123,
        meeting: Some(Meeting {
            uuid: format_compact!("de+IDqR9f3hhT9D8/{room}/{day}=="),
            number: Some(format_compact!("8608470148{room}")),
        }),
        participant: Some(Participant {
            user_id: Some(format_compact!("{}", 16_778_240 + leg * 1024)),
            connection: Some(format_compact!(
                "{:08X}-9301-A7E5-{:04X}-{leg:012X}",
                noise >> 32,
                noise & 0xffff
            )),
            name: Name::clean(&format!("Person {person}")),
            zoom_user_ids: Vec::new(),
            bound_to: None,
        }),
    }
}

fn moment(seconds: u64) -> Moment {
    let seconds = i64::try_from(START + seconds).expect("a moment of this century");
    Moment::from_seconds(seconds)
}

criterion_group!(benches, fold);
criterion_main!(benches);
