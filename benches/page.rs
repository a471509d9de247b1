//! What a page costs: 100, 1,000 and 10,000 people with four weeks of visits, a quarter of them in.
//!
//! `cargo bench --bench page`

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use lookout::config::{PublishList, Settings};
use lookout::dashboard::Dashboard;
use lookout::moment::Moment;
use lookout::roster::{End, Person, Presence, Visit};
use lookout::site::Renderer;
use lookout::zoom::Name;

const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;
const NOW: Moment = Moment::from_seconds(1_772_409_600 + 20 * HOUR);

fn page(criterion: &mut Criterion) {
    let mut settings = Settings::default();
    settings.privacy.publish = PublishList::Everybody;
    settings.site.time_zone = chrono_tz::Europe::Istanbul;
    let renderer = Renderer::load(&settings).expect("the built-in templates load");
    let mut group = criterion.benchmark_group("page");
    group.sample_size(20);
    for count in [100, 1_000, 10_000] {
        let presence = Presence { people: (0..count).map(person).collect(), ..Presence::default() };
        group.bench_function(BenchmarkId::new("dashboard", count), |bencher| {
            bencher.iter(|| Dashboard::new(black_box(&presence), &settings, NOW));
        });
        group.bench_function(BenchmarkId::new("dashboard, rendered", count), |bencher| {
            bencher.iter(|| {
                let dashboard = Dashboard::new(black_box(&presence), &settings, NOW);
                renderer.render(&dashboard, &settings).expect("it renders").len()
            });
        });
    }
    group.finish();
}

/// Somebody who comes every other day for two hours, and every fourth of whom is in.
fn person(number: i64) -> Person {
    let began = |day: i64| NOW.plus(-day * DAY - number % 11 * HOUR);
    let past = (1..14).rev().map(|visit| {
        let start = began(2 * visit);
        Visit { start: Some(start), end: End::At(start.plus(2 * HOUR)) }
    });
    let today = (number % 4 == 0).then(|| Visit { start: Some(began(0)), end: End::Open });
    let last_left = Some(began(2).plus(2 * HOUR));
    let visits: Vec<Visit> = past.chain(today).collect();
    Person {
        name: Name::clean(&format!("Person {number}")).expect("it is not empty"),
        last_join: visits.last().and_then(|visit| visit.start),
        last_left,
        present_since: today.and_then(|visit| visit.start),
        sharing_since: None,
        visits,
    }
}

criterion_group!(benches, page);
criterion_main!(benches);
