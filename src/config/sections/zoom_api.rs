//! `[zoom.api]`, which is optional: how to ask Zoom's API.

use crate::config::section::Section;
use crate::config::sections::credential::{self, token};
use crate::config::settings::ZoomApi;
use crate::config::{characters, url};
use crate::types::secret::trimmed;

/// What the keys are for, in messages.
const APP: &str = "copy it from your Server-to-Server OAuth app (marketplace.zoom.us, Manage)";

/// The section; `None` if a key is missing or wrong.
pub(in crate::config) fn read(section: &mut Section<'_>) -> Option<ZoomApi> {
    let account_id = section.required("account_id", APP, id);
    let client_id = section.required("client_id", APP, id);
    let client_secret = credential::read(section, ["client_secret", "client_secret_file"], token);
    let server = section.value("server_url", "https://zoom.us", url::server);
    let is_typed = section.is_typed("client_secret") || section.is_typed("client_secret_file");
    if client_secret.is_none() && !is_typed {
        let key = "client_secret_file";
        section.conflict(key, format!("`zoom.api` needs a `{key}` or a `client_secret`: {APP}"));
    }
    Some(ZoomApi {
        account_id: account_id?,
        client_id: client_id?,
        client_secret: client_secret?,
        server,
    })
}

/// An id as Zoom shows it.
fn id(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    match characters::invalid_character(text, fits) {
        _ if trimmed(text).is_empty() => Err(format!("it is empty; {APP}")),
        Some(invalid_character) => Err(format!("this is not an id, {invalid_character}; {APP}")),
        None => Ok(trimmed(text).to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::{Environment, Settings, SettingsError, parse};

    const IDS: &str = "account_id = \"aB_c-1\"\nclient_id = \"x\"\n";

    fn read(keys: &str, env: &Environment) -> Result<Settings, SettingsError> {
        let text = format!("[zoom]\nlisten = \"127.0.0.1:1\"\n[zoom.api]\n{keys}");
        parse(&text, Path::new("lookout.toml"), env)
    }

    #[test]
    fn without_the_section_zoom_is_never_asked() {
        let settings = parse("[zoom]", Path::new("a"), &Environment::default()).expect("valid");
        assert_eq!(settings.zoom_api, None);
    }

    #[test]
    fn the_section_is_read_from_file_and_environment() {
        let env = [("LOOKOUT_ZOOM__API__CLIENT_SECRET", "hush")].into_iter().collect();
        for settings in [
            read(&format!("{IDS}client_secret = \" hush \""), &Environment::default()),
            read(IDS, &env),
        ] {
            let api = settings.expect("valid").zoom_api.expect("typed");
            let ids = (api.account_id.as_str(), api.client_id.as_str(), api.server.as_str());
            assert_eq!(ids, ("aB_c-1", "x", "https://zoom.us"));
            assert_eq!(api.client_secret.get().expect("known").reveal(), "hush");
            assert!(!format!("{api:?}").contains("hush"));
        }
        let inline = |settings: Settings| settings.origin.inline_secrets;
        let in_file = read(&format!("{IDS}client_secret = \"hush\""), &Environment::default());
        assert_eq!(inline(in_file.expect("valid")), ["zoom.api.client_secret"]);
        assert!(inline(read(IDS, &env).expect("valid")).is_empty(), "it is in no file");
    }

    #[test]
    fn what_is_wrong_is_said_without_the_secret() {
        #[rustfmt::skip]
        let cases = [
            // what is special         keys                                                  said
            ("nothing",                String::new(),                                        "`zoom.api` needs a `account_id`"),
            ("no secret",              IDS.to_owned(),                                       "`zoom.api` needs a `client_secret_file`"),
            ("two secrets",            format!("{IDS}client_secret = \"hush\"\nclient_secret_file = \"a\""), "`zoom.api.client_secret` and `zoom.api.client_secret_file` are both set"),
            ("a space in the secret",  format!("{IDS}client_secret = \"hush hush\""),      "character 5 is white space"),
            ("an empty id",            "account_id = \"\"\nclient_id = \"x\"\nclient_secret = \"hush\"".to_owned(), "`zoom.api.account_id`: it is empty"),
            ("quotes in an id",        "account_id = \"'a'\"\nclient_id = \"x\"\nclient_secret = \"hush\"".to_owned(), "character 1 is a quotation mark"),
            ("a misspelt key",         format!("{IDS}client_secrt = \"hush\""),            "`[zoom.api]` has no key `client_secrt`"),
        ];
        for (what, keys, said) in cases {
            let error = read(&keys, &Environment::default()).map(drop).expect_err(what).to_string();
            assert!(error.contains(said), "{what}: {error}");
            assert!(!error.contains("hush"), "{what}: {error}");
        }
        let table = parse("[zoom]\napi = 1", Path::new("a"), &Environment::default());
        let error = table.map(drop).expect_err("no table").to_string();
        assert!(error.contains("write `[zoom.api]` once"), "{error}");
    }
}
