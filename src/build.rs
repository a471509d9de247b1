//! Says what the program is made from besides its source: `include_dir` takes up the files
//! that are there, and Cargo would not notice further ones. And how it is linked.

use std::env;

fn main() {
    for directory in ["templates", "static"] {
        println!("cargo::rerun-if-changed={directory}");
    }
    // Where a program is loaded is chosen anew each time; the list of what to correct then is
    // 1.4 MB, or this way 0.05 (glibc from 2.36 on, Debian 12's).
    #[expect(clippy::disallowed_methods, reason = "Cargo tells what is built for in no other way")]
    let is = |key, value: &str| env::var(key).is_ok_and(|found| found == value);
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
