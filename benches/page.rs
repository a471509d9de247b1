//! What a page costs: 100, 1,000 and 10,000 people with four weeks of visits, a quarter of them in.
//! Beside it, what Tera alone takes for a plain table of as many rows, and the CSV.
//!
//! `cargo bench --bench page`

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use lookout::config::{PublishList, Settings};
use lookout::dashboard::Dashboard;
use lookout::roster::{End, Person, Presence, Visit};
use lookout::site::Renderer;
use lookout::time::moment::Moment;
use lookout::time::zone::Zone;
use lookout::zoom::Name;
use tera::{Context, Tera};

const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;
const NOW: Moment = Moment::from_seconds(1_772_409_600 + 20 * HOUR);

fn page(criterion: &mut Criterion) {
    let mut settings = Settings::default();
    settings.privacy.publish = PublishList::Everybody;
    settings.site.time_zone = Zone::built_in("Europe/Istanbul").expect("known");
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
        let dashboard = Dashboard::new(&presence, &settings, NOW);
        let (tera, context) = plain(&dashboard);
        group.bench_function(BenchmarkId::new("Tera alone, a plain table", count), |bencher| {
            bencher.iter(|| tera.render("table.html", black_box(&context)).expect("it renders"));
        });
        let table = only_the_table(dashboard);
        group.bench_function(BenchmarkId::new("CSV and JSON", count), |bencher| {
            let render = || renderer.render(black_box(&table), &settings).expect("it renders");
            bencher.iter(|| render().len());
        });
    }
    group.finish();
}

/// A template of the table and no more, and what it receives.
fn plain(dashboard: &Dashboard) -> (Tera, Context) {
    let mut tera = Tera::default();
    let table = "<table>{% for row in rows %}<tr><td>{{ row[0] }}</td><td>{{ row[1] }}</td>\
                 <td>{{ row[2] }}</td><td>{{ row[3] }}</td></tr>\n{% endfor %}</table>";
    tera.add_raw_template("table.html", table).expect("it has no fault");
    let rows = dashboard.table.iter().map(|row| {
        let status = if row.online { "in" } else { "out" };
        [row.name.as_str(), status, row.last_join.as_str(), row.last_left.as_str()]
            .map(str::to_owned)
    });
    let mut context = Context::new();
    context.insert("rows", &rows.collect::<Vec<_>>());
    (tera, context)
}

/// `dashboard` without pages, badges and feeds: nothing that templates make.
fn only_the_table(dashboard: Dashboard) -> Dashboard {
    Dashboard { pages: Vec::new(), badges: Vec::new(), feeds: Vec::new(), ..dashboard }
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
