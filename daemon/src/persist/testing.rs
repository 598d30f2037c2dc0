//! What the tests of whatever is stored share.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tokio::runtime::Handle;

use super::codec::Output;
use super::{Disk, DiskConfig, Moment, Moments};

/// What is written.
pub(crate) fn bytes_of(write: impl FnOnce(&mut Output<'_>) -> io::Result<()>) -> Vec<u8> {
    let mut bytes = Vec::new();
    super::write_bare(&mut bytes, write).expect("memory takes it");
    bytes
}

/// Thousands of damaged copies: cut at every place, bytes changed to what hurts most,
/// numbers made huge, and pieces moved. The same ones in every run.
pub(crate) fn mutations(whole: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let cuts = (0..whole.len()).map(|end| whole[..end].to_vec());
    let changes = (0..whole.len()).flat_map(|at| {
        [0, 1, 0x7f, 0x80, 0xff].map(|byte| {
            let mut bytes = whole.to_vec();
            bytes[at] = byte;
            bytes
        })
    });
    let huge = (0..whole.len().saturating_sub(4)).map(|at| {
        let mut bytes = whole.to_vec();
        bytes[at..at + 4].copy_from_slice(&(u32::MAX - 3).to_le_bytes());
        bytes
    });
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below.max(1) as u64) as usize
    };
    let scrambled = (0..5000).map(move |_| {
        let mut bytes = whole.to_vec();
        for _ in 0..=random(8) {
            let at = random(bytes.len());
            match random(3) {
                0 => bytes[at] = random(256) as u8,
                1 => {
                    let other = random(bytes.len());
                    bytes.swap(at, other);
                }
                _ => {
                    let rotate = random(8);
                    let end = (at + 16).min(bytes.len());
                    let length = end - at;
                    bytes[at..end].rotate_left(rotate.min(length));
                }
            }
        }
        bytes
    });
    cuts.chain(changes).chain(huge).chain(scrambled)
}

/// A clock of the machine that is turned by hand.
#[derive(Clone, Debug)]
pub(crate) struct Machine(Arc<Mutex<Moment>>);

impl Machine {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Moment {
            boot: Some([1; 16]),
            since_boot: Duration::from_secs(100_000),
            wall: SystemTime::now(),
        })))
    }

    pub(crate) fn moments(&self) -> Moments {
        let clock = Arc::clone(&self.0);
        Moments::from_fn(move || *clock.lock().expect("nobody panics with it"))
    }

    /// Changes what the clocks show.
    pub(crate) fn turn(&self, change: impl FnOnce(&mut Moment)) {
        change(&mut self.0.lock().expect("nobody panics with it"));
    }

    /// Time goes by.
    pub(crate) fn pass(&self, time: Duration) {
        self.turn(|now| {
            now.since_boot += time;
            now.wall += time;
        });
    }
}

/// A disk in this directory, as a daemon has it that starts now.
pub(crate) fn disk(dir: &Path, machine: &Machine) -> Arc<Disk> {
    let config = DiskConfig {
        cache_dir: Some(dir.to_owned()),
        keep: true,
    };
    Disk::start(&config, machine.moments(), &Handle::current())
}
