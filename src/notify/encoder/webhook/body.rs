//! The body of a webhook: JSON with everything, or the operator's template.
//!
//! `{{ }}` escapes a value for the content type of the request: for JSON, forms, and HTML or XML.
//! `| json` writes a value as JSON with its quotes and brackets; `| safe` does nothing.

use std::io::{self, Write};

use anyhow::{Result, anyhow};
use reqwest::header::HeaderValue;
use serde::de::IgnoredAny;
use tera::{Context, EscapeFn, Kwargs, State, Tera, TeraResult, Value};

use super::model::Model;

/// The name of the template in errors.
const NAME: &str = "notify.body";

/// How to write the body.
pub(super) struct Body {
    template: Option<Tera>,
    is_json: bool,
}

impl Body {
    /// Compiles `source`, which may be empty, for requests with this content type.
    ///
    /// # Errors
    ///
    /// The template is broken; the error shows line, column and the line itself.
    pub(super) fn parse(source: &str, content_type: &HeaderValue) -> Result<Self> {
        let content_type = content_type.to_str().unwrap_or_default().to_lowercase();
        let is_json = content_type.contains("json");
        if source.is_empty() {
            return Ok(Self { template: None, is_json });
        }
        let mut tera = Tera::new();
        tera.set_escape_fn(escaper(&content_type));
        tera.autoescape_on([NAME]);
        let json = |value: Value, _: Kwargs, _: &State| -> TeraResult<Value> {
            let text = serde_json::to_string(&value).map_err(tera::Error::message)?;
            Ok(Value::safe_string(&text))
        };
        tera.register_filter("json", json);
        tera.register_filter("safe", |value: Value, _: Kwargs, _: &State| value);
        tera.add_raw_template(NAME, source).map_err(|error| broken(&error))?;
        Ok(Self { template: Some(tera), is_json })
    }

    /// Renders the body.
    ///
    /// # Errors
    ///
    /// The template uses a variable that does not exist, or the result is not the JSON that the
    /// content type promises.
    pub(super) fn render(&self, model: &Model) -> Result<String> {
        let Some(template) = &self.template else { return Ok(serde_json::to_string(model)?) };
        let context = Context::from_serialize(model).map_err(|error| broken(&error))?;
        let text = template.render(NAME, &context).map_err(|error| broken(&error))?;
        if self.is_json {
            serde_json::from_str::<IgnoredAny>(&text).map_err(|error| {
                anyhow!(
                    "`notify.body` makes no JSON: {error}; write `{{{{ text | json }}}}` without \
                     quotes around it, or another `Content-Type` in `headers`"
                )
            })?;
        }
        Ok(text)
    }
}

fn broken(error: &tera::Error) -> anyhow::Error {
    anyhow!("failed to render `notify.body`\n{error}")
}

fn escaper(content_type: &str) -> EscapeFn {
    if content_type.contains("json") {
        json
    } else if content_type.contains("x-www-form-urlencoded") {
        form
    } else if content_type.contains("html") || content_type.contains("xml") {
        tera::escape_html
    } else {
        |text, output| output.write_all(text.as_bytes())
    }
}

/// Escapes for the inside of a string of JSON.
fn json(text: &str, output: &mut dyn Write) -> io::Result<()> {
    let quoted = serde_json::to_string(text)?;
    output.write_all(&quoted.as_bytes()[1..quoted.len() - 1])
}

/// Encodes for a value of a form.
fn form(text: &str, output: &mut dyn Write) -> io::Result<()> {
    for byte in text.bytes() {
        match byte {
            b'-' | b'.' | b'_' | b'~' => output.write_all(&[byte])?,
            _ if byte.is_ascii_alphanumeric() => output.write_all(&[byte])?,
            _ => write!(output, "%{byte:02X}")?,
        }
    }
    Ok(())
}
