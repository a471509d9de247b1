//! What a delivery costs before it is stored: its signature, and reading it.
//!
//! `cargo bench --bench delivery`

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use lookout::config::{Secret, Settings};
use lookout::journal::Content;
use lookout::time::moment::Moment;
use lookout::zoom::Key;
use lookout::zoom::signature::{Headers, sign, verify};

/// As Zoom sends them.
const BODY: &[u8] =
    include_bytes!("../tests/fixtures/deliveries/meeting.participant_joined--stays.json");

const NOW: i64 = 1_785_369_686;

fn delivery(criterion: &mut Criterion) {
    let secrets = [Secret::new("one of twenty-two letters").expect("it is not empty")];
    let timestamp = NOW.to_string();
    let signature = sign(&secrets[0], &timestamp, BODY);
    let headers = Headers { timestamp: Some(&timestamp), signature: Some(&signature) };
    let (now, tolerance) = (Moment::from_seconds(NOW), Duration::from_secs(300));
    let is_genuine = |body: &[u8]| {
        verify(&secrets, headers, body)
            .is_ok_and(|signed| signed.check_time(now, tolerance).is_ok())
    };
    assert!(is_genuine(BODY), "what is measured is a genuine delivery");
    let redaction = Settings::default().redaction();
    let read = |body: &[u8]| (Key::of(body), Content::of(body, NOW * 1000, &redaction));

    let mut group = criterion.benchmark_group("delivery");
    group.throughput(Throughput::Elements(1));
    group.bench_function("signature", |bencher| bencher.iter(|| is_genuine(black_box(BODY))));
    group.bench_function("key and reading", |bencher| bencher.iter(|| read(black_box(BODY))));
    group.bench_function("all of it", |bencher| {
        bencher.iter(|| is_genuine(black_box(BODY)).then(|| read(black_box(BODY))));
    });
    group.finish();
}

criterion_group!(benches, delivery);
criterion_main!(benches);
