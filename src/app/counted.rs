//! Counts with a noun in the right number.

/// `1 event`, `2 events`: `many` is the word for all numbers except 1.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    let word = if number == 1 { one } else { many };
    format!("{number} {word}")
}
