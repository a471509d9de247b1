//! Documents that may name somebody who is to be forgotten.

use lookout::forget::{Forgetting, Verdict};
use lookout::zoom::delivery::Document;
use lookout::zoom::{Name, Redaction, understand};

/// `text` is a name, and below it a document: what is stored of it afterwards is an event without the name.
pub fn leaves_nothing(text: &str) {
    let (name, document) = text.split_once('\n').unwrap_or((text, ""));
    let Some(name) = Name::clean(name) else { return };
    let mut forgetting = Forgetting::new(&name, &[]);
    let Ok(document) = Document::read(document.as_bytes()) else {
        assert!(forgetting.is_in(name.as_str().as_bytes()), "`{name}` is not found in itself");
        forgetting.is_in(document.as_bytes());
        return;
    };
    let document = document.into_stored(&Redaction::default());
    while forgetting.learn(&document) {}
    let left = match forgetting.judge(&document) {
        Verdict::Goes => return,
        Verdict::Stays => document,
        Verdict::Changes(changed) => {
            assert_eq!(
                forgetting.judge(&changed),
                Verdict::Stays,
                "a second time there is more: {changed}"
            );
            changed
        }
    };
    Document::read(left.as_bytes()).expect("it stays an event");
    let participant = understand(&left, 0).participant;
    let is_theirs = participant.and_then(|p| p.name).is_some_and(|name| forgetting.means(&name));
    assert!(!is_theirs, "an event of theirs stays: {left}");
}
