//! Judges that are not ours: moto as another local AWS, boto3 as another client
//! of ours, Python's parsers as other readers of what the programs print.
//!
//! They come from PyPI, pinned, into a virtual environment under the target
//! directory, made by the first run. Where there is no Python, or no way to the
//! registry, these tests say so loudly and pass; with `CI=true` they fail.

mod filters;
mod formats;
mod interfaces;
mod judge;
mod metrics;
mod moto;
mod python;
mod queries;
mod rows;
mod sandbox;
mod sources;
mod targets;
