//! Every message that the daemon or a client reads.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| aws_ssm_proto::fuzzing::messages(bytes));
