//! Says what the program is made from besides its source: `include_dir` takes up the files
//! that are there, and Cargo would not notice further ones. Prepares the guide for rustdoc. And how
//! the program is linked.

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    for directory in ["templates", "static", EXAMPLES, GUIDE] {
        println!("cargo::rerun-if-changed={directory}");
    }
    prepare_guide()?;
    // Where a program is loaded is chosen anew each time; the list of what to correct then is
    // 1.4 MB, or this way 0.05 (glibc from 2.36 on, Debian 12's).
    #[expect(clippy::disallowed_methods, reason = "Cargo tells what is built for in no other way")]
    let is = |key, value: &str| env::var(key).is_ok_and(|found| found == value);
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
    Ok(())
}

/// The examples of own output files.
const EXAMPLES: &str = "src/commands/init/examples";

/// The pages as the forge shows them: links lead to files.
const GUIDE: &str = "src/guide";

/// Writes each page of the guide to `OUT_DIR/guide`, with links that rustdoc understands.
fn prepare_guide() -> io::Result<()> {
    #[expect(clippy::disallowed_methods, reason = "Cargo names the directory in no other way")]
    let out = env::var_os("OUT_DIR").expect("Cargo sets it");
    let out = Path::new(&out).join("guide");
    fs::create_dir_all(&out)?;
    for entry in fs::read_dir(GUIDE)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "md") {
            let name = path.file_name().expect("a file has a name");
            fs::write(out.join(name), for_rustdoc(&fs::read_to_string(&path)?))?;
        }
    }
    Ok(())
}

/// Turns `[text](page.md#anchor)` into a link to the page's module, and `[text](../file)` into text:
/// rustdoc has no page for such a file.
fn for_rustdoc(markdown: &str) -> String {
    let mut parts = markdown.split("](");
    let mut done = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (target, rest) = part.split_once(')').unwrap_or((part, ""));
        if target.starts_with("../") {
            let bracket = done.rfind('[').expect("a link begins with a bracket");
            done.remove(bracket);
        } else if let Some((page, anchor)) = target.split_once(".md")
            && !target.contains(':')
        {
            let page = page.replace('-', "_");
            done += &format!("](crate::guide::{page}{anchor})");
        } else {
            done += &format!("]({target})");
        }
        done += rest;
    }
    done
}
