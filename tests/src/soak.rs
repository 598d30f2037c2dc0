//! `cargo run -p aws-ssm-tests --bin soak -- --minutes N`: both programs for a long
//! time, with everything that goes wrong in a year.
//!
//! Random commands come from terminals with several identities, while the local AWS
//! fails to order, fleets change, and the daemon is killed, restarted, replaced and
//! told to read its settings again. Every answer is judged: by what the fleet of that
//! identity was when the answer says it was read, and by how old it may be. From time
//! to time all is mended, and then everybody must get what is true now.
//!
//! The same seed gives the same sequence of steps; their timing is the machine's.

mod judge;
mod known;
mod leaks;
mod report;
mod round;
mod scene;
mod step;
mod terminal;
mod truth;

use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Parser;

use report::Report;
use round::Round;
use scene::Scene;

/// Runs aws-ssm against a local AWS for a long time, breaks things, and judges every answer
#[derive(Debug, Parser)]
#[command(name = "soak", version)]
struct Arguments {
    /// How long to go on, in minutes
    #[arg(long, default_value_t = 1.0, value_parser = minutes)]
    minutes: f64,
    /// Decides every step; the one in use is printed
    #[arg(long)]
    seed: Option<u64>,
    /// Print every step
    #[arg(short, long)]
    verbose: bool,
}

fn minutes(text: &str) -> Result<f64, String> {
    let minutes: f64 = text.parse().map_err(|_| "it is no number".to_owned())?;
    match (0.1..=1440.0).contains(&minutes) {
        true => Ok(minutes),
        false => Err("it must be 0.1 to 1440".to_owned()),
    }
}

/// The whole program, with the arguments of this process. Fails if an answer was
/// wrong, a call failed that need not have, or something leaked.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime can be built");
    let report = runtime.block_on(run(&arguments));
    println!("{report}");
    match report.is_clean() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

async fn run(arguments: &Arguments) -> Report {
    let seed = arguments.seed.unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        now.unwrap_or_default().as_millis() as u64
    });
    let length = Duration::from_secs_f64(arguments.minutes * 60.0);
    let began = Instant::now();
    eprintln!("seed {seed}, {} minutes", arguments.minutes);
    let mut report = Report::new(seed, arguments.verbose);
    let mut scene = Scene::set(seed).await;
    while began.elapsed() < length {
        // The last part is one daemon's life, so that what leaks adds up.
        let is_calm = began.elapsed() > length.mul_f64(0.6);
        Round::new(&mut scene, &mut report, is_calm).run().await;
        report.progress(began.elapsed());
    }
    scene.strike(&mut report).await;
    report
}
