//! Says what the program is made from besides its source: `include_dir` takes up the files
//! that are there, and Cargo would not notice further ones.

fn main() {
    for directory in ["templates", "static"] {
        println!("cargo::rerun-if-changed={directory}");
    }
}
