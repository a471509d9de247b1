//! Removes dropped fields from bodies that can't be parsed as JSON.
//!
//! Such a body is quarantined unchanged, except for the values of dropped fields. Without a parser,
//! these are found by pattern: a quoted key, a colon, a value. The key may contain JSON escapes, and
//! all of it may be JSON within a JSON string, where quotes are escaped. Invalid bytes are skipped,
//! so that a damaged key or number is still found. A string becomes `""`, anything else `null`; all
//! other bytes stay.
//!
//! If damage makes the end of a value ambiguous, more is removed rather than less.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::types::Name;
use crate::zoom::escapes::unescaped;
use crate::zoom::surrogate;
use crate::zoom::telephone;

/// The maximum length of a key with its escapes.
const MAX_KEY_BYTES: usize = 1024;

/// Replaces a value that is no string.
const NULL: &[u8] = b"null";

/// Which values to remove.
pub(super) struct RawRedaction<'a> {
    /// The keys whose values are removed.
    pub(super) keys: &'a [String],
    /// Telephone numbers not to mask in names; `None`: mask none.
    pub(super) spared: Option<&'a BTreeSet<Name>>,
}

/// A quotation mark, and how many strings its string is nested in: 0 is `"`, 1 is `\"`, 2 is `\\\"`.
#[derive(Clone, Copy)]
struct Quote {
    at: usize,
    level: u32,
}

impl Quote {
    /// Where its backslashes begin.
    fn start(self) -> usize {
        self.at.saturating_sub((1_usize << self.level.min(usize::BITS - 1)) - 1)
    }
}

/// A value to remove or mask, without the quotes of a string.
struct Found {
    range: Range<usize>,
    level: u32,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A dropped string.
    Text,
    /// A dropped value of another kind.
    Other,
    /// A name, which may contain a telephone number.
    Name,
}

impl RawRedaction<'_> {
    /// Removes the values from `body`; `None` if there are none.
    pub(super) fn apply(&self, body: &[u8]) -> Option<Vec<u8>> {
        let scan = Scan { body, quotes: quotes(body) };
        let mut numbers = Vec::new();
        let found = self.find(&scan, &mut numbers);
        let mut kept = Vec::with_capacity(body.len());
        let mut copied = 0;
        for Found { range, level, kind } in found {
            let value = &body[range.clone()];
            let instead = match kind {
                // It lies within a removed value.
                _ if range.start < copied => None,
                Kind::Text => Some(Vec::new()),
                Kind::Other => Some(NULL.to_vec()),
                Kind::Name => self.masked(value, level, &numbers),
            };
            if let Some(instead) = instead.filter(|instead| instead != value) {
                kept.extend_from_slice(&body[copied..range.start]);
                kept.extend_from_slice(&instead);
                copied = range.end;
            }
        }
        if copied == 0 {
            return None;
        }
        kept.extend_from_slice(&body[copied..]);
        Some(kept)
    }

    /// The values of dropped fields and of names, in order. Adds dropped telephone numbers to
    /// `numbers`.
    fn find(&self, scan: &Scan<'_>, numbers: &mut Vec<String>) -> Vec<Found> {
        let mut found = Vec::new();
        let mut next = 0;
        while next < scan.quotes.len() {
            let at = next;
            next += 1;
            let Some((key, behind)) = scan.key(at) else { continue };
            let is_dropped = self.keys.contains(&key);
            let is_name = self.spared.is_some() && telephone::is_name(&key);
            if !is_dropped && !is_name {
                continue;
            }
            let Some(value) = scan.value(behind, scan.quotes[at].level) else { continue };
            if is_dropped {
                if self.spared.is_some() && key == telephone::NUMBER_KEY {
                    numbers.push(decoded(&scan.body[value.range.clone()], value.level));
                }
                next = scan.quotes.partition_point(|quote| quote.at < value.range.end);
                found.push(value);
            } else if value.kind == Kind::Text {
                found.push(Found { kind: Kind::Name, ..value });
            }
        }
        found
    }

    /// A name with its telephone number masked; `None` if there is none.
    fn masked(&self, value: &[u8], level: u32, numbers: &[String]) -> Option<Vec<u8>> {
        let spared = self.spared?;
        let name = decoded(value, level);
        let mut masked = name.clone();
        telephone::mask_name(&mut masked, None, spared);
        for number in numbers {
            telephone::mask_name(&mut masked, Some(number), spared);
        }
        (masked != name).then(|| escaped(masked, level).into_bytes())
    }
}

/// A body and its quotation marks.
struct Scan<'a> {
    body: &'a [u8],
    quotes: Vec<Quote>,
}

impl Scan<'_> {
    /// The key between the quote at `place` and the next, if a colon follows, and where it ends.
    fn key(&self, place: usize) -> Option<(String, usize)> {
        let open = self.quotes[place];
        let near =
            self.quotes[place + 1..].iter().take_while(|quote| quote.at - open.at <= MAX_KEY_BYTES);
        let close = near.copied().find(|quote| quote.level <= open.level)?;
        if close.level != open.level {
            return None;
        }
        let colon = self.skip_junk(close.at + 1);
        if self.body.get(colon) != Some(&b':') {
            return None;
        }
        let key = self.body.get(open.at + 1..close.start())?;
        Some((decoded(key, open.level), colon + 1))
    }

    /// The value after `at`, in a string of `level`; `None` if there is none.
    fn value(&self, at: usize, level: u32) -> Option<Found> {
        let start = self.skip_junk(at);
        let next = self.quotes.partition_point(|quote| quote.at < start);
        let quote = self.quotes.get(next).copied();
        let opens = quote.filter(|quote| self.body[start..quote.at].iter().all(|b| *b == b'\\'));
        if let Some(open) = opens {
            if open.level < level {
                return None;
            }
            let (end, _) = self.string_end(next);
            return Some(Found { range: open.at + 1..end, level: open.level, kind: Kind::Text });
        }
        let end = match self.body.get(start)? {
            b'{' | b'[' => self.container_end(start, level),
            _ => self.scalar_end(start),
        };
        (start < end).then_some(Found { range: start..end, level, kind: Kind::Other })
    }

    /// The end of the content, and the end of the string, that the quote at `place` opens. A quote
    /// ends the string only if something follows that may follow a string.
    fn string_end(&self, place: usize) -> (usize, usize) {
        let level = self.quotes[place].level;
        for quote in &self.quotes[place + 1..] {
            if quote.level < level {
                return (quote.start(), quote.start());
            }
            let ends = || match self.body.get(self.skip_junk(quote.at + 1)) {
                None | Some(b',' | b'}' | b']' | b':') => true,
                // White space in a nested string is escaped.
                Some(byte) => *byte == b'\\' && level > 0,
            };
            if quote.level == level && ends() {
                return (quote.start(), quote.at + 1);
            }
        }
        (self.body.len(), self.body.len())
    }

    /// The end of the list or object that begins at `start`.
    fn container_end(&self, start: usize, level: u32) -> usize {
        let (mut at, mut depth) = (start, 0_usize);
        let mut next = self.quotes.partition_point(|quote| quote.at < start);
        while at < self.body.len() {
            match self.body[at] {
                b'"' => {
                    while self.quotes[next].at < at {
                        next += 1;
                    }
                    if self.quotes[next].level < level {
                        return self.quotes[next].start();
                    }
                    (_, at) = self.string_end(next);
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' if depth == 1 => return at + 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            at += 1;
        }
        self.body.len()
    }

    /// The end of a number or word.
    fn scalar_end(&self, start: usize) -> usize {
        // A `null` stays as it is.
        if let Some(rest) = self.body[start..].strip_prefix(NULL)
            && !rest.first().is_some_and(u8::is_ascii_alphanumeric)
        {
            return start + NULL.len();
        }
        let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b'"' | b'\\');
        let length = self.body[start..].iter().position(ends);
        let end = length.map_or(self.body.len(), |length| start + length);
        let value = self.body[start..end].trim_ascii_end();
        start + value.len()
    }

    /// The next position with a visible ASCII character.
    fn skip_junk(&self, at: usize) -> usize {
        let rest = self.body.get(at..).unwrap_or_default();
        at + rest.iter().take_while(|byte| !byte.is_ascii_graphic()).count()
    }
}

fn quotes(body: &[u8]) -> Vec<Quote> {
    let (mut quotes, mut backslashes) = (Vec::new(), 0_u32);
    for (at, byte) in body.iter().enumerate() {
        match byte {
            b'\\' => backslashes += 1,
            b'"' => quotes.push(Quote { at, level: backslashes.trailing_ones() }),
            _ => {}
        }
        if *byte != b'\\' {
            backslashes = 0;
        }
    }
    quotes
}

/// Decodes a string nested in `level` strings, without invalid bytes.
fn decoded(bytes: &[u8], level: u32) -> String {
    let text = surrogate::lossy_text_of(bytes);
    let is_text = |c: &char| *c != char::REPLACEMENT_CHARACTER && !c.is_control();
    let text: String = text.chars().filter(is_text).collect();
    (0..=level).fold(text, |text, _| unescaped(&text))
}

/// Encodes `text` as a string nested in `level` strings.
fn escaped(text: String, level: u32) -> String {
    (0..=level).fold(text, |text, _| {
        let quoted = serde_json::to_string(&text).expect("any text can be written as JSON");
        quoted[1..quoted.len() - 1].to_owned()
    })
}

#[cfg(test)]
mod tests;
