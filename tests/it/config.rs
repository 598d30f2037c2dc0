//! The settings, as a person looks at them, mistakes them and changes them.

mod commands;
mod output;
mod reload;
mod told;
