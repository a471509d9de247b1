//! What was acknowledged survives a power cut, too, at whatever moment.

use crate::support::lookout::program;
use crate::support::power::{Cuts, Run, without_syncs};

/// Every seventh sync fails, from the tenth on: until then the journal is made.
const FAILING: &str = "inject=fsync,fdatasync:error=EIO:when=10+7";

#[track_caller]
fn cut(run: Run) -> Cuts {
    let cuts = run.cut_the_power();
    assert!(cuts.acknowledged.len() > 20 && cuts.syncs > 5, "there was load: {cuts:?}");
    assert!(cuts.damage.is_empty(), "{:?}", cuts.damage);
    cuts
}

#[test]
fn a_power_cut_takes_nothing_along_that_was_acknowledged() {
    let cuts = cut(Run { program: &program(), lives: &[vec![]], senders: 8, events: 15 });
    assert_eq!((cuts.acknowledged.len(), cuts.lost.len()), (120, 0));
}

#[test]
fn nor_does_it_after_syncs_that_failed() {
    let cuts = cut(Run {
        program: &program(),
        lives: &[vec![FAILING.to_owned()]],
        senders: 8,
        events: 15,
    });
    assert!(cuts.failed_syncs > 2, "{cuts:?}");
    assert_eq!(cuts.lost.len(), 0, "of {} acknowledged", cuts.acknowledged.len());
}

#[test]
fn nor_does_it_where_the_program_did_not_survive_a_failed_sync() {
    let lives = [11, 3, 8, 12]
        .map(|sync| format!("inject=fsync,fdatasync:error=EIO:signal=SIGKILL:when={sync}"));
    let mut lives: Vec<_> = lives.map(|fault| vec![fault]).into();
    lives.push(vec![]);
    let cuts = cut(Run { program: &program(), lives: &lives, senders: 8, events: 15 });
    assert!(cuts.failed_syncs > 3 && cuts.refusals > 0, "{cuts:?}");
    assert_eq!(cuts.lost.len(), 0, "of {} acknowledged", cuts.acknowledged.len());
}

#[test]
fn a_program_that_does_not_sync_every_commit_is_found_out() {
    let mutant = without_syncs();
    let run = Run { program: &mutant, lives: &[vec![]], senders: 8, events: 15 };
    let cuts = cut(run);
    assert!(!cuts.lost.is_empty(), "of {} acknowledged", cuts.acknowledged.len());
}
