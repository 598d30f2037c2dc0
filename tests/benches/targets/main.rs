//! Measures what the project promises, and prints the promises with what was
//! measured beside them.
//!
//! `cargo bench -p aws-ssm-tests` runs everything; `-- warm memory` only the
//! groups whose names contain one of the words; `-- --quick` measures less often.
//! It uses temporary homes and loopback only, ends everything it started, and
//! judges no time: a missed target is a line of the table, not a failure.

mod callers;
mod cold;
mod floor;
mod instructions;
mod memory;
mod other_tool;
mod picker;
mod process;
mod report;
mod stage;
mod thin_client;
mod warm;

use std::process::ExitCode;

use report::Report;
use stage::Stage;

/// Measures some rows of the table.
type Measure = fn(&Stage, &mut Report);

/// What measures, by the name that selects it.
const GROUPS: [(&str, Measure); 8] = [
    ("warm", warm::measure),
    ("picker", picker::measure),
    ("instructions", instructions::measure),
    ("callers", callers::measure),
    ("memory", memory::measure),
    ("cold", cold::measure),
    ("once", cold::measure_calls),
    ("other-tool", other_tool::measure),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (flags, words): (Vec<_>, Vec<_>) = arguments.iter().partition(|a| a.starts_with("--"));
    let has = |name: &str| flags.iter().any(|flag| *flag == name);
    if !has("--bench") {
        // `cargo test --all-targets` runs this file too, and is no time to measure.
        println!("the targets are measured by `cargo bench -p aws-ssm-tests`");
        return ExitCode::SUCCESS;
    }
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(*word));
    if !GROUPS.iter().any(|(name, _)| wanted(name)) {
        let names = GROUPS.map(|(name, _)| name).join(", ");
        eprintln!("no group matches; there are {names}");
        return ExitCode::from(2);
    }
    let stage = Stage::set(has("--quick"));
    let mut report = Report::default();
    for (name, measure) in GROUPS {
        if wanted(name) {
            eprintln!("measuring: {name}");
            measure(&stage, &mut report);
        }
    }
    report.print();
    ExitCode::SUCCESS
}
