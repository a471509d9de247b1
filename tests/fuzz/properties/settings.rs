//! What operators type.

use std::path::Path;

use lookout::config::{Environment, Origin, Settings, SettingsError, load_effective, parse};

/// Not a word of any setting: whatever shows it has shown the secret.
const SECRET: &str = "hu5hhu5h";

/// However wrong `text` is, it is judged without panic, and no error and no settings show a
/// secret that stands in it; where it is right, `print config` prints settings that mean the same.
pub fn are_judged_in_secrecy(text: &str) {
    // Files of secrets are read, and who knows which one would be named here.
    if text.contains("_file") || text.contains('\\') || text.contains(SECRET) {
        return;
    }
    let settings = [
        format!("[zoom]\nsecret_token = \"{SECRET}\"\n{text}"),
        format!("{text}\n[zoom]\nsecret_token = \"{SECRET}\"\n"),
    ];
    for settings in settings {
        shows_nothing(&judge(&settings, &Environment::default()), &settings);
    }
    let typed: Environment =
        [("LOOKOUT_SITE__TITLE", text), ("LOOKOUT_ROOMS", text)].into_iter().collect();
    drop(judge("", &typed));
    let secret = format!("{SECRET}{text}");
    let typed: Environment =
        [("LOOKOUT_ZOOM__SECRET_TOKEN", secret.as_str())].into_iter().collect();
    shows_nothing(&judge("", &typed), &secret);
    match judge(text, &Environment::default()) {
        // What is printed lacks the addresses of these, which are secrets.
        Ok(settings) if settings.archive.is_some() || !settings.notify.is_empty() => {}
        Ok(settings) => means_the_same_in_effect(text, settings),
        Err(_) => {}
    }
}

fn judge(text: &str, environment: &Environment) -> Result<Settings, SettingsError> {
    parse(text, Path::new("lookout.toml"), environment)
}

fn shows_nothing(judged: &Result<Settings, SettingsError>, text: &str) {
    let shown = match judged {
        Ok(settings) => format!("{settings:?}"),
        Err(error) => format!("{error} {error:?}"),
    };
    assert!(!shown.contains(SECRET), "of {text}\nis shown {shown}");
}

fn means_the_same_in_effect(text: &str, mut settings: Settings) {
    let directory = tempfile::tempdir().expect("a directory of our own");
    let file = directory.path().join("lookout.toml");
    std::fs::write(&file, text).expect("a file of our own");
    let printed =
        load_effective(Some(&file), &Environment::default()).expect("it was right before");
    let mut again = judge(&printed, &Environment::default())
        .unwrap_or_else(|error| panic!("printed settings are wrong\n{printed}\n{error}"));
    for settings in [&mut settings, &mut again] {
        settings.zoom.secret_tokens.clear();
        settings.origin = Origin::default();
    }
    assert_eq!(again, settings, "of {text}\nis printed {printed}");
}
