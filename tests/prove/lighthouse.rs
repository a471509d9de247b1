//! What Lighthouse says of the page, as a phone and as a desktop computer see it.

use std::path::Path;
use std::process::Command;

use crate::proof::Length;
use crate::support::lookout::program;

/// Pages of eight and of a hundred people get 100 for everything.
pub fn scores(length: Length) -> String {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/measure");
    let mut node = Command::new("node");
    node.arg(scripts.join("lighthouse.mjs")).arg(program()).arg(length.pick("3", "5"));
    // To Lookout a variable of that name would be a setting that it does not have.
    node.current_dir(std::env::temp_dir()).env_remove("LOOKOUT_PROGRAM");
    let output = node.output();
    let output = output.expect("node is installed; `tests/prove.sh` does it");
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    said.replace('\n', "; ")
}
