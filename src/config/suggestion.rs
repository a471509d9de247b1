//! Suggestions for misspelt words.

/// The candidate closest to `typed`, if it is close enough to be a typing error or begins with `typed`.
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

/// The name closest to `typed`: a typing error, or else the closest of those with the same first word.
pub fn suggest_name<'a>(
    typed: &str,
    names: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<&'a str> {
    let word = first_word(typed);
    let by_word = |name: &&str| !word.is_empty() && first_word(name) == word;
    suggest(typed, names.clone()).or_else(|| {
        let alike = names.into_iter().filter(by_word);
        alike.min_by_key(|name| (strsim::damerau_levenshtein(typed, name), *name))
    })
}

/// The first word in lower case; of "Ada's phone", "ada".
fn first_word(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric());
    words.into_iter().find(|word| !word.is_empty()).unwrap_or_default().to_lowercase()
}

/// `; did you mean `X`?`, or an empty text.
pub(super) fn did_you_mean(candidate: Option<impl std::fmt::Display>) -> String {
    candidate.map_or_else(String::new, |c| format!("; did you mean `{c}`?"))
}

/// Folds case and hyphens, which never distinguish two candidates.
fn fold(text: &str) -> String {
    text.to_lowercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_typing_errors_are_corrected() {
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
    #[test]
    fn names_are_also_known_by_their_first_word() {
        let names = ["Ada Lovelace", "Ada's iPhone", "Grace Hopper", "🌻"];
        #[rustfmt::skip]
        let cases = [
            // what is special       typed             meant
            ("a typing error",       "Grace Hoper",    Some("Grace Hopper")),
            ("another surname",      "Grace Murray",   Some("Grace Hopper")),
            ("the first name",       "Grace",          Some("Grace Hopper")),
            ("in another case",      "ada",            Some("Ada Lovelace")),
            ("the nearer of two",    "Ada's phone",    Some("Ada's iPhone")),
            ("somebody else",        "Mallory",        None),
            ("no word at all",       "🌼🌼🌼🌼",       None),
        ];
        for (what, typed, meant) in cases {
            assert_eq!(suggest_name(typed, names), meant, "{what}");
        }
    }
}
