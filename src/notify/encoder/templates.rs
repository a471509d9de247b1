//! The templates of messages, in one language and one markup.
//!
//! Each text is a component of `messages/<language>.txt`, so an operator's file of that name can
//! replace some of them. Templates are compiled twice, for markup and for plain text, because Tera
//! has one escaper for all output. So `{{ joined.names }}` in a template is always escaped.

use std::collections::BTreeSet;

use anyhow::{Result, anyhow, ensure};
use tera::{Context, EscapeFn, Kwargs, State, StringInput, Tera, TeraResult, Value};

use super::markup::Markup;
use crate::config::Site;
use crate::site::LoadProblems;
use crate::site::templates::{Side, fill, fill_with_builtin, messages_file};
use crate::words::{Language, OTHER, Rules};

/// The texts that the language of `site` lacks; none if its templates are broken.
pub(super) fn missing(markup: &Markup, site: &Site) -> Vec<String> {
    let compile = |load: &dyn Fn(&mut Tera)| {
        let mut tera = empty(markup.plain, markup.link, markup.bold, &site.language);
        load(&mut tera);
        tera
    };
    let there = compile(&|tera| {
        let side = Side::MessagesWithoutEnglish(&site.language);
        fill(tera, &site.templates_dir, &side, &mut LoadProblems::default());
    });
    let all = compile(&|tera| fill_with_builtin(tera, &Side::Messages(&site.language)));
    let names: BTreeSet<&str> = all.get_component_names().collect();
    let missing = names.into_iter().filter(|name| !there.contains_component(name));
    missing.map(str::to_owned).collect()
}

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
        let templates = Self::compile(markup, site, |tera, side| {
            fill(tera, &site.templates_dir, side, &mut problems);
        });
        // Both compilations find the same faults.
        problems.faults.dedup();
        ensure!(problems.faults.is_empty(), "{}", problems.faults.join("\n"));
        Ok(templates)
    }

    /// Compiles the built-in templates only.
    pub(super) fn builtin(markup: &Markup, site: &Site) -> Self {
        Self::compile(markup, site, fill_with_builtin)
    }

    fn compile(markup: &Markup, site: &Site, mut fill: impl FnMut(&mut Tera, &Side)) -> Self {
        let side = Side::Messages(&site.language);
        let mut compile = |escape: EscapeFn, link, bold| {
            let mut tera = empty(escape, link, bold, &site.language);
            fill(&mut tera, &side);
            tera
        };
        let marked = compile(markup.marked, markup.link, markup.bold);
        let plain = compile(markup.plain, |text, _| text.to_owned(), str::to_owned);
        Self { name: messages_file(&site.language), marked, plain }
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

/// No templates, but all filters.
fn empty(
    escape: EscapeFn,
    link: fn(&str, &str) -> String,
    bold: fn(&str) -> String,
    language: &Language,
) -> Tera {
    let mut tera = Tera::new();
    tera.set_escape_fn(escape);
    register(&mut tera, link, bold);
    register_plural(&mut tera, language.translation().rules().clone());
    tera
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

/// Registers the filter `plural`: `{{ n | plural(one="1 person", other="{count} people") }}` is the
/// form that the language has for the number.
fn register_plural(tera: &mut Tera, rules: Rules) {
    let plural = move |count: u64, forms: Kwargs, _: &State| -> TeraResult<String> {
        let form = match forms.get::<String>(rules.category(count))? {
            Some(form) => form,
            None => forms.must_get::<String>(OTHER)?,
        };
        Ok(form.replace("{count}", &count.to_string()))
    };
    tera.register_filter("plural", plural);
}
