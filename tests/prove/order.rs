//! What a power cut would take along, at any moment of an intake under load.

use lookout::simulate::Rng;

use crate::proof::Length;
use crate::support::lookout::program;
use crate::support::power::{Cuts, Run, without_syncs};

/// One sync of so many fails, from the twentieth on: until then the journal is made.
const FAILING: &str = "inject=fsync,fdatasync:error=EIO:when=20+11";

/// So many deliver at the same time.
const SENDERS: usize = 16;

pub fn syncs(length: Length) -> String {
    let program = program();
    let run = Run { program: &program, lives: &[vec![]], senders: SENDERS, events: events(length) };
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
    let lives = [vec![FAILING.to_owned()]];
    let run = Run { program: &program(), lives: &lives, senders: SENDERS, events: events(length) };
    let cuts = run.cut_the_power();
    assert!(cuts.failed_syncs > 3, "syncs fail");
    format!(
        "{} syncs failed, {} deliveries were refused and came again; {}",
        cuts.failed_syncs,
        cuts.refusals,
        found(&cuts)
    )
}

pub fn restarts(length: Length) -> String {
    let lives = lives(length.pick(20, 200));
    let run = Run { program: &program(), lives: &lives, senders: SENDERS, events: 40 };
    let cuts = run.cut_the_power();
    assert!(cuts.failed_syncs > lives.len() / 2, "syncs fail: {}", cuts.failed_syncs);
    format!(
        "{} syncs failed, killed {} times in them, soon after them or while it wrote, and started again, \
         {} attempts were made again; {}",
        cuts.failed_syncs,
        lives.len() - 1,
        cuts.refusals,
        found(&cuts)
    )
}

/// The faults of so many lives, of which the last has none.
fn lives(count: usize) -> Vec<Vec<String>> {
    const SYNC: &str = "inject=fsync,fdatasync:error=EIO";
    let mut rng = Rng::new(1);
    let mut lives: Vec<_> = (1..count)
        .map(|life| {
            // Opening the journal takes a few.
            let (sync, write) = (1 + rng.below(15), 1 + rng.below(250));
            let kill = format!("inject=pwrite64:signal=SIGKILL:when={write}");
            match life % 4 {
                0 => vec![kill],
                1 => vec![format!("{SYNC}:signal=SIGKILL:when={sync}")],
                // From then on none succeeds, or only some do.
                2 => vec![format!("{SYNC}:when={sync}+"), kill],
                _ => vec![format!("{SYNC}:when={sync}+{}", 2 + rng.below(5)), kill],
            }
        })
        .collect();
    lives.push(Vec::new());
    lives
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
