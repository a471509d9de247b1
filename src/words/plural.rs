//! Texts with a number, in the forms that the language has for it (CLDR's *Plural Rules*).

use std::collections::BTreeMap;

use icu_decimal::input::Decimal;

use super::rules::{OTHER, Rules};
use super::text::Text;

/// The value of each form.
pub(super) const COUNT: &str = "count";

/// A text in all its forms.
#[derive(Debug, Clone)]
pub struct Plural {
    /// By category or by number; `other` is always there.
    forms: BTreeMap<String, Text>,
    rules: Rules,
}

impl Plural {
    /// The text with these `forms`; one of them is `other`.
    pub(super) fn new(forms: BTreeMap<String, Text>, rules: &Rules) -> Self {
        Self { forms, rules: rules.clone() }
    }

    /// The text for `count`.
    pub fn of(&self, count: usize) -> String {
        let number = count.to_string();
        let form = self.forms.get(&number);
        form.unwrap_or_else(|| self.form(self.rules.category(count))).with(COUNT, &number)
    }

    /// The text for a number of `tenths`, written as `number`, with further `values`.
    pub(super) fn of_tenths(&self, tenths: i64, number: &str, values: &[(&str, &str)]) -> String {
        let plain = format!("{}.{}", tenths / 10, tenths % 10);
        let decimal: Decimal = plain.parse().expect("it is a decimal number");
        let values = [values, &[(COUNT, number)]].concat();
        self.form(self.rules.category(&decimal)).fill(&values)
    }

    fn form(&self, category: &str) -> &Text {
        let form = self.forms.get(category).or_else(|| self.forms.get(OTHER));
        form.expect("every plural has the form `other`")
    }
}
