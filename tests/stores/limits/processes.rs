//! Three processes at one limit: together they are let in as often as the rate says, and never more often.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::assert_bound;
use super::child::{BURST, MAX, SPAN, TOLD};
use crate::servers::{self, Kind};

/// Longer than anything takes on a busy host.
const STUCK: Duration = Duration::from_secs(60);

struct Process {
    _child: Child,
    to: ChildStdin,
    from: Lines<BufReader<ChildStdout>>,
}

impl Process {
    fn start(told: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "limits::child::child", "--nocapture"])
            .env(TOLD, told)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("a process");
        let to = child.stdin.take().expect("its stdin");
        let from = BufReader::new(child.stdout.take().expect("its stdout")).lines();
        Self {
            _child: child,
            to,
            from,
        }
    }

    /// Its next line; it must come.
    async fn line(&mut self) -> String {
        loop {
            let line = tokio::time::timeout(STUCK, self.from.next_line()).await;
            let line = line.expect("it is not stuck").expect("its stdout");
            let line = line.expect("it goes on until it says so");
            if let Some((_, said)) = line.split_once('@') {
                return said.to_owned();
            }
        }
    }
}

async fn three_processes(kind: Kind, url: Option<String>) {
    let Some(url) = url else { return };
    let told = format!("{kind:?} {url} {:016x}", rand::random::<u64>());
    let mut processes: Vec<_> = (0..3).map(|_| Process::start(&told)).collect();
    for process in &mut processes {
        assert_eq!(process.line().await, "ready");
    }
    for process in &mut processes {
        process.to.write_all(b"go\n").await.expect("a reader");
    }
    let (mut let_in, mut of_each) = (Vec::new(), Vec::new());
    for process in &mut processes {
        let before = let_in.len();
        loop {
            let line = process.line().await;
            if line == "end" {
                break;
            }
            let (at, ran) = line.split_once(' ').expect("two numbers");
            let [at, ran]: [u64; 2] = [at, ran].map(|n| n.parse().expect("a number"));
            // One host, so one clock: no call runs before it is let in.
            assert!(ran + 1 >= at, "{} us too early", at - ran);
            let_in.push(at);
        }
        of_each.push(let_in.len() - before);
    }
    assert_bound(&mut let_in, MAX.into(), BURST.into());
    let end = let_in[0] + u64::try_from(SPAN.as_micros()).expect("ten seconds");
    let total = let_in.iter().filter(|at| **at < end).count();
    println!("{kind:?}: {total} calls in {SPAN:?}, of each {of_each:?}");
    let by_rate = u64::from(MAX) * SPAN.as_secs();
    let beyond_the_burst = u64::try_from(total).expect("few") - u64::from(BURST);
    assert!(
        beyond_the_burst.abs_diff(by_rate) <= by_rate / 100,
        "{beyond_the_burst} calls beyond the burst, and {by_rate} by the rate"
    );
    assert!(of_each.iter().all(|n| *n > 0), "{of_each:?}");
}

#[tokio::test]
async fn redis_counts_three_processes_together() {
    three_processes(Kind::Redis, servers::redis()).await;
}

#[tokio::test]
async fn postgres_counts_three_processes_together() {
    three_processes(Kind::Postgres, servers::postgres()).await;
}
