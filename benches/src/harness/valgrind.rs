//! Instructions a call, exactly: the instructions of a run with more calls less those of a run with
//! fewer, over the difference. What the two have in common, start and warm-up, is in neither.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

const FEW: u64 = 1_024;
const MANY: u64 = 3 * FEW;

/// A row and a contestant, by name.
pub type Entry = (String, &'static str);

/// Counts the instructions of one call of each, with `exe --calls ROW WHO N` under cachegrind.
///
/// # Errors
///
/// If valgrind can't be run, or does not say how many instructions it saw.
pub fn instructions(exe: &Path, entries: &[Entry]) -> io::Result<Vec<f64>> {
    on_all_cores(entries, |at, entry| of_one_call(exe, entry, at))
}

/// Counts each of `all`, on as many threads as there are cores: who counts does not care what else runs.
///
/// # Errors
///
/// The first error.
pub fn on_all_cores<T: Sync, C: Send>(
    all: &[T],
    count: impl Fn(usize, &T) -> io::Result<C> + Sync,
) -> io::Result<Vec<C>> {
    let next = AtomicUsize::new(0);
    let some = || {
        let mut counted = Vec::new();
        loop {
            let at = next.fetch_add(1, Relaxed);
            let Some(one) = all.get(at) else {
                return Ok(counted);
            };
            counted.push((at, count(at, one)?));
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let counted: io::Result<Vec<_>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(some)).collect();
        let counted = threads.into_iter().map(|t| t.join().expect("no panic"));
        counted.collect()
    });
    let mut counted: Vec<(usize, C)> = counted?.into_iter().flatten().collect();
    counted.sort_by_key(|(at, _)| *at);
    Ok(counted.into_iter().map(|(_, count)| count).collect())
}

fn of_one_call(exe: &Path, entry: &Entry, at: usize) -> io::Result<f64> {
    let few = of_a_run(exe, entry, FEW, at)?;
    let many = of_a_run(exe, entry, MANY, at)?;
    Ok((many - few) / (MANY - FEW) as f64)
}

fn of_a_run(exe: &Path, (row, who): &Entry, calls: u64, at: usize) -> io::Result<f64> {
    let name = format!("resil-benches-{}-{at}.cachegrind", std::process::id());
    let file = std::env::temp_dir().join(name);
    let out = Command::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no", "--quiet"])
        .arg(format!("--cachegrind-out-file={}", file.display()))
        .arg(exe)
        .args(["--calls", row, who, &calls.to_string()])
        .stdin(Stdio::null())
        .output()?;
    if !out.status.success() {
        let said = String::from_utf8_lossy(&out.stderr);
        return Err(io::Error::other(format!("{row}, {who}: {said}")));
    }
    let written = fs::read_to_string(&file)?;
    fs::remove_file(&file)?;
    let summary = written.lines().find_map(|l| l.strip_prefix("summary:"));
    summary
        .and_then(|s| s.trim().parse().ok())
        .ok_or_else(|| io::Error::other("cachegrind wrote no summary"))
}
