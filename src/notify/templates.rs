//! The texts of messages, as templates of one language and one dialect.
//!
//! Each text is a component of `messages/<language>.txt`, so that an operator's file of
//! that name may replace some and leave the rest. A template is compiled twice, because
//! Tera has one escaper for all that it prints: for marked up text and for plain text.
//! Whoever writes a template writes `{{ joined.names }}` and can't forget to escape it.

use anyhow::{Result, anyhow, ensure};
use tera::{Context, EscapeFn, Kwargs, State, StringInput, Tera, TeraResult, Value};

use super::dialect::Dialect;
use crate::config::Site;
use crate::dashboard::Words;
use crate::site::templates::{MESSAGES, fill, fill_with_builtin};
use crate::site::{Findings, builtin_templates, fault};

/// The texts of one language, for one chat.
#[derive(Clone)]
pub(super) struct Templates {
    /// The file of the language.
    name: String,
    marked: Tera,
    plain: Tera,
}

impl Templates {
    /// Loads and compiles the built-in templates, with the operator's in their place.
    pub(super) fn load(dialect: &Dialect, site: &Site) -> Result<Self> {
        let mut findings = Findings::default();
        let templates = Self::compile(dialect, site, |tera, belongs| {
            fill(tera, &site.templates_dir, belongs, &mut findings);
        });
        // Both times they are compiled, the same is wrong.
        findings.faults.dedup();
        ensure!(findings.faults.is_empty(), "{}", findings.faults.join("\n"));
        Ok(templates)
    }

    /// The built-in templates alone.
    pub(super) fn builtin(dialect: &Dialect, site: &Site) -> Self {
        Self::compile(dialect, site, |tera, belongs| fill_with_builtin(tera, belongs))
    }

    fn compile(
        dialect: &Dialect,
        site: &Site,
        mut fill: impl FnMut(&mut Tera, &dyn Fn(&str) -> bool),
    ) -> Self {
        let name = format!("{MESSAGES}{}.txt", Words::of(site.language).lang);
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
        let marked = compile(dialect.marked, dialect.link, dialect.bold);
        let plain = compile(dialect.plain, |text, _| text.to_owned(), str::to_owned);
        Self { name, marked, plain }
    }

    /// The text `component`, where the chat understands markup.
    pub(super) fn marked(&self, component: &str, context: &Context) -> Result<String> {
        self.render(&self.marked, component, context, Escaping::Now)
    }

    /// The text `component`, where the chat shows text as it is.
    pub(super) fn plain(&self, component: &str, context: &Context) -> Result<String> {
        self.render(&self.plain, component, context, Escaping::Now)
    }

    /// The part `component` of a text, to be escaped when it is put there.
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
            let fault = fault::told(&error);
            anyhow!("cannot write `{component}` from the template `{}`\n{fault}", self.name)
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

/// When a text is escaped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escaping {
    Now,
    Later,
}

/// The filters `link` and `bold`, which escape what they are given; and `safe`, which here
/// takes nobody's word for it.
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
