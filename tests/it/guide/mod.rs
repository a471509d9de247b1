//! The README and the guide: what they name exists.

mod commands;
mod links;
mod quotes;
mod settings;
mod variables;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use lookout::guide::PAGES;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A page of Markdown, and what the tests look at.
#[derive(Default)]
struct Document {
    /// From the root of the repository on.
    path: PathBuf,
    /// Where links and pictures lead.
    links: Vec<String>,
    /// The anchors of headings, as the forge and rustdoc make them.
    anchors: BTreeSet<String>,
    /// Code in the text.
    spans: Vec<String>,
    /// Code blocks, with their languages.
    blocks: Vec<(String, String)>,
}

impl Document {
    fn read(path: &str) -> Self {
        let text = fs::read_to_string(root().join(path)).expect(path);
        let mut document = Self { path: path.into(), ..Self::default() };
        let mut heading: Option<String> = None;
        let mut in_block = false;
        for event in Parser::new_ext(&text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    document.links.push(dest_url.into_string());
                }
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    let anchor = anchor(&heading.take().unwrap_or_default());
                    document.anchors.insert(anchor);
                }
                Event::Start(Tag::CodeBlock(kind)) => {
                    let language = match kind {
                        CodeBlockKind::Fenced(language) => language.into_string(),
                        CodeBlockKind::Indented => String::new(),
                    };
                    document.blocks.push((language, String::new()));
                    in_block = true;
                }
                Event::End(TagEnd::CodeBlock) => in_block = false,
                Event::Text(text) if in_block => {
                    document.blocks.last_mut().expect("it has begun").1 += &text;
                }
                Event::Text(text) => heading.iter_mut().for_each(|heading| *heading += &text),
                Event::Code(code) => {
                    heading.iter_mut().for_each(|heading| *heading += &code);
                    document.spans.push(code.into_string());
                }
                Event::Html(html) | Event::InlineHtml(html) => {
                    document.links.extend(sources(&html));
                }
                _ => {}
            }
        }
        document
    }

    /// The commands in the text and in shell blocks, one a line.
    fn command_lines(&self) -> impl Iterator<Item = &str> {
        let is_shell = |(language, _): &&(String, String)| language == "sh";
        let shell = self.blocks.iter().filter(is_shell).flat_map(|(_, text)| text.lines());
        self.spans.iter().map(String::as_str).chain(shell)
    }
}

/// The pages that must be true: the README and the guide.
fn documents() -> BTreeMap<PathBuf, Document> {
    let guide = PAGES.iter().map(|page| format!("src/guide/{}.md", page.name));
    let read = guide.chain(["README.md".to_owned()]).map(|path| Document::read(&path));
    read.map(|document| (document.path.clone(), document)).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The anchor of a heading: lower case, spaces as hyphens, no punctuation.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter_map(|letter| match letter {
        ' ' => Some('-'),
        '-' | '_' => Some(letter),
        _ => letter.is_alphanumeric().then_some(letter),
    });
    kept.collect::<String>().to_lowercase()
}

/// The files that HTML shows: values of `src` and `srcset`.
fn sources(html: &str) -> Vec<String> {
    let attribute = |part: &str| part.split('"').next().unwrap_or_default().to_owned();
    let of = |name: &str| html.split(name).skip(1).map(attribute).collect::<Vec<_>>();
    [of("src=\""), of("srcset=\"")].concat()
}

/// Fails with all problems, one a line.
#[track_caller]
fn assert_none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}
