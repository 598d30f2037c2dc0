//! What is printed, and what becomes of it in pipes, files and terminals.

mod formats;
mod streams;
