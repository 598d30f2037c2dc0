//! Under construction.

pub mod sandbox;
