//! Profile files and a caller's settings, up to the credentials they lead to.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| aws_ssmd::fuzzing::profiles(bytes));
