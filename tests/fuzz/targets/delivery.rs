//! Bodies of deliveries.

#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| properties::delivery::is_kept_and_understood(body));
