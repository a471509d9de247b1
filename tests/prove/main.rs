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
mod disk;
mod edits;
mod faults;
mod flips;
mod kill;
mod latency;
mod lighthouse;
mod load;
mod long;
mod majority;
mod order;
mod outages;
mod page;
mod pressure;
mod proof;
mod resources;
mod restarts;
mod secrets;
mod shipped;
mod shuffled;
#[path = "../simulate/mod.rs"]
#[expect(dead_code, unused_imports, reason = "proofs use parts of it, and none of its tests")]
mod simulate;
mod slow;
mod slowed;
mod soak;
#[path = "../it/support/mod.rs"]
#[expect(dead_code, reason = "proofs do not need all that tests need")]
mod support;
mod throughput;
mod torn;
mod wrk;

use std::process::ExitCode;

use proof::{Length, Proof};

/// All proofs, in the order in which they run.
#[rustfmt::skip]
const PROOFS: &[Proof] = &[
    Proof { name: "kill",               shows: "killed again and again under load: nothing acknowledged lost or stored twice", run: kill::cycles },
    Proof { name: "power/order",        shows: "every answer comes after the sync of its bytes: a power cut costs nothing",    run: order::syncs },
    Proof { name: "power/failing",      shows: "nor does one after syncs that failed",                                         run: order::failing_syncs },
    Proof { name: "power/restarted",    shows: "nor does one after kills in failed syncs and new starts, again and again", run: order::restarts },
    Proof { name: "disk/journal",       shows: "the journal's disk is full: refused with 503, nothing lost, it recovers by itself", run: disk::journal },
    Proof { name: "disk/site",          shows: "the site's disk is full: nothing refused, the last site stays, it recovers by itself", run: disk::site },
    Proof { name: "faults",             shows: "each system call on our files fails once: nothing acknowledged lost, no site torn, it recovers", run: faults::each_call },
    Proof { name: "torn",               shows: "published and killed all the time, the site is whole for every visitor of nginx", run: torn::hunt },
    Proof { name: "flips/process",      shows: "whatever bit of a signed delivery is changed, it is not taken",                run: flips::in_process },
    Proof { name: "flips/wire",         shows: "the same over HTTP, and nothing is stored",                                    run: flips::on_the_wire },
    Proof { name: "shuffled/histories", shows: "a site that grew with its events is that of a replay, byte for byte",          run: shuffled::histories },
    Proof { name: "shuffled/copies",    shows: "events in any order, five times each: the same bytes",                         run: shuffled::copies },
    Proof { name: "secrets",            shows: "a whole run at trace level, in good and bad times, tells no secret",           run: secrets::whole_run },
    Proof { name: "outages/refused",    shows: "MongoDB is killed: nothing refused, lost or stored twice, page current",       run: outages::refused },
    Proof { name: "outages/black-hole", shows: "nothing reaches MongoDB, nobody is told: the same",                            run: outages::black_hole },
    Proof { name: "outages/reset",      shows: "every connection to MongoDB is reset: the same",                               run: outages::reset },
    Proof { name: "outages/slow",       shows: "each answer of MongoDB takes 2 s: the same",                                   run: outages::slow },
    Proof { name: "outages/primary",    shows: "the primary of three is killed: the same",                                     run: outages::primary },
    Proof { name: "majority",           shows: "`acknowledge = \"archive\"`: what was acknowledged survives every killed primary", run: majority::kills },
    Proof { name: "edits",              shows: "each change of the settings counts at once, under load and with nothing to read again", run: edits::under_load },
    Proof { name: "big/old",            shows: "old documents give the right table; a second `build` costs what is new",       run: big::old_documents },
    Proof { name: "big/disorder",       shows: "an archive in the worst order of facts is replayed in little memory",          run: big::disorder },
    Proof { name: "lighthouse",         shows: "the pages of 8 and of 100 people score 100 on a phone and on a desktop computer",    run: lighthouse::scores },
    Proof { name: "load/open-loop",     shows: "1,000 signed deliveries a second: each stored once, p99 ≤ 50 ms",              run: pressure::open_loop },
    Proof { name: "load/burst",         shows: "10,000 at once: none answered after 2.9 s, every refusal a 503",               run: pressure::burst },
    Proof { name: "load/slow-disk",     shows: "five times too many: 503 in time, nothing acknowledged lost, over in 5 s",     run: pressure::slow_disk },
    Proof { name: "load/slow-processor", shows: "five times too many: < 256 MiB, nothing acknowledged lost, over in 5 s",      run: pressure::slow_processor },
    Proof { name: "load/slow-clients",  shows: "3,000 slow clients: closed within 6 s, deliveries' p99 < 100 ms",              run: slow::slow_clients },
    Proof { name: "load/slow-before-nginx", shows: "the same before the printed nginx file",                               run: slow::before_nginx },
    Proof { name: "load/chat",          shows: "a chat that hangs or fails: intake unchanged, all messages later, in order",   run: chat::outage },
    Proof { name: "speed/throughput",   shows: "storing leaves ≥ 30 % of the speed at 64 connections, ≥ 45 % at 512",          run: throughput::throughput },
    Proof { name: "speed/page-alone",   shows: "an event every 2 s: page replaced in 20 ms (p50), 80 ms (p99)",                run: latency::alone },
    Proof { name: "speed/page-together", shows: "100 events/s: none waits longer than 1.1 s for the page",                     run: latency::together },
    Proof { name: "size/100-thousand",  shows: "100,000 events of 500 people: `serve` ≤ 40 MiB, `build` ≤ 30 ms",              run: long::hundred_thousand },
    Proof { name: "size/10-million",    shows: "10,000,000 events of 10,000 people: `serve` ≤ 120 MiB, `build` no slower",      run: long::ten_million },
    Proof { name: "soak",               shows: "an hour at 100 events/s, with restarts, a chat away and template changes: flat memory, no leak", run: soak::hour },
    Proof { name: "restarts",           shows: "a restart with the socket in systemd's hands refuses nobody and loses nothing",    run: restarts::restarts },
    Proof { name: "static",             shows: "the program alone in an empty root: demo, serve, a chat by name over TLS, time zones",  run: shipped::alone },
    Proof { name: "image",              shows: "other programs read and unpack the image; it serves as its user, and says that it is alive", run: shipped::image },
    Proof { name: "reproducible",       shows: "two builds in two directories make the same bytes",                            run: shipped::reproducible },
    Proof { name: "package",            shows: "the package installs, upgrades, is removed and purged in a clean Debian",          run: shipped::package },
    Proof { name: "boot",               shows: "a booted Debian is set up as the guide says, used, upgraded, put back, purged",    run: shipped::boot },
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
    lookout::server::raise_file_limit();
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
