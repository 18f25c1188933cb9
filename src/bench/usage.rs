//! CPU and memory of processes, from `/proc`. Elsewhere than on Linux there is none of it, and the
//! report leaves those columns out.

use std::fs;
use std::time::Instant;

use super::service::Watched;

/// Clock ticks of `/proc/PID/stat` per second.
fn ticks_per_second() -> f64 {
    rustix::param::clock_ticks_per_second() as f64
}

/// CPU time that a process has used, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cpu {
    /// In its own code.
    pub user: f64,
    /// In the kernel.
    pub system: f64,
}

impl Cpu {
    /// Of a process; `None` if it is gone.
    pub fn of(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The second field is the program's name in parentheses and may hold anything.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let seconds =
            |index: usize| Some(fields.get(index)?.parse::<f64>().ok()? / ticks_per_second());
        Some(Self { user: seconds(11)?, system: seconds(12)? })
    }

    /// Both together.
    pub fn total(self) -> f64 {
        self.user + self.system
    }
}

impl std::ops::Sub for Cpu {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self { user: self.user - other.user, system: self.system - other.system }
    }
}

impl std::iter::Sum for Cpu {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::default(), |sum, part| Self {
            user: sum.user + part.user,
            system: sum.system + part.system,
        })
    }
}

/// Memory of a process that is in RAM, KiB; `None` if the process is gone.
pub fn resident_kib(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// CPU seconds of the whole machine since it started: used, and used or idle.
pub fn machine() -> Option<(f64, f64)> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let ticks: Vec<f64> = line.split_whitespace().filter_map(|field| field.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal; the guest columns are in user already.
    let total: f64 = ticks.iter().take(8).sum();
    let idle = ticks.get(3)? + ticks.get(4)?;
    Some(((total - idle) / ticks_per_second(), total / ticks_per_second()))
}

/// CPU times of the service, of this process and of the machine at one moment.
pub struct Reading {
    /// When.
    pub at: Instant,
    /// Of each watched process.
    pub processes: Vec<Option<Cpu>>,
    /// Of this process.
    pub own: Option<Cpu>,
    /// As [`machine`] gives it.
    pub machine: Option<(f64, f64)>,
}

impl Reading {
    /// The times of now.
    pub fn take(watched: &[Watched]) -> Self {
        Self {
            at: Instant::now(),
            processes: watched.iter().map(|process| Cpu::of(process.pid)).collect(),
            own: Cpu::of(std::process::id()),
            machine: machine(),
        }
    }

    /// Seconds from an earlier one to this one.
    pub fn seconds_since(&self, earlier: &Self) -> f64 {
        (self.at - earlier.at).as_secs_f64().max(0.001)
    }
}

/// What the processes of one part used between two readings.
pub struct PartUsage {
    /// `edge`, `worker`, `redis`, or the name that `--pid` gave.
    pub name: String,
    /// Number of processes.
    pub processes: usize,
    /// CPU time of all of them.
    pub cpu: Cpu,
    /// Memory in RAM, all of them together, as it is now.
    pub rss_kib: u64,
}

/// Adds up the processes of each part. One that is gone leaves its part out.
pub fn parts(watched: &[Watched], before: &Reading, after: &Reading) -> Vec<PartUsage> {
    let mut names: Vec<&str> = watched.iter().map(|process| process.part.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .filter_map(|name| {
            let of_part = || watched.iter().enumerate().filter(|(_, w)| w.part == name);
            let cpu = of_part()
                .map(|(index, _)| Some(after.processes[index]? - before.processes[index]?))
                .sum::<Option<Cpu>>()?;
            let rss_kib = of_part().filter_map(|(_, w)| resident_kib(w.pid)).sum();
            Some(PartUsage { name: name.to_owned(), processes: of_part().count(), cpu, rss_kib })
        })
        .collect()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_own_process_uses_cpu_and_memory() {
        let pid = std::process::id();
        let before = Cpu::of(pid).expect("this process runs");
        let start = std::time::Instant::now();
        let mut sum = 0u64;
        while start.elapsed().as_millis() < 60 {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert!((Cpu::of(pid).expect("still running") - before).total() > 0.0);
        assert!(resident_kib(pid).is_some_and(|kib| kib > 100));
        assert!(machine().is_some_and(|(used, total)| used > 0.0 && total > used));
        assert_eq!(Cpu::of(u32::MAX), None);
    }
}
