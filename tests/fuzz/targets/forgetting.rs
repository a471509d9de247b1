//! Documents that may name somebody who is to be forgotten.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| properties::forgetting::leaves_nothing(text));
