//! Hours of ordinary life in one: a steady load, restarts, a chat that is away, an author at work.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use crate::load::Load;
use crate::proof::Length;
use crate::resources::memory_mib;
use crate::support::Lookout;
use crate::support::chat::{Answer, Chat};
use crate::support::replay::differences_from_a_replay;
use crate::support::stored::Stored;

/// Deliveries a second.
const RATE: u32 = 100;

/// Lives of the process, each ended by a restart.
const LIVES: u32 = 4;

/// Rounds of a life; in each the chat behaves otherwise, and the author changes something.
const ROUNDS: u32 = 6;

/// A life holds so much more at its end than after its first round, at most: what happens is kept for
/// 35 days, and none of it grows otherwise.
const GROWTH_MIB: u64 = 24;

/// Connections and files that come and go: so many more at most.
const GROWTH_DESCRIPTORS: usize = 24;

pub fn hour(length: Length) -> String {
    let round = length.pick(Duration::from_secs(3), Duration::from_secs(150));
    let chat = Chat::mattermost();
    let mut lookout = Lookout::with_settings(&format!(
        "[privacy]\npublish = [\"*\"]\n[[notify]]\nkind = \"mattermost\"\nurl = \"{}\"\n",
        chat.hook()
    ));
    fs::create_dir(lookout.path("templates")).expect("made");
    lookout.serve();
    lookout.keep_address();
    let load = Load::start_at(RATE, &lookout, 1, round * ROUNDS * LIVES);
    let mut lives = Vec::new();
    for life in 0..LIVES {
        let mut first = None;
        let mut last = (0, 0);
        for number in 0..ROUNDS {
            chat.always([Answer::Usual, Answer::Status(503), Answer::Hangs][number as usize % 3]);
            write_template(&lookout, life * ROUNDS + number);
            thread::sleep(round);
            last = (memory_mib(lookout.id()), descriptors(lookout.id()));
            first.get_or_insert(last);
        }
        let first = first.expect("there is a round");
        let told = format!("life {life}: {first:?} then {last:?} (MiB, descriptors)");
        assert!(last.0 <= first.0 + GROWTH_MIB, "memory grows, {told}");
        assert!(last.1 <= first.1 + GROWTH_DESCRIPTORS, "descriptors leak, {told}");
        lives.push(format!("{} to {} MiB, {} to {} descriptors", first.0, last.0, first.1, last.1));
        if life + 1 < LIVES {
            let begun = Instant::now();
            lookout.stop();
            lookout.serve();
            assert!(begun.elapsed() < Duration::from_secs(30), "a restart takes long");
        }
    }
    chat.always(Answer::Usual);
    // One without a fault.
    write_template(&lookout, 0);
    let answered = load.finish();
    lookout.stop();
    assert_eq!(answered.lost, 0, "each is taken in the end");
    let stored = Stored::open(&lookout.path("data/lookout.db")).expect("a journal");
    let (keys, _) = stored.keys_behind(0).expect("readable, and no event twice");
    let lost = answered.keys.difference(&keys).count();
    assert_eq!((lost, stored.damage().as_str()), (0, ""), "of {}", keys.len());
    drop(stored);
    let differing = differences_from_a_replay(&lookout);
    assert!(differing.is_empty(), "these files differ from a replay's: {differing:?}");
    format!(
        "{} deliveries at {RATE}/s over {} min, {} restarts, {} template changes, a chat away for two thirds of the \
         time: 0 lost, the site that of a replay; {}",
        answered.deliveries,
        (round * ROUNDS * LIVES).as_secs() / 60,
        LIVES - 1,
        LIVES * ROUNDS,
        lives.join("; ")
    )
}

/// The page of the author's `edition`th attempt; one in five has a fault.
fn write_template(lookout: &Lookout, edition: u32) {
    let text = match edition % 5 {
        3 => "{% if %}".to_owned(),
        _ => format!("{{% extends \"builtin/index.html\" %}}{{# {edition} #}}"),
    };
    fs::write(lookout.path("templates/index.html"), text).expect("written");
}

fn descriptors(id: u32) -> usize {
    fs::read_dir(format!("/proc/{id}/fd")).map(Iterator::count).unwrap_or_default()
}
