//! Answers of EC2 about network interfaces.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| aws_ssmd::fuzzing::interfaces(bytes));
