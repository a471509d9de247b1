//! Tests of the settings as a whole.

mod commented_file;
mod errors;
