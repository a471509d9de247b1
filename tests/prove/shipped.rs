//! What is shipped: the program alone, the image, the package on a clean Debian, and on a whole one
//! that is booted. They are scripts, as what they do is typing commands.

use std::path::Path;
use std::process::Command;

use crate::proof::Length;

pub fn alone(length: Length) -> String {
    script("tests/scripts/static.sh", length)
}

pub fn image(length: Length) -> String {
    script("tests/scripts/image.sh", length)
}

pub fn reproducible(length: Length) -> String {
    script("tests/scripts/reproducible.sh", length)
}

pub fn package(length: Length) -> String {
    script("tests/scripts/package.sh", length)
}

pub fn boot(length: Length) -> String {
    script("tests/scripts/boot.sh", length)
}

/// Runs a script that prints a line with ✓ for everything that is as it should be, and ends at
/// the first ✗.
fn script(path: &str, length: Length) -> String {
    let mut command = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join(path));
    // It is told to the tests, and no setting of the program.
    command.env_remove("LOOKOUT_PROGRAM");
    let output = command.env("PROFILE", length.pick("dev", "dist")).output();
    let output = output.unwrap_or_else(|error| panic!("{path} does not run: {error}"));
    let said = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let well = said.lines().filter(|line| line.starts_with('✓')).count();
    let last = said.lines().chain(stderr.lines()).last().unwrap_or_default();
    let fault = said.lines().find(|line| line.starts_with('✗')).unwrap_or(last);
    assert!(output.status.success(), "after {well} ✓: {fault}");
    format!("{well} ✓ of {well}")
}
