//! Terms of the search language, one a line.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| aws_ssmd::fuzzing::terms(bytes));
