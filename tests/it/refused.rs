//! Bad input: one error in three parts, its exit code, and nothing left behind.

mod home;
mod typed;
