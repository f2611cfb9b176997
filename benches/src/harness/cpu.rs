//! CPU time in nanoseconds: what other processes take away does not show in it.

use rustix::time::{ClockId, Timespec, clock_gettime};

fn nanos(at: Timespec) -> f64 {
    at.tv_sec as f64 * 1e9 + at.tv_nsec as f64
}

/// Returns the CPU time of the calling thread.
pub fn thread() -> f64 {
    nanos(clock_gettime(ClockId::ThreadCPUTime))
}

/// Returns the CPU time of all threads of the process.
pub fn process() -> f64 {
    nanos(clock_gettime(ClockId::ProcessCPUTime))
}
