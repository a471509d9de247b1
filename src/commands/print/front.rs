//! What the files for nginx and for Caddy share: their options, and the values that follow from these.

use std::borrow::Cow;
use std::path::{Path, PathBuf, absolute};

use anyhow::Result;

use super::host::HostName;
use crate::commands::arguments::UsageError;
use crate::config::{Settings, SettingsError};
use crate::files::real_path::real_path;
use crate::site::headers::Kind;

/// The names of the files that stay public with `--public-badge`.
pub(super) const BADGE: [&str; 2] = ["badge.json", "badge.svg"];

/// Options of `print nginx` and `print caddy`.
#[derive(Debug, Default, clap::Args)]
pub struct Front {
    /// The name of this site's host; without this option, that of `site.base_url`
    #[arg(long, value_name = "HOST")]
    pub server_name: Option<HostName>,

    /// Pass everything else on to GitHub Pages, such as USER.github.io; without this option, answer 404
    #[arg(long, value_name = "HOST")]
    pub pages: Option<HostName>,

    /// Your own certificate with its chain, such as an origin certificate; without this option, one of
    /// Let's Encrypt
    #[arg(long, value_name = "FILE", requires = "key", conflicts_with = "http")]
    pub certificate: Option<PathBuf>,

    /// The certificate's private key
    #[arg(long, value_name = "FILE", requires = "certificate")]
    pub key: Option<PathBuf>,

    /// Speak plain HTTP, on port 80: for a server behind a proxy that takes care of TLS
    #[arg(long)]
    pub http: bool,

    /// Ask for a name and a password of this file before anything that Lookout publishes is shown; the
    /// webhook stays as it is
    #[arg(long, value_name = "FILE")]
    pub members: Option<PathBuf>,

    /// Show the badge to everybody all the same
    #[arg(long, requires = "members")]
    pub public_badge: bool,
}

impl Front {
    /// The name of the host, from the options or the settings.
    pub(super) fn host(&self, settings: &Settings) -> Result<HostName, SettingsError> {
        let refuse = |problem: String| settings.refuse("site.base_url", &problem);
        match &self.server_name {
            Some(name) => Ok(name.clone()),
            None if settings.site.base_url.is_empty() => Err(refuse(
                "is empty, so the name of the host is not known; set it to the site's address, such as \
                 `https://example.org`, or add `--server-name example.org`"
                    .to_owned(),
            )),
            None => HostName::of_url(&settings.site.base_url).map_err(refuse),
        }
    }

    /// The file with the members, as an absolute path.
    pub(super) fn members(&self, settings: &Settings) -> Result<Option<PathBuf>> {
        self.members.as_deref().map(|file| private("--members", file, settings)).transpose()
    }

    /// The certificate and its key, as absolute paths.
    pub(super) fn certificate(&self, settings: &Settings) -> Result<Option<(PathBuf, PathBuf)>> {
        let (Some(certificate), Some(key)) = (&self.certificate, &self.key) else {
            return Ok(None);
        };
        Ok(Some((absolute(certificate)?, private("--key", key, settings)?)))
    }
}

/// A pattern of the files with these names, in the site's directory and in those of its rooms. Of all
/// characters that a path may have, only the dot is special.
pub(super) fn pattern(site_path: &str, names: &[&str]) -> String {
    format!("^{site_path}(?:[^/]+/)?(?:{})$", names.join("|")).replace('.', "\\.")
}

/// The `Cache-Control` of files of `kind`. What only members may see is in no cache but their own.
pub(super) fn caching(kind: Kind, is_private: bool) -> Cow<'static, str> {
    let caching = kind.caching();
    if is_private { caching.replace("public, ", "private, ").into() } else { caching.into() }
}

/// The path that `option` names, as `quote` writes it.
pub(super) fn quoted_option(
    option: &str,
    path: &Path,
    quote: fn(&Path) -> Result<String, String>,
) -> Result<String, UsageError> {
    quote(path).map_err(|problem| UsageError(format!("`{option}`: {problem}")))
}

/// The absolute path of `file`. Refuses a file that the web server would publish.
fn private(option: &str, file: &Path, settings: &Settings) -> Result<PathBuf> {
    let path = absolute(file)?;
    if real_path(&path).starts_with(real_path(&settings.site.output_dir)) {
        let problem = format!(
            "`{option}`: `{}` is below `site.output_dir`, where everybody can read it; move it to another \
             directory, such as /etc/lookout",
            path.display()
        );
        return Err(UsageError(problem).into());
    }
    Ok(path)
}
