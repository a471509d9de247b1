//! The templates of messages, in one language and one markup.
//!
//! Each text is a component of `messages/<language>.txt`, so an operator's file of that name can
//! replace some of them. Templates are compiled twice, for markup and for plain text, because Tera
//! has one escaper for all output. So `{{ joined.names }}` in a template is always escaped.

use anyhow::{Result, anyhow, ensure};
use tera::{Context, EscapeFn, Kwargs, State, StringInput, Tera, TeraResult, Value};

use super::markup::Markup;
use crate::config::Site;
use crate::dashboard::Translation;
use crate::site::templates::{MESSAGES, fill, fill_with_builtin};
use crate::site::{LoadProblems, builtin_templates};

/// The texts of one language, for one chat.
#[derive(Clone)]
pub(super) struct Templates {
    /// The file of the language.
    name: String,
    marked: Tera,
    plain: Tera,
}

impl Templates {
    /// Compiles the built-in templates and the operator's templates that replace them.
    pub(super) fn load(markup: &Markup, site: &Site) -> Result<Self> {
        let mut problems = LoadProblems::default();
        let templates = Self::compile(markup, site, |tera, belongs| {
            fill(tera, &site.templates_dir, belongs, &mut problems);
        });
        // Both compilations find the same faults.
        problems.faults.dedup();
        ensure!(problems.faults.is_empty(), "{}", problems.faults.join("\n"));
        Ok(templates)
    }

    /// Compiles the built-in templates only.
    pub(super) fn builtin(markup: &Markup, site: &Site) -> Self {
        Self::compile(markup, site, |tera, belongs| fill_with_builtin(tera, belongs))
    }

    fn compile(
        markup: &Markup,
        site: &Site,
        mut fill: impl FnMut(&mut Tera, &dyn Fn(&str) -> bool),
    ) -> Self {
        let name = format!("{MESSAGES}{}.txt", Translation::of(site.language).lang);
        let builtin = builtin_templates();
        let belongs = |file: &str| {
            let is_of_another_language = || builtin.iter().any(|(builtin, _)| builtin == file);
            file == name || file.starts_with(MESSAGES) && !is_of_another_language()
        };
        let mut compile = |escape: EscapeFn, link, bold| {
            let mut tera = Tera::new();
            tera.set_escape_fn(escape);
            register(&mut tera, link, bold);
            fill(&mut tera, &belongs);
            tera
        };
        let marked = compile(markup.marked, markup.link, markup.bold);
        let plain = compile(markup.plain, |text, _| text.to_owned(), str::to_owned);
        Self { name, marked, plain }
    }

    /// Renders `component` for a place where the chat renders markup.
    pub(super) fn marked(&self, component: &str, context: &Context) -> Result<String> {
        self.render(&self.marked, component, context, Escaping::Now)
    }

    /// Renders `component` for a place where the chat shows plain text.
    pub(super) fn plain(&self, component: &str, context: &Context) -> Result<String> {
        self.render(&self.plain, component, context, Escaping::Now)
    }

    /// Renders `component` as a value for another component, which escapes it.
    pub(super) fn raw(&self, component: &str, context: &Context) -> Result<String> {
        self.render(&self.plain, component, context, Escaping::Later)
    }

    fn render(
        &self,
        tera: &Tera,
        component: &str,
        context: &Context,
        escaping: Escaping,
    ) -> Result<String> {
        let explain = |error: tera::Error| {
            anyhow!("failed to render `{component}` of `{}`\n{error}", self.name)
        };
        let definition = tera.get_component_definition(component);
        let wanted = definition.as_ref().map_or(&[][..], |definition| definition.args());
        let mut known = Context::new();
        for argument in wanted {
            if let Some(value) = context.get(argument.name()) {
                known.insert_value(argument.name().to_owned(), value.clone());
            }
        }
        let escape = escaping == Escaping::Now;
        let text = tera.render_component(component, &known, None, escape).map_err(explain)?;
        Ok(text.trim().to_owned())
    }
}

/// Whether a text is escaped now, or when it is inserted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escaping {
    Now,
    Later,
}

/// Registers the filters `link` and `bold`, which escape their input, and replaces `safe` by a
/// filter that does nothing.
fn register(tera: &mut Tera, link: fn(&str, &str) -> String, bold: fn(&str) -> String) {
    let linked = move |text: StringInput, arguments: Kwargs, state: &State| -> TeraResult<Value> {
        let address = arguments.must_get::<Value>("to")?;
        let text = text.rendered(state)?;
        Ok(Value::safe_string(&match address.as_str() {
            Some(address) => link(&text, address),
            None => text.into_owned(),
        }))
    };
    let boldened = move |text: StringInput, _: Kwargs, state: &State| -> TeraResult<Value> {
        Ok(Value::safe_string(&bold(&text.rendered(state)?)))
    };
    let as_it_is = |value: Value, _: Kwargs, _: &State| value;
    tera.register_filter("safe", as_it_is);
    tera.register_filter("link", linked);
    tera.register_filter("bold", boldened);
}
