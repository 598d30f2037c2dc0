//! How much memory the process has, as the system sees it.

use aws_ssm_proto::domain::MemoryStats;

/// Resident and peak memory; zero where the system does not say.
#[cfg(target_os = "linux")]
pub(super) fn read() -> MemoryStats {
    std::fs::read_to_string("/proc/self/status")
        .map(|status| parse(&status))
        .unwrap_or_default()
}

/// Resident and peak memory; zero where the system does not say.
#[cfg(not(target_os = "linux"))]
pub(super) fn read() -> MemoryStats {
    MemoryStats::default()
}

#[cfg(any(target_os = "linux", test))]
fn parse(status: &str) -> MemoryStats {
    let bytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kib * 1024)
    };
    MemoryStats {
        resident: bytes("VmRSS:").unwrap_or_default(),
        peak: bytes("VmHWM:").unwrap_or_default(),
        instance_data: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_kilobytes_become_bytes() {
        let read = parse("Name:\taws-ssmd\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n");
        assert_eq!((read.resident, read.peak), (1_048_576, 2_097_152));
    }

    #[test]
    fn lines_that_are_missing_count_as_zero() {
        assert_eq!(parse("Name:\tx\n"), MemoryStats::default());
    }
}
