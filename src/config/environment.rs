//! The environment, read once.
//!
//! No other module reads the variables of the process. A function that needs one takes an
//! [`Environment`], so a test can pass its own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;

/// Variables and their values, ordered by name.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, OsString>);

impl Environment {
    /// Reads the variables of this process and skips names that are not UTF-8.
    #[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
    pub fn from_process() -> Self {
        let named = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value));
        Self(std::env::vars_os().filter_map(named).collect())
    }

    /// The value of `name`; `None` if it is not set or not UTF-8.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.to_str()
    }

    /// Whether `name` is set and not empty, as `NO_COLOR` is defined.
    pub fn is_set(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_empty())
    }

    /// Names and values of all variables that begin with `prefix`; `None` for a value that is not UTF-8.
    pub fn starting_with<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
        let ours = self.0.iter().filter(move |(name, _)| name.starts_with(prefix));
        ours.map(|(name, value)| (name.as_str(), value.to_str()))
    }
}

impl<N: Into<String>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let own = |(name, value): (N, V)| (name.into(), value.into());
        Self(variables.into_iter().map(own).collect())
    }
}

/// Names only: a value may be a secret.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_names_and_no_values() {
        let env: Environment = [("LOOKOUT_ZOOM__SECRET_TOKEN", "hush")].into_iter().collect();
        assert_eq!(format!("{env:?}"), r#"{"LOOKOUT_ZOOM__SECRET_TOKEN"}"#);
    }

    #[test]
    fn an_empty_variable_is_not_set() {
        let env: Environment = [("NO_COLOR", ""), ("TERM", "dumb")].into_iter().collect();
        assert!(!env.is_set("NO_COLOR"));
        assert!(env.is_set("TERM"));
        assert!(!env.is_set("ABSENT"));
    }
}
