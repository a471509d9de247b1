//! The page that lists what templates receive.

use std::collections::BTreeSet;
use std::fs;

use lookout::config::Environment;
use lookout::site::model_schema;
use serde_json::Value;

use super::root;

const PAGE: &str = "src/guide/template-variables.md";

/// Above what is made from the types.
const MARK: &str = "src/dashboard and src/site. -->\n";

/// The types of what templates receive, in the order of the page, and for which templates each is.
const MODELS: [(&str, &str); 4] = [
    ("Page", "`index.html`, `room.html` and `embed.html`"),
    ("OwnModel", "files of your own (`more/…`)"),
    ("Feed", "`feed.xml`"),
    ("Badge", "`badge.svg`"),
];

/// What no template receives, but `build --model` prints.
const ABOVE: [&str; 2] = ["Model", "TemplateInput"];

#[test]
fn the_page_of_variables_lists_what_the_types_say() {
    let page = fs::read_to_string(root().join(PAGE)).expect("it is there");
    let (before, listed) = page.split_once(MARK).expect("the page has the mark");
    let expected = format!("\n{}", reference(&model_schema().to_value()));
    let accepted = Environment::from_process().is_set("LOOKOUT_ACCEPT");
    if accepted && listed != expected {
        fs::write(root().join(PAGE), format!("{before}{MARK}{expected}")).expect("written");
    } else {
        assert!(
            listed == expected,
            "{PAGE} is not what the types say; \
             `LOOKOUT_ACCEPT=1 cargo test --test it -- guide` writes it anew:\n{expected}"
        );
    }
}

/// A table for each type.
fn reference(schema: &Value) -> String {
    let types = schema["$defs"].as_object().expect("there are some");
    let mut text = table("Every template", "", schema, types, &["models"]);
    let mut listed: BTreeSet<&str> = ABOVE.into();
    for (name, templates) in MODELS {
        let page = types["Page"]["properties"].as_object().expect("it has some");
        let of_page: Vec<&str> = match name {
            "OwnModel" => page.keys().map(String::as_str).collect(),
            _ => Vec::new(),
        };
        let besides = if of_page.is_empty() { "" } else { " all of [Page](#page), and" };
        let note = format!("For {templates}:{besides}");
        text += &table(name, &note, &types[name], types, &of_page);
        listed.insert(name);
    }
    for (name, of_type) in types.iter().filter(|(name, _)| !listed.contains(name.as_str())) {
        if of_type["properties"].is_object() {
            text += &table(name, "", of_type, types, &[]);
        }
    }
    text.trim_end().to_owned() + "\n"
}

type Types = serde_json::Map<String, Value>;

fn table(heading: &str, note: &str, of: &Value, types: &Types, except: &[&str]) -> String {
    let about = of["description"].as_str().filter(|_| of["$schema"].is_null()).unwrap_or_default();
    let mut text = format!("## {heading}\n\n");
    let about = if note.is_empty() { prose(about) } else { note.to_owned() };
    if !about.is_empty() {
        text += &format!("{about}\n\n");
    }
    text += "| name | is | meaning |\n|---|---|---|\n";
    let properties = of["properties"].as_object().expect("a type with names");
    for (name, schema) in properties.iter().filter(|(name, _)| !except.contains(&name.as_str())) {
        let meaning = prose(schema["description"].as_str().unwrap_or_default());
        text += &format!("| `{name}` | {} | {meaning} |\n", kind(schema, types));
    }
    text + "\n"
}

/// A comment of the source in one line of a table.
fn prose(comment: &str) -> String {
    comment.replace('\n', " ").replace('|', "\\|")
}

/// What a value is, with a link to its type.
fn kind(schema: &Value, types: &Types) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return match &types[name] {
            of if of["properties"].is_object() => format!("[{name}](#{})", name.to_lowercase()),
            of => kind(of, types),
        };
    }
    if let Some(several) = schema["anyOf"].as_array() {
        let kinds: BTreeSet<_> = several.iter().map(|one| kind(one, types)).collect();
        return alternatives(kinds);
    }
    match &schema["type"] {
        Value::Array(several) => {
            let one = |name: &Value| kind(&serde_json::json!({ "type": name }), types);
            alternatives(several.iter().map(one).collect())
        }
        Value::String(name) => match name.as_str() {
            "string" => "text".to_owned(),
            "boolean" => "yes or no".to_owned(),
            "integer" | "number" => "number".to_owned(),
            "array" => format!("list of {}", inner(&schema["items"], types)),
            "object" => format!("map of {}", inner(&schema["additionalProperties"], types)),
            other => other.to_owned(),
        },
        other => panic!("a type that the page cannot tell: {other}"),
    }
}

/// What the items of a list or a map are.
fn inner(schema: &Value, types: &Types) -> String {
    let kind = kind(schema, types);
    if kind.contains(" or ") { format!("({kind})") } else { kind }
}

/// `text or null`.
fn alternatives(kinds: BTreeSet<String>) -> String {
    let (null, others): (Vec<_>, Vec<_>) = kinds.into_iter().partition(|kind| kind == "null");
    others.into_iter().chain(null).collect::<Vec<_>>().join(" or ")
}
