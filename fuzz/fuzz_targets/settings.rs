//! The configuration file.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| aws_ssmd::fuzzing::settings(bytes));
