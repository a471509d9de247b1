//! The long proofs: what takes minutes to show, on real servers, under load.
//!
//! `tests/prove.sh` runs them with the optimised program. To add one, write a function that
//! does it and says in a line what it found, and name it in [`PROOFS`]; where it panics, as
//! with `assert!`, the proof has failed. What the tests have (`support`) is there for proofs,
//! too.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "printing is what it does")]

mod big;
mod lighthouse;
mod disk;
mod flips;
mod kill;
mod load;
mod majority;
mod order;
mod outages;
mod page;
mod proof;
mod resources;
mod secrets;
mod shuffled;
#[path = "../it/support/mod.rs"]
#[expect(dead_code, reason = "proofs do not need all that tests need")]
mod support;
mod torn;

use std::process::ExitCode;

use proof::{Length, Proof};

/// All proofs, in the order in which they run.
#[rustfmt::skip]
const PROOFS: &[Proof] = &[
    Proof { name: "kill",               shows: "killed again and again under load: nothing acknowledged lost or stored twice", run: kill::cycles },
    Proof { name: "power/order",        shows: "every answer comes after the sync of its bytes: a power cut costs nothing",    run: order::syncs },
    Proof { name: "power/failing",      shows: "nor does one after syncs that failed",                                         run: order::failing_syncs },
    Proof { name: "disk/journal",       shows: "the journal's disk is full: refused with 503, nothing lost, it recovers by itself", run: disk::journal },
    Proof { name: "disk/site",          shows: "the site's disk is full: nothing refused, the last site stays, it recovers by itself", run: disk::site },
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
    Proof { name: "big/old",            shows: "old documents give the right table; a second `build` costs what is new",       run: big::old_documents },
    Proof { name: "big/disorder",       shows: "an archive in the worst order of facts is replayed in little memory",          run: big::disorder },
    Proof { name: "lighthouse",         shows: "the pages of 8 and of 100 people score 100 on a phone and on a desktop computer",    run: lighthouse::scores },
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
