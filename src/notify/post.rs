//! A message, written out: what every service can carry, each in its own way.

/// A message, written out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Post {
    /// One line with markup.
    Line(String),
    /// Something to look at.
    Sheet(Sheet),
}

/// A title, a text and fields beside a bar of colour. Texts and values have markup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sheet {
    pub(super) colour: Colour,
    /// Plain where it is linked; with markup where it is not.
    pub(super) title: String,
    /// Where the title leads.
    pub(super) link: Option<String>,
    /// What is shown where there is no room for all of this; plain.
    pub(super) fallback: String,
    pub(super) text: String,
    pub(super) fields: Vec<Field>,
}

/// What is said in a word or two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// Plain.
    pub(super) title: String,
    pub(super) value: String,
    pub(super) width: Width,
}

/// Whether another field may stand beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    Half,
    Full,
}

/// The colour of a bar, as red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colour {
    /// The room is open.
    Open = 0x2e_b6_7d,
    /// It is empty.
    Empty = 0x8a_8f_98,
}
