//! Numbers of things, as one says them.

/// `1 event`, `2 events`: `many` is the word for any number but one.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    let word = if number == 1 { one } else { many };
    format!("{number} {word}")
}
