//! Whether a site is the one that all events make.

use std::collections::BTreeSet;

use super::Lookout;
use super::lookout::{files, until};

/// Builds the site of a stopped `lookout`, and another one from its whole journal; the files
/// that are not equal.
#[track_caller]
pub fn differences_from_a_replay(lookout: &Lookout) -> Vec<String> {
    let mut differing = Vec::new();
    // A day may end between the two builds, and some text with it; not twice.
    until(|| {
        lookout.ok(&["build"]);
        lookout.ok(&["build", "--replay", "--output-dir", "replayed"]);
        differing = differences(lookout);
        differing.is_empty()
    });
    differing
}

/// The files of `site` and `replayed` that are not equal.
fn differences(lookout: &Lookout) -> Vec<String> {
    let (site, replayed) = (lookout.site(), files(&lookout.path("replayed")));
    let (site, replayed): (BTreeSet<_>, BTreeSet<_>) =
        (site.into_iter().collect(), replayed.into_iter().collect());
    assert!(site.len() > 3, "there is a site");
    site.symmetric_difference(&replayed).map(|(path, _)| path.display().to_string()).collect()
}
