//! Whole processes, from their spawning until they are reaped.

use std::fs;
use std::io::Read;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// Runs before those that count.
const WARM_UP: usize = 5;

/// Runs each command so many times in turn, so that whatever else the machine
/// does strikes all of them alike; the median of each.
pub fn medians(commands: &mut [Command], times: usize) -> Vec<Duration> {
    let mut taken = vec![Vec::with_capacity(times); commands.len()];
    for round in 0..WARM_UP + times {
        for (command, taken) in commands.iter_mut().zip(&mut taken) {
            let time = once(command);
            if round >= WARM_UP {
                taken.push(time);
            }
        }
    }
    taken.into_iter().map(median).collect()
}

/// One run. Its output goes nowhere: reading it would be this process's time.
pub fn once(command: &mut Command) -> Duration {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let began = Instant::now();
    let status = command.status().expect("it can be run");
    let took = began.elapsed();
    assert!(status.success(), "{command:?}: {status}");
    took
}

/// How long until the first byte of output; the rest is read and left out.
pub fn first_byte(command: &mut Command) -> Duration {
    let began = Instant::now();
    let (mut child, mut stdout) = spawn_to_pipe(command);
    stdout.read_exact(&mut [0]).expect("some output");
    let took = began.elapsed();
    std::io::copy(&mut stdout, &mut std::io::sink()).expect("the rest of it");
    assert!(child.wait().expect("it ends").success());
    took
}

/// The most memory that was resident in one run, in bytes. The output is taken
/// bit by bit, so that the program is still there when it is looked at last.
pub fn peak(command: &mut Command) -> u64 {
    let (mut child, mut stdout) = spawn_to_pipe(command);
    let mut buffer = vec![0; 2048];
    let mut peak = 0;
    while stdout.read(&mut buffer).expect("output") > 0 {
        peak = memory(child.id(), "VmHWM:").unwrap_or_default().max(peak);
    }
    assert!(child.wait().expect("it ends").success());
    peak
}

fn spawn_to_pipe(command: &mut Command) -> (Child, ChildStdout) {
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("it can be run");
    let stdout = child.stdout.take().expect("it was piped");
    rustix::pipe::fcntl_setpipe_size(&stdout, 4096).expect("a small pipe");
    (child, stdout)
}

/// A figure of the kernel's on a process, in bytes.
pub fn memory(pid: u32, name: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// The processor time that the threads of a process have used.
pub fn cpu(pid: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("it runs");
    let used = threads.map(|thread| {
        let path = thread.expect("a thread").path().join("schedstat");
        // One that has just ended did nothing that counts.
        let stat = fs::read_to_string(path).unwrap_or_default();
        let nanoseconds = stat.split_whitespace().next();
        nanoseconds.map_or(0, |n| n.parse().expect("a number"))
    });
    Duration::from_nanos(used.sum())
}

/// The middle one.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
