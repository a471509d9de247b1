//! Settings as operators may type them.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| properties::settings::are_judged_in_secrecy(text));
