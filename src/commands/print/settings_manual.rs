//! The manual page of `lookout.toml`, made from the comments of the settings file itself.

use clap_mangen::roff::{Roff, bold, italic, roman};

use crate::config::{CommentedSection, commented_sections};

/// The file's name; its page is in section 5, file formats.
pub(super) const FILE_NAME: &str = "lookout.toml.5";

const DESCRIPTION: &str = "Lookout reads the file that -c names; without this option, lookout.toml in the \
    working directory, else in /etc/lookout. Without any file, the defaults hold. The format is TOML. \
    Relative paths are relative to the file. Each key of a section can also be set in the environment, as \
    LOOKOUT_<SECTION>__<KEY>, for example LOOKOUT_SITE__TITLE=Lounge; values in double brackets are lists, \
    and have no such variables.";

/// Renders the page.
pub(super) fn page() -> String {
    let version = concat!("lookout ", env!("CARGO_PKG_VERSION"));
    let mut roff = Roff::new();
    roff.control("TH", ["lookout.toml", "5", "", version])
        .control("SH", ["NAME"])
        .text([roman("lookout.toml - settings of Lookout")])
        .control("SH", ["DESCRIPTION"])
        .text([roman(DESCRIPTION)]);
    for section in commented_sections() {
        add_section(&mut roff, &section);
    }
    roff.control("SH", ["SEE ALSO"]).text([
        bold("lookout"),
        roman("(1); "),
        bold("lookout check"),
        roman(" says what is missing, "),
        bold("lookout guide settings"),
        roman(" says more."),
    ]);
    roff.render()
}

fn add_section(roff: &mut Roff, section: &CommentedSection) {
    let heading = if section.is_list {
        format!("[[{}]]", section.name)
    } else {
        format!("[{}]", section.name)
    };
    roff.control("SH", [heading.as_str()]);
    if !section.comment.is_empty() {
        roff.text([roman(&section.comment)]);
    }
    for key in &section.keys {
        roff.control("TP", [])
            .text([bold(key.name), roman(" = "), italic(key.value)])
            .text([roman(&key.comment)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_is_a_paragraph_with_its_default_and_meaning() {
        let page = page();
        let title = ".TP\n\\fBtitle\\fR = \\fI\"Lookout\"\\fR\nThe title of the page.\n";
        assert!(page.contains(title), "{page}");
        assert!(page.contains(".SH [[rooms]]\nThe rooms to show"), "{page}");
    }
}
