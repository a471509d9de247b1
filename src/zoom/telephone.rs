//! Telephone numbers used as names: Zoom names a caller by the number.
//!
//! A number is personal data. All but its last two digits are masked when it is shown (rule 15 of the
//! [roster](crate::roster)), and also when it is stored if `privacy.drop_fields` has `phone_number`.

use std::collections::BTreeSet;

use crate::types::Name;
use crate::zoom::json::Json;

/// The key with a participant's number in Zoom's JSON.
pub(super) const NUMBER_KEY: &str = "phone_number";

/// The minimum number of digits of a telephone number.
const MIN_DIGITS: usize = 7;

/// The number of digits that are shown.
const SHOWN_DIGITS: usize = 2;

/// Replaces a hidden digit. No chat treats it as markup.
const HIDDEN: char = '•';

impl Name {
    /// The name with all digits but the last two masked; `None` if it is no telephone number.
    pub fn telephone_mask(&self) -> Option<Self> {
        let text = self.as_str();
        is_number(text).then(|| Self::clean(&masked(text)).expect("it has digits"))
    }

    /// The masked number of a further caller, such as `•••••••••43 (2)`, without the ordinal; `None`
    /// for any other name.
    pub fn without_caller_ordinal(&self) -> Option<Self> {
        let (mask, ordinal) = self.as_str().strip_suffix(')')?.rsplit_once(" (")?;
        let is_ordinal = !ordinal.is_empty() && ordinal.bytes().all(|byte| byte.is_ascii_digit());
        Self::clean(mask).filter(|mask| is_ordinal && mask.is_telephone_mask())
    }

    /// Whether it is a masked telephone number, which several callers may share.
    pub fn is_telephone_mask(&self) -> bool {
        let text = self.as_str();
        let hidden = text.chars().filter(|c| *c == HIDDEN).count();
        let shown = text.chars().filter(char::is_ascii_digit).count();
        let behind = text.rsplit(HIDDEN).next().unwrap_or_default();
        let digits_behind = behind.chars().filter(char::is_ascii_digit).count();
        hidden + shown >= MIN_DIGITS
            && shown == SHOWN_DIGITS
            && digits_behind == SHOWN_DIGITS
            && text.chars().all(|c| c == HIDDEN || is_part_of_number(c))
    }
}

/// Masks the telephone numbers in names in `json`, at any depth, except those in `spared`.
pub(super) fn mask_names(json: &mut Json, spared: &BTreeSet<Name>) {
    match json {
        Json::List(items) => items.iter_mut().for_each(|item| mask_names(item, spared)),
        Json::Object(entries) => {
            let number = entries.iter().find(|(key, _)| key == NUMBER_KEY);
            let number = number.and_then(|(_, value)| match value {
                Json::Number(digits) => Some(digits.to_string()),
                value => value.as_str().map(str::to_owned),
            });
            for (key, value) in entries {
                match value {
                    Json::Text(text) if is_name(key) => mask_name(text, number.as_deref(), spared),
                    value => mask_names(value, spared),
                }
            }
        }
        _ => {}
    }
}

/// Whether the value of `key` is a name.
pub(super) fn is_name(key: &str) -> bool {
    key == "name" || key.ends_with("_name")
}

/// Masks `text` if it is a telephone number, and `number` where `text` contains it.
pub(super) fn mask_name(text: &mut String, number: Option<&str>, spared: &BTreeSet<Name>) {
    let Some(name) = Name::clean(text) else { return };
    if spared.contains(&*name.comparable()) {
        return;
    }
    if is_number(name.as_str()) {
        *text = masked(name.as_str());
    } else if let Some(number) = number.filter(|number| is_number(number)) {
        *text = text.replace(number, &masked(number));
    }
}

/// Whether `text` is a telephone number.
fn is_number(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_digit).count() >= MIN_DIGITS
        && text.chars().all(is_part_of_number)
}

fn is_part_of_number(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '+' | '-' | '(' | ')' | '.' | ' ')
}

/// `text` with all digits but the last two masked.
fn masked(text: &str) -> String {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let mut hidden = digits.saturating_sub(SHOWN_DIGITS);
    let hide = |c: char| match c.is_ascii_digit() && hidden > 0 {
        true => {
            hidden -= 1;
            HIDDEN
        }
        false => c,
    };
    text.chars().map(hide).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::clean(text).expect("a name")
    }

    #[test]
    fn telephone_numbers_are_masked_but_for_two_digits() {
        #[rustfmt::skip]
        let cases = [
            // what is special             name                  mask
            ("as Zoom names callers",      "12025550143",        Some("•••••••••43")),
            ("with everything allowed",    "+1 (202) 555-01.43", Some("+• (•••) •••-••.43")),
            ("seven digits",               "5550143",            Some("•••••43")),
            ("six digits",                 "550-143",            None),
            ("a name with a number",       "Ada 12025550143",    None),
            ("another sign",               "1202555#0143",       None),
            ("masked by Zoom",             "1202***0143",        None),
            ("masked by us",               "•••••••••43",        None),
            ("no digits",                  "+-(). +-()",         None),
        ];
        for (what, text, mask) in cases {
            let got = name(text).telephone_mask();
            assert_eq!(got.as_ref().map(Name::as_str), mask, "{what}");
            assert!(got.is_none_or(|mask| mask.is_telephone_mask()), "{what}");
        }
    }

    #[test]
    fn masks_are_known_as_such() {
        #[rustfmt::skip]
        let cases = [
            // what is special         name             mask
            ("a mask",                 "•••••••••43",   true),
            ("of a short number",      "•••-••43",      true),
            ("too short",              "••••43",        false),
            ("a third digit",          "1••••••••43",   false),
            ("digits elsewhere",       "43•••••••••",   false),
            ("more than a number",     "•••••••••43 a", false),
            ("a second caller's",      "•••••••••43 (2)", false),
        ];
        for (what, text, is_mask) in cases {
            assert_eq!(name(text).is_telephone_mask(), is_mask, "{what}");
        }
    }

    #[test]
    fn names_lose_their_numbers_wherever_they_stand() {
        let spared = BTreeSet::from([name("+1 202 555 0199")]);
        #[rustfmt::skip]
        let cases = [
            // what is special             before                                                      after
            ("a caller",                   r#"{"user_name":"12025550143"}"#,                           r#"{"user_name":"•••••••••43"}"#),
            ("deeper",                     r#"{"a":[{"invitee_name":"1202 555 0143"}]}"#,              r#"{"a":[{"invitee_name":"•••• ••• ••43"}]}"#),
            ("the number within a name",   r#"{"user_name":"Ada 12025550143","phone_number":"12025550143"}"#, r#"{"user_name":"Ada •••••••••43","phone_number":"12025550143"}"#),
            ("sent as a number",           r#"{"phone_number":12025550143,"user_name":"Ada 12025550143"}"#, r#"{"phone_number":12025550143,"user_name":"Ada •••••••••43"}"#),
            ("masked by Zoom beside it",   r#"{"user_name":"Ada 0143","phone_number":"*******0143"}"#, r#"{"user_name":"Ada 0143","phone_number":"*******0143"}"#),
            ("one that is named",          r#"{"user_name":"+1 202 555 0199"}"#,                       r#"{"user_name":"+1 202 555 0199"}"#),
            ("invisible signs in it",      r#"{"user_name":"1202\u200b5550143"}"#,                     r#"{"user_name":"•••••••••43"}"#),
            ("no name",                    r#"{"id":"12025550143","user_id":"12025550143"}"#,          r#"{"id":"12025550143","user_id":"12025550143"}"#),
            ("a name",                     r#"{"user_name":"Ada 1815"}"#,                              r#"{"user_name":"Ada 1815"}"#),
        ];
        for (what, before, after) in cases {
            let mut json = Json::parse(before).expect(what);
            mask_names(&mut json, &spared);
            assert_eq!(json.to_string(), after, "{what}");
        }
    }
}
