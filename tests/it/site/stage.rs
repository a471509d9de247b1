//! An output directory, and what is in it.

use std::borrow::Cow;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use lookout::site::{Edition, File, Mirror, PublishOutcome, Published, Replace, Withheld, publish};
use tempfile::TempDir;

use super::sample::edition;

/// An output directory that is published into.
pub struct Stage {
    pub directory: TempDir,
    pub mirrors: Vec<PathBuf>,
}

impl Stage {
    pub fn new() -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        Self { directory, mirrors: Vec::new() }
    }

    pub fn output(&self) -> PathBuf {
        self.directory.path().join("deep/site")
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.output().join(path)
    }

    pub fn try_publish(
        &self,
        files: &[(&str, &str)],
        edition: &Edition,
        replace: Replace,
    ) -> anyhow::Result<PublishOutcome> {
        let files: Vec<File> = files
            .iter()
            .map(|(path, text)| File {
                path: (*path).to_owned(),
                bytes: Cow::Borrowed(text.as_bytes()),
                lasting: path.starts_with("assets/"),
            })
            .collect();
        let mirrors: Vec<Mirror> =
            self.mirrors.iter().map(|target| Mirror { target, of: "a.csv" }).collect();
        publish(
            &files,
            &Withheld::default(),
            &mirrors,
            &self.output(),
            &self.lock(),
            edition,
            replace,
        )
    }

    /// The lock of publishers.
    pub fn lock(&self) -> PathBuf {
        self.directory.path().join("data/lookout.publish.lock")
    }

    #[track_caller]
    pub fn publish(&self, files: &[(&str, &str)]) -> Published {
        match self.try_publish(files, &edition(1), Replace::NotNewer) {
            Ok(PublishOutcome::Published(published)) => published,
            other => panic!("not published: {other:?}"),
        }
    }

    pub fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.path(path)).ok()
    }

    /// Everything in the output directory that a visitor could ask for.
    pub fn visible(&self) -> Vec<String> {
        let entries = walkdir::WalkDir::new(self.output()).sort_by_file_name();
        let files = entries.into_iter().map(|entry| entry.expect("it can be read"));
        let files = files.filter(|entry| entry.file_type().is_file());
        let below = |path: &Path| {
            path.strip_prefix(self.output()).expect("it is below").display().to_string()
        };
        let paths = files.map(|entry| below(entry.path()));
        paths.filter(|path| !path.starts_with(".lookout-manifest")).collect()
    }

    pub fn date(&self, path: &str) -> i64 {
        fs::metadata(self.path(path)).expect("it is there").mtime()
    }

    pub fn set_date(&self, path: &str, date: SystemTime) {
        let file = fs::File::options().write(true).open(self.path(path)).expect("it is there");
        file.set_modified(date).expect("it can be dated");
    }
}
