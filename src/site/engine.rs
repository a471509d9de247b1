//! The template engine: renders each template with the escaping of its file's format. Its filters:
//!
//! - `json` prints any value as JSON;
//! - `data_uri` turns the URL of a person's picture into one that contains the picture, for files that
//!   can load no other.
//!
//! Tera has one function that escapes, whatever the template is called. So each format that is in
//! use has a copy of it, with the same templates.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use tera::{Context, Kwargs, State, Tera, TeraResult, Value};

use super::assets::Asset;
use super::escape;
use super::format::Format;

/// All templates.
#[derive(Clone)]
pub(super) struct Engine {
    markup: Tera,
    /// Those for formats other than markup.
    others: BTreeMap<Format, Tera>,
}

impl Engine {
    /// An engine with the templates and variables of `tera`, for files of `formats`.
    pub(super) fn new(tera: Tera, formats: impl Iterator<Item = Format>) -> Self {
        let others = formats.filter(|format| *format != Format::Markup);
        let others = others.map(|format| (format, with_format(tera.clone(), format)));
        Self { others: others.collect(), markup: tera }
    }

    /// Renders a file from the template `template`.
    ///
    /// # Errors
    ///
    /// The template has a fault. The error shows file, line, column and the line itself.
    pub(super) fn render(&self, template: &str, context: &Context) -> Result<Vec<u8>, String> {
        let format = Format::of(template).unwrap_or(Format::Markup);
        let tera = self.others.get(&format).unwrap_or(&self.markup);
        let mut bytes = Vec::new();
        tera.render_to(template, context, &mut bytes).map_err(|error| error.to_string())?;
        format.complete(bytes).map_err(|why| format!("error: {why}\n --> {template}"))
    }
}

/// Adds the filters of pages to `tera`, which has no templates yet.
pub(super) fn register_filters(tera: &mut Tera) {
    tera.register_filter("json", |value: Value, _: Kwargs, _: &State| -> TeraResult<Value> {
        Ok(Value::normal_string(&json(&value)?))
    });
    set_pictures(tera, BTreeMap::new());
}

/// Makes the `pictures`, by their paths below `site.path`, known to the filter `data_uri`.
pub(super) fn set_pictures(tera: &mut Tera, pictures: BTreeMap<String, Asset>) {
    let pictures = Arc::new(pictures);
    tera.register_filter("data_uri", move |value: Value, _: Kwargs, _: &State| {
        let url = value.as_str().unwrap_or_default();
        let path = url.trim_start_matches("../").trim_start_matches("./");
        let picture = pictures.get(path).ok_or_else(|| {
            tera::Error::message(format!("`{url}` is not the URL of a person's picture"))
        })?;
        let kind = mime_guess::from_path(path).first_or_octet_stream();
        let bytes = BASE64_STANDARD.encode(&picture.bytes);
        Ok::<_, tera::Error>(Value::normal_string(&format!("data:{kind};base64,{bytes}")))
    });
}

fn with_format(mut tera: Tera, format: Format) -> Tera {
    tera.set_escape_fn(format.escape_fn());
    if format == Format::Json {
        tera.register_filter("json", |value: Value, _: Kwargs, _: &State| -> TeraResult<Value> {
            Ok(Value::safe_string(&json(&value)?))
        });
    }
    tera
}

/// `value` as JSON, with its keys in order.
fn json(value: &Value) -> TeraResult<String> {
    let ordered = serde_json::to_value(value).map_err(tera::Error::message)?;
    escape::json_value(&ordered).map_err(tera::Error::message)
}
