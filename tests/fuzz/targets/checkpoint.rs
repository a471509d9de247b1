//! Checkpoints that were not written by us, or not to their end.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::checkpoint::is_read_or_ignored(bytes));
