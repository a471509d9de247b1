//! The long proofs: what takes minutes to show, on real servers, under load.
//!
//! `tests/prove.sh` runs them with the optimised program. To add one, write a function that
//! does it and says in a line what it found, and name it in [`PROOFS`]; where it panics, as
//! with `assert!`, the proof has failed. What the tests have (`support`) is there for proofs,
//! too.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "printing is what it does")]

mod big;
mod chat;
mod client;
mod latency;
mod load;
mod long;
mod majority;
mod outages;
mod page;
mod pressure;
mod proof;
mod resources;
mod slow;
mod slowed;
#[path = "../it/support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "proofs do not need all that tests need")]
mod support;
mod throughput;
mod wrk;

use std::process::ExitCode;

use proof::{Length, Proof};

/// All proofs, in the order in which they run.
#[rustfmt::skip]
const PROOFS: &[Proof] = &[
    Proof { name: "outages/refused",    shows: "MongoDB is killed: nothing refused, lost or stored twice, page current",       run: outages::refused },
    Proof { name: "outages/black-hole", shows: "nothing reaches MongoDB, nobody is told: the same",                            run: outages::black_hole },
    Proof { name: "outages/reset",      shows: "every connection to MongoDB is reset: the same",                               run: outages::reset },
    Proof { name: "outages/slow",       shows: "each answer of MongoDB takes 2 s: the same",                                   run: outages::slow },
    Proof { name: "outages/primary",    shows: "the primary of three is killed: the same",                                     run: outages::primary },
    Proof { name: "majority",           shows: "`acknowledge = \"archive\"`: what was acknowledged survives every killed primary", run: majority::kills },
    Proof { name: "big/old",            shows: "old documents give the right table; a second `build` costs what is new",       run: big::old_documents },
    Proof { name: "big/disorder",       shows: "an archive in the worst order of facts is replayed in little memory",          run: big::disorder },
    Proof { name: "load/open-loop",     shows: "1,000 signed deliveries a second: each stored once, p99 ≤ 50 ms",              run: pressure::open_loop },
    Proof { name: "load/burst",         shows: "10,000 at once: none answered after 2.9 s, every refusal a 503",               run: pressure::burst },
    Proof { name: "load/slow-disk",     shows: "five times too many: 503 in time, nothing acknowledged lost, over in 5 s",     run: pressure::slow_disk },
    Proof { name: "load/slow-processor", shows: "five times too many: < 256 MiB, nothing acknowledged lost, over in 5 s",      run: pressure::slow_processor },
    Proof { name: "load/slow-clients",  shows: "3,000 slow clients: closed within 6 s, deliveries' p99 < 100 ms",              run: slow::slow_clients },
    Proof { name: "load/chat",          shows: "a chat that hangs or fails: intake unchanged, all messages later, in order",   run: chat::outage },
    Proof { name: "speed/throughput",   shows: "storing leaves ≥ 30 % of the speed at 64 connections, ≥ 45 % at 512",          run: throughput::throughput },
    Proof { name: "speed/page-alone",   shows: "an event every 2 s: page replaced in 20 ms (p50), 80 ms (p99)",                run: latency::alone },
    Proof { name: "speed/page-together", shows: "100 events/s: none waits longer than 1.1 s for the page",                     run: latency::together },
    Proof { name: "size/100-thousand",  shows: "100,000 events of 500 people: `serve` ≤ 40 MiB, `build` ≤ 30 ms",              run: long::hundred_thousand },
    Proof { name: "size/10-million",    shows: "10,000,000 events of 10,000 people: `serve` ≤ 120 MiB, `build` ≤ 30 ms",       run: long::ten_million },
];

fn main() -> ExitCode {
    let mut length = Length::Quick;
    let mut begins = Vec::new();
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--quick" => length = Length::Quick,
            "--full" => length = Length::Full,
            "--list" => {
                proof::list(PROOFS);
                return ExitCode::SUCCESS;
            }
            begin => begins.push(begin.to_owned()),
        }
    }
    // Thousands of connections are made here, and by the programs started here.
    lookout::http::raise_file_limit();
    let is_wanted = |proof: &&Proof| {
        begins.is_empty() || begins.iter().any(|begin| proof.name.starts_with(begin))
    };
    let wanted: Vec<_> = PROOFS.iter().filter(is_wanted).collect();
    if wanted.is_empty() {
        eprintln!("there is no such proof; `tests/prove.sh --list` names them");
        return ExitCode::from(2);
    }
    proof::run(&wanted, length)
}
