//! Lines that somebody imports.

#![no_main]

libfuzzer_sys::fuzz_target!(|line: &str| properties::import::is_taken_or_refused(line));
