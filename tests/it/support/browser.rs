//! A real Chromium, driven by the scripts in `tests/browser`.

use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Looks at the page at `url` until people come or go there; fails if anything is wrong with it.
pub fn look_at(url: &str) -> Child {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    assert!(
        scripts.join("node_modules").exists(),
        "the browser's driver is not installed; `tests/run.sh` does it"
    );
    Command::new("node")
        .arg(scripts.join("live.mjs"))
        .arg(url)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("node is installed; `tests/run.sh` does it")
}
