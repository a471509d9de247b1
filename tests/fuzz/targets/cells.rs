//! Names in the table, one a line.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    properties::cells::are_rows_of_text(&text.split('\n').collect::<Vec<_>>());
});
