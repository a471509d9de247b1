//! A strict reader of iCalendar, RFC 5545: as much of it as a calendar of events needs.

use std::collections::BTreeMap;

/// `VCALENDAR`, or what is in it.
#[derive(Debug)]
pub struct Component {
    name: String,
    /// Names, without parameters, and values as they are written.
    properties: Vec<(String, String)>,
    inner: Vec<Component>,
}

impl Component {
    /// Its parts called `name`.
    pub fn components<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Component> {
        self.inner.iter().filter(move |inner| inner.name == name)
    }

    /// The value of the property `name`, as it is written.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.properties.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The text of the property `name`.
    pub fn text(&self, name: &str) -> String {
        unescaped(self.value(name).expect(name)).expect("it was checked")
    }
}

/// Reads a calendar, or says what is wrong with it.
pub fn read(text: &str) -> Result<Component, String> {
    let lines = unfolded(text)?;
    let mut open =
        vec![Component { name: String::new(), properties: Vec::new(), inner: Vec::new() }];
    for line in &lines {
        let (name, value) = line.split_once(':').ok_or(format!("`{line}` has no value"))?;
        let name = name.split(';').next().unwrap_or_default();
        if !name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-')
            || name.is_empty()
        {
            return Err(format!("`{name}` is no name of a property"));
        }
        match name {
            "BEGIN" => open.push(Component {
                name: value.into(),
                properties: Vec::new(),
                inner: Vec::new(),
            }),
            "END" => {
                let component = open
                    .pop()
                    .filter(|it| it.name == value)
                    .ok_or(format!("`{value}` ends twice"))?;
                check(&component)?;
                open.last_mut().ok_or("an end without a begin")?.inner.push(component);
            }
            _ => {
                open.last_mut().expect("there is one").properties.push((name.into(), value.into()))
            }
        }
    }
    match (open.pop(), open.is_empty()) {
        (Some(mut root), true) if root.properties.is_empty() && root.inner.len() == 1 => {
            root.inner.pop().ok_or_else(String::new)
        }
        _ => Err("it is no single calendar".to_owned()),
    }
}

/// The lines, put together again.
fn unfolded(text: &str) -> Result<Vec<String>, String> {
    let mut lines: Vec<String> = Vec::new();
    let body = text.strip_suffix("\r\n").ok_or("the last line does not end with CR LF")?;
    for line in body.split("\r\n") {
        if line.contains(['\r', '\n']) {
            return Err(format!("`{line}` has another end of line"));
        }
        if line.len() > 75 || line.is_empty() {
            return Err(format!("`{line}` is {} bytes long", line.len()));
        }
        match (line.strip_prefix(' '), lines.last_mut()) {
            (Some(more), Some(before)) => before.push_str(more),
            (Some(_), None) => return Err("the first line is a continuation".to_owned()),
            (None, _) => lines.push(line.to_owned()),
        }
    }
    match lines.iter().find(|line| line.chars().any(|c| c.is_control() && c != '\t')) {
        Some(line) => Err(format!("`{line}` has a control character")),
        None => Ok(lines),
    }
}

/// What each component must have.
fn check(component: &Component) -> Result<(), String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, _) in &component.properties {
        *counts.entry(name).or_default() += 1;
    }
    if let Some((name, _)) = counts.iter().find(|(_, count)| **count > 1) {
        return Err(format!("`{name}` stands twice"));
    }
    let required: &[&str] = match component.name.as_str() {
        "VCALENDAR" => &["PRODID", "VERSION"],
        "VEVENT" => &["UID", "DTSTAMP", "DTSTART"],
        "VTIMEZONE" => &["TZID"],
        "STANDARD" => &["DTSTART", "TZOFFSETFROM", "TZOFFSETTO"],
        other => return Err(format!("`{other}` is not expected")),
    };
    if let Some(missing) = required.iter().find(|name| !counts.contains_key(*name)) {
        return Err(format!("`{}` lacks `{missing}`", component.name));
    }
    match component.name.as_str() {
        "VCALENDAR" if component.inner.is_empty() => Err("the calendar has no part".to_owned()),
        "VCALENDAR" if component.value("VERSION") != Some("2.0") => {
            Err("another version".to_owned())
        }
        "VEVENT" => check_event(component),
        _ => Ok(()),
    }
}

fn check_event(event: &Component) -> Result<(), String> {
    for (name, value) in &event.properties {
        match name.as_str() {
            "UID" | "SUMMARY" | "DESCRIPTION" => drop(unescaped(value)?),
            "DTSTAMP" | "DTSTART" | "DTEND" => check_moment(value)?,
            "TRANSP" if value == "TRANSPARENT" => {}
            "URL" if value.starts_with("https://") => {}
            _ => return Err(format!("`{name}:{value}` is not expected")),
        }
    }
    let is_reversed = event.value("DTEND").is_some_and(|end| Some(end) <= event.value("DTSTART"));
    if is_reversed { Err("it ends before it starts".to_owned()) } else { Ok(()) }
}

/// `20260105T173000Z`.
fn check_moment(value: &str) -> Result<(), String> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_moment = value.len() == 16
        && digits(&value[..8])
        && &value[8..9] == "T"
        && digits(&value[9..15])
        && value.ends_with('Z');
    if is_moment { Ok(()) } else { Err(format!("`{value}` is no moment in UTC")) }
}

/// A text without its escapes.
fn unescaped(value: &str) -> Result<String, String> {
    let mut text = String::new();
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some(escaped @ ('\\' | ';' | ',')) => text.push(escaped),
                Some('n' | 'N') => text.push('\n'),
                other => return Err(format!("`{value}`: `\\` before {other:?}")),
            },
            ';' | ',' => return Err(format!("`{value}`: `{letter}` is not escaped")),
            _ => text.push(letter),
        }
    }
    Ok(text)
}
