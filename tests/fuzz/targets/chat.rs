//! A name in every message.

#![no_main]

libfuzzer_sys::fuzz_target!(|name: &str| properties::chat::does_nothing(name));
