//! Invented names of many languages, some of them awkward on purpose.
//!
//! None is meant to be a real person: given and family names are combined
//! across cultures by arithmetic alone.

#[rustfmt::skip]
const GIVEN: [&str; 42] = [
    "Aylin", "Bram", "Chidi", "Dilnoza", "Eithne", "Farid", "Grażyna", "Hiroko", "Iker", "Jana",
    "Kwame", "Leilani", "Mateus", "Nilüfer", "Odalys", "Przemek", "Quilla", "Ragnheiður", "Søren",
    "Tevita", "Uzoma", "Vesna", "Wanjiru", "Xóchitl", "Yusuf", "Zoë", "Åsa", "Çağla", "İpek",
    "Ольга", "Γιάννης", "נועה", "ليلى", "अनिका", "さくら", "明", "지우", "Thảo", "D'Artagnan",
    "Mary-Lou", "Jean Luc", "Ștefan",
];

#[rustfmt::skip]
const FAMILY: [&str; 41] = [
    "Abernethy", "Boateng", "Castellanos", "Dvořáková", "Eskildsen", "Fonoti", "Güngör",
    "Hakimova", "Ivanković", "Jørgensen", "Kowalczyk", "Lindqvist", "Mbeki-Stone", "Nakagawa",
    "Ó Faoláin", "Pärnpuu", "Quispe", "Rautavaara", "Szabó", "Tamihana", "Ueda", "Vandenberghe",
    "Whitlock", "Xenakis", "Yıldıztekin", "Zubiri", "Æbelø", "Łuczak", "Šimůnek", "Ďurica",
    "Ñahui", "Þórsdóttir", "ßpielmann", "Петренко", "田中", "王", "김", "Nguyễn", "O'Hanrahan",
    "de la Fuente y Ríos", "van der Zee",
];

/// The step through all pairs, so that names do not look sorted; coprime to 42 · 41.
const STRIDE: usize = 1_009;

/// How many names there are without a number.
const PAIRS: usize = GIVEN.len() * FAMILY.len();

/// The name of the `index`-th person: distinct for each index.
pub(super) fn name(index: usize) -> String {
    let step = index * STRIDE % PAIRS;
    let (given, family) = (GIVEN[step % GIVEN.len()], FAMILY[step / GIVEN.len()]);
    let plain = match index / PAIRS {
        0 => format!("{given} {family}"),
        round => format!("{given} {family} {}", round + 1),
    };
    decorate(index, given, plain)
}

/// What the `index`-th person may rename themselves to: distinct, too.
pub(super) fn other_name(index: usize) -> String {
    format!("{} (away)", name(index))
}

/// The name of the `index`-th person's telephone.
pub(super) fn device_name(index: usize) -> String {
    format!("{}'s iPhone", name(index))
}

/// Makes some names awkward: emoji, quotes, markup, great length.
fn decorate(index: usize, given: &str, plain: String) -> String {
    match index % 40 {
        7 => format!("{plain} 🌻"),
        11 => format!("\"{given}\" {plain}"),
        16 => format!("🧑‍🚀 {plain} 🏳️‍🌈"),
        19 => format!("{plain}, PhD"),
        23 => format!("{plain} <she/her>"),
        27 => format!("{plain} & family"),
        31 => format!("  {plain}\\{given}"),
        35 => format!(
            "{plain}, Deputy Chair of the Committee for the Preservation of Very Long Display Names"
        ),
        38 => format!("@{plain} [*{given}*](https://example.org)"),
        _ => plain,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use lookout::types::Name;

    #[test]
    fn names_are_distinct_after_cleaning_however_many() {
        let names: BTreeSet<Name> = (0..10_000)
            .flat_map(|i| [name(i), other_name(i), device_name(i)])
            .map(|text| Name::clean(&text).expect("a name is not empty"))
            .collect();
        assert_eq!(names.len(), 30_000);
    }
}
