//! The plural rules of a language (CLDR's *Plural Rules*).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use icu_plurals::{PluralCategory, PluralOperands, PluralRules};

/// The categories of all languages, by the names that files use.
pub(super) const CATEGORIES: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];

/// The form that every language has.
pub const OTHER: &str = "other";

/// The counts whose forms a language should have. Further ones, such as those for millions in
/// French, are never used.
const USUAL_COUNTS: std::ops::RangeInclusive<usize> = 0..=200;

/// The rules of one language: which category a number belongs to.
#[derive(Clone)]
pub struct Rules(Arc<PluralRules>);

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rules").field(&self.0.categories().collect::<Vec<_>>()).finish()
    }
}

impl Rules {
    /// The rules of `locale`.
    pub(super) fn of(locale: &icu_locale::Locale) -> Self {
        let rules = PluralRules::try_new_cardinal(locale.into());
        Self(Arc::new(rules.expect("the rules of all languages are compiled in")))
    }

    /// The category of a number, such as `few`.
    pub fn category(&self, number: impl Into<PluralOperands>) -> &'static str {
        match self.0.category_for(number) {
            PluralCategory::Zero => "zero",
            PluralCategory::One => "one",
            PluralCategory::Two => "two",
            PluralCategory::Few => "few",
            PluralCategory::Many => "many",
            PluralCategory::Other => OTHER,
        }
    }

    /// The category of each usual count for which `forms` has neither a form of its own nor one of
    /// the category.
    pub(super) fn missing<T>(&self, forms: &BTreeMap<String, T>) -> Vec<&'static str> {
        let categories = USUAL_COUNTS
            .filter(|count| !forms.contains_key(&count.to_string()))
            .map(|count| self.category(count));
        let mut missing: Vec<&str> = categories.filter(|name| !forms.contains_key(*name)).collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }
}
