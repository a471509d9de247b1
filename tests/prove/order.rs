//! What a power cut would take along, at any moment of an intake under load.

use crate::proof::Length;
use crate::support::lookout::program;
use crate::support::power::{Cuts, Run, without_syncs};

/// One sync of so many fails, from the twentieth on: until then the journal is made.
const FAILING: &str = "inject=fsync,fdatasync:error=EIO:when=20+11";

/// So many deliver at the same time.
const SENDERS: usize = 16;

pub fn syncs(length: Length) -> String {
    let program = program();
    let run = Run { program: &program, faults: &[], senders: SENDERS, events: events(length) };
    let cuts = run.cut_the_power();
    let mutant = without_syncs();
    let mutant = Run { program: &mutant, ..run }.cut_the_power();
    assert_eq!(cuts.acknowledged.len(), SENDERS * events(length), "each event is acknowledged");
    assert!(!mutant.lost.is_empty(), "a program that does not sync each commit is not found out");
    assert!(mutant.damage.is_empty(), "nothing else is wrong with it: {:?}", mutant.damage);
    format!(
        "{}; the same with `synchronous=NORMAL` is found out: {} of {} would be lost",
        found(&cuts),
        mutant.lost.len(),
        mutant.acknowledged.len()
    )
}

pub fn failing_syncs(length: Length) -> String {
    let faults = &[FAILING][..];
    let run = Run { program: &program(), faults, senders: SENDERS, events: events(length) };
    let cuts = run.cut_the_power();
    assert!(cuts.failed_syncs > 3, "syncs fail");
    let refused = SENDERS * events(length) - cuts.acknowledged.len();
    format!(
        "{} syncs failed, {refused} deliveries were refused; {}",
        cuts.failed_syncs,
        found(&cuts)
    )
}

fn events(length: Length) -> usize {
    length.pick(40, 250)
}

/// What was found of a program that is to lose nothing.
#[track_caller]
fn found(cuts: &Cuts) -> String {
    assert!(cuts.damage.is_empty(), "the journal is damaged: {:?}", cuts.damage);
    assert!(cuts.lost.is_empty(), "{} of {} lost", cuts.lost.len(), cuts.acknowledged.len());
    format!(
        "{} acknowledged over {} syncs, the power cut {} times: 0 lost, 0 damaged",
        cuts.acknowledged.len(),
        cuts.syncs,
        cuts.cuts
    )
}
