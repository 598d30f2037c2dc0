//! Nobody gets what is another's: not from the cache, a shared load, the disk, an
//! error or a figure, and not by being another user of the machine.
//!
//! That callers with other settings get other fleets is also what `identity` is about.

mod changes;
mod disk;
mod figures;
mod process;
mod sessions;
mod types;
mod users;
