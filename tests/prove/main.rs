//! The long proofs: what takes minutes to show, on real servers, under load.
//!
//! `tests/prove.sh` runs them with the optimised program. To add one, write a function that
//! does it and says in a line what it found, and name it in [`PROOFS`]; where it panics, as
//! with `assert!`, the proof has failed. What the tests have (`support`) is there for proofs,
//! too.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "printing is what it does")]

mod big;
mod debian;
mod load;
mod majority;
mod outages;
mod page;
mod proof;
mod resources;
mod restarts;
#[path = "../it/support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "proofs do not need all that tests need")]
mod support;

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
    Proof { name: "restarts",           shows: "a restart with the socket in systemd's hands refuses nobody and loses nothing",    run: restarts::restarts },
    Proof { name: "package",            shows: "the package installs, upgrades, is removed and purged in a clean Debian",          run: debian::package },
    Proof { name: "boot",               shows: "a booted Debian is set up as the README says, used, upgraded, put back, purged",    run: debian::boot },
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
