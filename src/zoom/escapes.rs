//! Decodes JSON escapes in any text.

/// `text` with complete JSON escapes decoded. Escaped control characters become spaces.
pub fn unescaped(text: &str) -> String {
    let mut units = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some((unit, length)) = escape(rest) {
            units.push(unit);
            rest = &rest[length..];
        } else {
            units.extend(c.encode_utf16(&mut [0; 2]).iter());
            rest = &rest[c.len_utf8()..];
        }
    }
    String::from_utf16_lossy(&units)
}

/// The UTF-16 unit of the escape at the start of `text`, and the escape's length.
fn escape(text: &str) -> Option<(u16, usize)> {
    let escaped = text.strip_prefix('\\')?;
    let unit = match escaped.bytes().next()? {
        byte @ (b'"' | b'\\' | b'/') => byte.into(),
        b'n' | b'r' | b't' | b'b' | b'f' => b' '.into(),
        b'u' => {
            let digits = escaped.get(1..5)?;
            return Some((u16::from_str_radix(digits, 16).ok()?, 6));
        }
        _ => return None,
    };
    Some((unit, 2))
}
