//! `[[rooms]]`: the meetings to show.

use unicode_normalization::UnicodeNormalization;

use crate::config::emoji::Emoji;
use crate::config::problem::Diagnostic;
use crate::config::section::{KeySpans, Section};
use crate::config::settings::Room;
use crate::config::slug::Slug;
use crate::config::{url, values};

/// One room; `None` if a required key is missing or wrong.
pub(in crate::config) fn read(section: &mut Section<'_>) -> Option<Room> {
    let meeting_id = section.required(
        "meeting_id",
        "the number Zoom shows for the meeting, such as `meeting_id = \"123 4567 890\"`",
        meeting_id,
    );
    let name =
        section.required("name", "the name to show, such as `name = \"Lounge\"`", values::name);
    let slug = section.optional("slug", Slug::parse);
    let join_url = section.value("join_url", "", url::link);
    let icon = section.optional("icon", Emoji::parse);
    let subtitle = section.optional("subtitle", values::name).map(|name| name.to_string());
    let stale_after = section.optional("stale_after", values::stale_after);
    let (meeting_id, name) = (meeting_id?, name?.to_string());
    let slug = slug.unwrap_or_else(|| slug_of(&name, &meeting_id));
    Some(Room { meeting_id, name, slug, join_url, icon, subtitle, stale_after })
}

/// Reports meeting numbers and slugs that two rooms share.
pub(in crate::config) fn conflicts(rooms: &[(Room, KeySpans)]) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for (n, (room, spans)) in rooms.iter().enumerate() {
        let before = &rooms[..n];
        let mut report = |key: &str, earlier: Option<&(Room, KeySpans)>, message: String| {
            if let (Some((_, first)), Some(here)) = (earlier, spans.key_or_header(key)) {
                let diagnostic = Diagnostic::new(here.clone(), message);
                diagnostics.push(match first.key_or_header(key) {
                    Some(first) => diagnostic.after(first.clone()),
                    None => diagnostic,
                });
            }
        };
        let same_id = before.iter().find(|(other, _)| other.meeting_id == room.meeting_id);
        report(
            "meeting_id",
            same_id,
            format!("two rooms have the meeting_id `{}`; a meeting has one room", room.meeting_id),
        );
        let same_slug = before.iter().find(|(other, _)| other.slug == room.slug);
        report(
            "slug",
            same_slug,
            format!("two rooms have the slug `{}`; give one of them another `slug`", room.slug),
        );
    }
    diagnostics
}

/// A meeting number as Zoom shows it (`123 4567 890`) or as in its links (`1234567890`).
fn meeting_id(text: &str) -> Result<String, String> {
    let separator = |c: char| c.is_whitespace() || c == '-';
    let digits: String = text.chars().filter(|c| !separator(*c)).collect();
    if digits.is_empty() || digits.len() > 20 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!(
            "`{text}` is not a meeting number; copy the digits Zoom shows, such as `123 4567 890`"
        ));
    }
    Ok(digits)
}

/// The slug of a room without one: the letters of its name, without diacritics.
fn slug_of(name: &str, meeting_id: &str) -> Slug {
    let mut slug = String::new();
    for c in name.nfkd().flat_map(char::to_lowercase) {
        match ascii(c) {
            Some(letters) if slug.len() + letters.len() <= 64 => slug.push_str(&letters),
            None if !is_mark(c) && !slug.ends_with('-') && !slug.is_empty() && slug.len() < 64 => {
                slug.push('-')
            }
            _ => {}
        }
    }
    let slug = slug.trim_end_matches('-');
    Slug::parse(slug)
        .or_else(|_| Slug::parse(&format!("{slug}-room")))
        .or_else(|_| Slug::parse(&format!("room-{meeting_id}")))
        .expect("a word, a hyphen and at most 20 digits are a slug")
}

/// The ASCII form of a lower-case letter, if it has one.
fn ascii(c: char) -> Option<String> {
    let letters = match c {
        'a'..='z' | '0'..='9' => return Some(c.to_string()),
        'ı' => "i",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        _ => return None,
    };
    Some(letters.to_owned())
}

/// Whether `c` is a combining mark or an apostrophe.
fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c) || matches!(c, '\'' | '’')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_without_a_slug_gets_one_from_its_name() {
        #[rustfmt::skip]
        let cases = [
            // what is special           name                 slug
            ("one word",                 "Lounge",            "lounge"),
            ("words and signs",          "Tea & Talk, daily", "tea-talk-daily"),
            ("Turkish letters",          "İğne Çıkışı Şöyle", "igne-cikisi-soyle"),
            ("letters of two",           "Straße Øst",        "strasse-ost"),
            ("an apostrophe",            "Ada's room",        "adas-room"),
            ("a reserved word",          "Live!",             "live-room"),
            ("no Latin letters",         "☕ 部屋",            "room-42"),
        ];
        for (what, name, slug) in cases {
            assert_eq!(slug_of(name, "42").as_str(), slug, "{what}");
        }
    }

    #[test]
    fn the_longest_name_still_gives_a_slug() {
        assert_eq!(slug_of(&"ß".repeat(99), "42").as_str().len(), 64);
        assert_eq!(slug_of(&"a ".repeat(99), "42").as_str().len(), 63);
    }

    #[test]
    fn a_meeting_number_may_be_typed_as_zoom_shows_it() {
        #[rustfmt::skip]
        let cases = [
            // what is special       text             digits
            ("plain",                "1234567890",    Some("1234567890")),
            ("with spaces",          "123 4567 890",  Some("1234567890")),
            ("with hyphens",         "123-4567-890",  Some("1234567890")),
            ("no-break space",       "123\u{a0}456",  Some("123456")),
            ("letters",              "my-room",       None),
            ("empty",                "",              None),
            ("other digits",         "١٢٣",           None),
        ];
        for (what, text, digits) in cases {
            assert_eq!(meeting_id(text).ok().as_deref(), digits, "{what}");
        }
    }
}
