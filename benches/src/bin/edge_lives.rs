//! What the HTTP edge costs, each contestant in a process of its own that is begun anew again and again.
//!
//! How the memory of a process happens to lie, and on which core its tasks begin, is worth up to 5 % for as long as it
//! runs: more than what is to be told. So a figure is the mean over many lives, with its standard error.
//!
//! ```text
//! edge_lives 24 client reqwest pool resil   # those of `edge alone`, in turns of 0.3 s
//! edge_lives 24 wrk plain tuple around      # those of `edge serve`, under `wrk` in turns of a second
//! edge_lives 24 callers plain tuple around  # the same, with 32 callers and not one
//! ```

#![allow(
    missing_docs,
    clippy::print_stdout,
    reason = "a program that prints times"
)]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

/// Turns of each contestant in a life. The first one, which opens the connections, does not count.
const TURNS: usize = 5;

/// The ticks of `/proc/PID/stat` in a second, on Linux.
const TICKS: f64 = 100.0;

/// What a contestant did: requests in a second, and microseconds of CPU time for each.
type Done = (f64, f64);

fn edge(mode: &str, who: &str, options: &[&str]) -> Child {
    let own = std::env::current_exe().expect("its own path");
    Command::new(own.with_file_name("edge"))
        .arg(mode)
        .arg(who)
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program `edge` beside this one")
}

/// Reads a line of what the process prints.
fn line(child: &mut Child) -> String {
    let mut line = String::new();
    let out = child.stdout.as_mut().expect("a pipe");
    // It prints a line a turn, so nothing of the next one is read too.
    BufReader::new(out).read_line(&mut line).expect("a line");
    line
}

/// Returns the number that stands before `unit`.
fn number(text: &str, unit: &str) -> f64 {
    let before = text.split(unit).next().expect("a text");
    let number = before.split_whitespace().next_back();
    number
        .and_then(|number| number.parse().ok())
        .unwrap_or_else(|| panic!("no number before `{unit}` in `{text}`"))
}

/// Lets a client send requests for a turn.
fn send(child: &mut Child) -> Done {
    let turn = child.stdin.as_mut().expect("a pipe").write_all(b"\n");
    turn.expect("it waits for its turn");
    let line = line(child);
    (number(&line, " requests/s"), number(&line, " µs"))
}

/// Returns the CPU time that a process has had, in microseconds.
fn cpu(child: &Child) -> f64 {
    let path = format!("/proc/{}/stat", child.id());
    let stat = std::fs::read_to_string(path).expect("Linux");
    let behind_name = stat.rsplit(')').next().expect("a name");
    let fields = behind_name.split_whitespace().skip(11).take(2);
    let ticks: f64 = fields
        .map(|field| field.parse::<f64>().expect("ticks"))
        .sum();
    ticks / TICKS * 1e6
}

/// Lets `wrk` load a server for a turn.
fn load(child: &Child, url: &str, mode: &str) -> Done {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/callers.lua");
    let callers = match mode {
        "callers" => ["-s", script],
        _ => ["-H", "user-agent: bench"],
    };
    let before = cpu(child);
    let wrk = Command::new("wrk")
        .args(["-t1", "-c32", "-d1s"])
        .args(callers)
        .arg(url)
        .output()
        .expect("`wrk` is installed");
    let requests = number(&String::from_utf8_lossy(&wrk.stdout), " requests in");
    (requests, (cpu(child) - before) / requests)
}

/// Runs all contestants side by side for a life, and returns the mean of what each of them did.
fn life(number: usize, mode: &str, contestants: &[String]) -> Vec<Done> {
    let begin = |who: &String| match mode {
        "client" => (edge("alone", who, &["turns"]), String::new()),
        "wrk" | "callers" => {
            let mut server = edge("serve", who, &[]);
            let url = line(&mut server);
            (server, url.trim().to_owned())
        }
        _ => panic!("the mode is `client`, `wrk` or `callers`"),
    };
    let mut all: Vec<_> = contestants.iter().map(begin).collect();
    let mut sums = vec![(0.0, 0.0); all.len()];
    for turn in 0..=TURNS {
        for step in 0..all.len() {
            // Each is once at each place, and every second time the other way round.
            let at = (number + turn + step) % all.len();
            let at = if turn % 2 == 0 {
                at
            } else {
                all.len() - 1 - at
            };
            let (child, url) = &mut all[at];
            let done = if url.is_empty() {
                send(child)
            } else {
                load(child, url, mode)
            };
            if turn > 0 {
                sums[at].0 += done.0 / TURNS as f64;
                sums[at].1 += done.1 / TURNS as f64;
            }
        }
    }
    for (child, _) in &mut all {
        child.kill().expect("it runs");
        child.wait().expect("it has ended");
    }
    sums
}

/// Returns the mean, and its standard error.
fn mean(of: &[f64]) -> (f64, f64) {
    let (sum, count): (f64, f64) = (of.iter().sum(), of.len() as f64);
    let mean = sum / count;
    let squares: f64 = of.iter().map(|one| (one - mean).powi(2)).sum();
    (mean, (squares / (count - 1.0).max(1.0) / count).sqrt())
}

fn main() {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let [lives, mode, contestants @ ..] = args.as_slice() else {
        panic!("write: edge_lives LIVES client|wrk|callers CONTESTANT..");
    };
    let lives: usize = lives.parse().expect("a number of lives");
    let all: Vec<_> = (0..lives)
        .map(|number| life(number, mode, contestants))
        .collect();
    println!("means of {lives} lives, beside `{}`", contestants[0]);
    for (at, who) in contestants.iter().enumerate() {
        let of = |figure: &dyn Fn(&[Done]) -> f64| {
            mean(&all.iter().map(|life| figure(life)).collect::<Vec<_>>())
        };
        let (rate, _) = of(&|life| life[at].0);
        let (time, _) = of(&|life| life[at].1);
        let (rates, rates_error) = of(&|life| life[at].0 / life[0].0);
        let (times, times_error) = of(&|life| life[at].1 / life[0].1);
        println!(
            "  {who:<10} {rate:>8.0} requests/s, {time:>6.2} µs of CPU time: \
             {rates:.3} ± {rates_error:.3} × the requests, {times:.3} ± {times_error:.3} × the time"
        );
    }
}
