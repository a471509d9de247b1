//! What anybody sends to the webhook's port.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::head::is_answered_or_closed(bytes));
