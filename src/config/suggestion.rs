//! The word that was probably meant.

/// The candidate nearest to `typed`, if one is near enough to be a slip of the finger,
/// or if `typed` is the beginning of it.
pub fn suggest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = fold(typed);
    let reach = (folded.chars().count() / 3).max(1);
    let distance = |candidate: &str| match fold(candidate) {
        whole if folded.len() >= 4 && whole.starts_with(&folded) => 0,
        other => strsim::damerau_levenshtein(&folded, &other),
    };
    let scored = candidates.into_iter().map(|c| (distance(c), c));
    let (distance, candidate) = scored.min()?;
    (distance <= reach).then_some(candidate)
}

/// `; did you mean `X`?`, or nothing.
pub(super) fn did_you_mean(candidate: Option<impl std::fmt::Display>) -> String {
    candidate.map_or_else(String::new, |c| format!("; did you mean `{c}`?"))
}

/// Case and the kind of hyphen are never what was meant to differ.
fn fold(text: &str) -> String {
    text.to_lowercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_slip_of_the_finger_is_corrected() {
        let keys = ["title", "output_dir", "path", "listen"];
        #[rustfmt::skip]
        let cases = [
            // what is special      typed         meant
            ("letters swapped",     "titel",      Some("title")),
            ("a hyphen",            "output-dir", Some("output_dir")),
            ("upper case",          "PATH",       Some("path")),
            ("a letter missing",    "lisen",      Some("listen")),
            ("the end missing",     "list",       Some("listen")),
            ("something else",      "colour",     None),
        ];
        for (what, typed, meant) in cases {
            assert_eq!(suggest(typed, keys), meant, "{what}");
        }
    }
}
