//! A name on every page.

#![no_main]

libfuzzer_sys::fuzz_target!(|name: &str| properties::page::shows_names_as_text(name));
