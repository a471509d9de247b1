//! `lookout init`: writes a settings file to start from.

pub mod example;

use std::borrow::Cow;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::builder::PossibleValuesParser;

use crate::commands::print::schema;
use crate::files::metadata;
use crate::{config, site};

/// Arguments of `init`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where to write; created if it does not exist
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,

    /// Also write the built-in templates and static files, to edit them
    #[arg(long)]
    pub templates: bool,

    /// Also write an example of a further file of the site: its template, and the static files it needs
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(example::names()))]
    pub example: Option<String>,

    /// Keep journal and site below this directory, such as /var/lib/lookout, instead of next to the settings
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,

    /// Overwrite existing files
    #[arg(long)]
    pub force: bool,
}

/// A file to be written.
struct Planned {
    path: PathBuf,
    contents: Cow<'static, [u8]>,
    mode: u32,
}

/// The settings file.
const SETTINGS: &str = "lookout.toml";

/// What editors read beside the settings.
const SCHEMA: &str = "lookout.schema.json";

/// Not readable by everybody, because the file will contain a secret.
const SETTINGS_MODE: u32 = 0o640;

/// Writes the files, and the next steps to `notes` (stderr). If a file exists and may not be
/// overwritten, writes none.
pub fn run(args: &Args, notes: &mut impl Write) -> anyhow::Result<()> {
    // Adding templates later must not overwrite the settings, and the secret in them.
    let is_missing = || matches!(in_dir(args, SETTINGS).try_exists(), Ok(false));
    let has_settings = added(args).is_empty() || is_missing();
    let mut plan = if has_settings { settings_files(args)? } else { Vec::new() };
    plan.extend(added(args));
    if !args.force {
        refuse_to_overwrite(&plan)?;
    }
    for file in &plan {
        write(file)?;
        writeln!(notes, "wrote {}", file.path.display())?;
    }
    if has_settings {
        write_next_steps(args, notes)?;
    }
    Ok(())
}

/// The settings, and the schema that their first line names.
fn settings_files(args: &Args) -> anyhow::Result<Vec<Planned>> {
    let settings = Planned {
        path: in_dir(args, SETTINGS),
        contents: settings(args.state_dir.as_deref()).into_bytes().into(),
        mode: SETTINGS_MODE,
    };
    let schema = schema::schema(schema::Subject::Settings)?.into_bytes();
    let schema = Planned { path: in_dir(args, SCHEMA), contents: schema.into(), mode: 0o644 };
    Ok(vec![settings, schema])
}

/// The templates, static files and examples that `args` ask for.
fn added(args: &Args) -> Vec<Planned> {
    let mut plan = Vec::new();
    if args.templates {
        plan.extend(builtin(args, "templates", site::builtin_templates()));
        plan.extend(builtin(args, "static", site::builtin_static_files()));
    }
    if let Some(name) = &args.example {
        plan.extend(builtin(args, "", example::files(name)));
    }
    plan
}

/// The commented settings, with journal and site below `state_dir` if there is one.
fn settings(state_dir: Option<&Path>) -> String {
    let commented = format!("#:schema ./{SCHEMA}\n{}", config::COMMENTED);
    let Some(state_dir) = state_dir else { return commented };
    let below =
        |name: &str| toml::Value::from(state_dir.join(name).to_string_lossy().as_ref()).to_string();
    commented
        .replace("#output_dir = \"site\"", &format!("output_dir = {}", below("site")))
        .replace("#path = \"data/lookout.db\"", &format!("path = {}", below("lookout.db")))
}

fn builtin(
    args: &Args,
    name: &str,
    files: Vec<(String, &'static [u8])>,
) -> impl Iterator<Item = Planned> {
    let parent = in_dir(args, name);
    files.into_iter().map(move |(file, contents)| Planned {
        path: parent.join(file),
        contents: contents.into(),
        mode: 0o644,
    })
}

/// The path of `name` in the directory, without a leading `./`.
fn in_dir(args: &Args, name: &str) -> PathBuf {
    match args.dir == Path::new(".") {
        true => PathBuf::from(name),
        false => args.dir.join(name),
    }
}

fn refuse_to_overwrite(plan: &[Planned]) -> anyhow::Result<()> {
    let exists = |file: &&Planned| !matches!(metadata::of_entry(&file.path), Ok(None));
    let existing: Vec<_> = plan.iter().filter(exists).collect();
    let shown = |file: &&Planned| format!("`{}`", file.path.display());
    let names: Vec<_> = existing.iter().map(shown).collect();
    match names.as_slice() {
        [] => Ok(()),
        [one] => {
            bail!("{one} exists already, so nothing was written; add `--force` to overwrite it")
        }
        _ => bail!(
            "{} exist already, so nothing was written; add `--force` to overwrite them",
            names.join(", ")
        ),
    }
}

fn write(file: &Planned) -> anyhow::Result<()> {
    let path = &file.path;
    let parent = path.parent().unwrap_or(Path::new(""));
    let made = fs::create_dir_all(parent);
    made.with_context(|| format!("can't create the directory `{}`", parent.display()))?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(file.mode);
    let written = options.open(path).and_then(|mut open| open.write_all(&file.contents));
    written.with_context(|| format!("can't write `{}`", path.display()))
}

fn write_next_steps(args: &Args, notes: &mut impl Write) -> io::Result<()> {
    let settings = in_dir(args, "lookout.toml");
    let settings = settings.display();
    let option = match args.dir == Path::new(".") {
        true => String::new(),
        false => format!(" -c {settings}"),
    };
    write!(
        notes,
        "
Next:
  1. in {settings}, set `zoom.secret_token` to your Zoom app's Secret Token,
     and list in `privacy.publish` who may appear on the page
  2. lookout{option} check    reports what is still missing
  3. lookout{option} serve    receives Zoom's events and keeps the site current
"
    )
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::config::{Environment, Settings};

    fn args(dir: &Path) -> Args {
        let dir = dir.to_owned();
        Args { dir, templates: true, example: None, state_dir: None, force: false }
    }

    #[test]
    fn what_is_written_loads_and_means_the_defaults() {
        let dir = tempfile::tempdir().expect("a directory");
        run(&args(dir.path()), &mut Vec::new()).expect("written");
        let file = dir.path().join("lookout.toml");
        let settings = config::load(Some(&file), &Environment::default()).expect("valid");
        let expected = config::parse("", &file, &Environment::default()).expect("valid");
        assert_eq!(settings, expected);
        let mode = file.metadata().expect("it exists").permissions().mode();
        assert_eq!(mode & 0o007, 0, "it may hold a secret");
    }

    #[test]
    fn journal_and_site_may_lie_elsewhere() {
        let dir = tempfile::tempdir().expect("a directory");
        let elsewhere = Some(PathBuf::from("/var/lib/the \"lookout\""));
        run(&Args { state_dir: elsewhere, ..args(dir.path()) }, &mut Vec::new()).expect("written");
        let file = dir.path().join("lookout.toml");
        let settings = config::load(Some(&file), &Environment::default()).expect("valid");
        assert_eq!(settings.journal.path, Path::new("/var/lib/the \"lookout\"/lookout.db"));
        assert_eq!(settings.site.output_dir, Path::new("/var/lib/the \"lookout\"/site"));
        assert_eq!(settings.site.templates_dir, dir.path().join("templates"));
    }

    #[test]
    fn nothing_is_written_where_something_exists() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("lookout.toml");
        fs::write(&file, "mine").expect("written");
        let settings_only = Args { templates: false, ..args(dir.path()) };
        let error = run(&settings_only, &mut Vec::new()).expect_err("refused");
        let expected = format!(
            "`{}` exists already, so nothing was written; add `--force` to overwrite it",
            file.display()
        );
        assert_eq!(error.to_string(), expected);
        assert_eq!(fs::read_to_string(&file).expect("readable"), "mine");
        assert_eq!(fs::read_dir(dir.path()).expect("readable").count(), 1);

        let force = Args { force: true, ..settings_only };
        run(&force, &mut Vec::new()).expect("overwritten");
        let written = fs::read_to_string(&file).expect("readable");
        assert!(written.ends_with(config::COMMENTED), "{written}");
    }

    #[test]
    fn an_example_is_added_to_what_is_there() {
        let dir = tempfile::tempdir().expect("a directory");
        let settings = dir.path().join("lookout.toml");
        fs::write(&settings, "mine").expect("written");
        let board = Some("board".to_owned());
        let args = Args { templates: false, example: board, ..args(dir.path()) };
        let mut notes = Vec::new();
        run(&args, &mut notes).expect("written");
        assert_eq!(fs::read_to_string(&settings).expect("readable"), "mine");
        let at = |name: &str| dir.path().join(name);
        let expected: Vec<String> = ["static/board.css", "templates/more/board.html"]
            .map(|name| format!("wrote {}", at(name).display()))
            .into();
        let notes = String::from_utf8(notes).expect("UTF-8");
        assert_eq!(notes.lines().collect::<Vec<_>>(), expected);

        fs::write(at("static/board.css"), "mine, too").expect("written");
        let error = run(&args, &mut Vec::new()).expect_err("refused");
        assert!(error.to_string().contains("exist already, so nothing was written"), "{error}");
        assert_eq!(fs::read_to_string(at("static/board.css")).expect("readable"), "mine, too");
        run(&Args { force: true, ..args }, &mut Vec::new()).expect("overwritten");
        assert_eq!(fs::read_to_string(&settings).expect("readable"), "mine", "never the settings");
    }

    #[test]
    fn a_directory_is_made_and_the_next_steps_name_it() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut notes = Vec::new();
        run(&args(&dir.path().join("new/place")), &mut notes).expect("written");
        let notes = String::from_utf8(notes).expect("UTF-8");
        assert!(notes.contains("new/place/lookout.toml check"), "{notes}");
        assert_eq!(Settings::default().origin.file, None);
    }
}
