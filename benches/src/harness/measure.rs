//! The rounds.

use std::time::Duration;

use super::cpu;
use super::outcome::{Measured, Outcome, Unit};
use super::row::{Ready, Row};

/// How long a run takes, and so how steady its figures are.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Rounds of each row. Each contestant has one turn a round.
    pub rounds: usize,
    /// How long one turn takes, about.
    pub turn: Duration,
}

impl Effort {
    /// For figures to keep.
    pub const FULL: Self = Self {
        rounds: 101,
        turn: Duration::from_millis(2),
    };

    /// For a look while working.
    pub const QUICK: Self = Self {
        rounds: 21,
        turn: Duration::from_micros(400),
    };

    /// The rounds of a row whose turns are long ones.
    pub fn few(self) -> usize {
        (self.rounds / 5).max(5)
    }
}

/// Gives each of `len` contestants one turn a round, and returns the figures of each by round.
///
/// The order is rotated from round to round, and every second round runs backwards: nobody always
/// comes after the same neighbour, and what disturbs the machine for longer than a turn disturbs
/// all of them.
pub fn interleave(len: usize, rounds: usize, mut turn: impl FnMut(usize) -> f64) -> Vec<Vec<f64>> {
    let mut figures = vec![Vec::with_capacity(rounds); len];
    for round in 0..rounds {
        for step in 0..len {
            let at = (round + step) % len;
            let at = if round % 2 == 0 { at } else { len - 1 - at };
            figures[at].push(turn(at));
        }
    }
    figures
}

/// Times the calls of a row: nanoseconds of the thread's CPU time for each call.
pub fn time(row: &Row, effort: Effort) -> Outcome {
    let mut ready: Vec<Ready> = row.contestants.iter().map(|c| c.start(row.warm)).collect();
    let counts: Vec<u64> = ready.iter_mut().map(|r| calls_in(r, effort.turn)).collect();
    let figures = interleave(ready.len(), effort.rounds, |at| {
        let before = cpu::thread();
        (ready[at].calls)(counts[at]);
        (cpu::thread() - before) / counts[at] as f64
    });
    outcome(row, &ready, figures)
}

/// Measures the futures of a row, and nothing that takes time.
pub fn sizes(row: &Row) -> Outcome {
    let ready: Vec<Ready> = row.contestants.iter().map(|c| c.start(0)).collect();
    outcome(row, &ready, vec![Vec::new(); ready.len()])
}

fn outcome(row: &Row, ready: &[Ready], figures: Vec<Vec<f64>>) -> Outcome {
    let measured = row.contestants.iter().zip(ready).zip(figures);
    Outcome {
        row: row.name.to_owned(),
        unit: Unit::Nanoseconds,
        base: row.base,
        measured: measured
            .map(|((c, r), figures)| Measured {
                future: Some(r.future),
                ..Measured::new(c.name, figures)
            })
            .collect(),
        unfit: None,
    }
}

/// How many calls take about that long; a multiple of 64, as arguments come in turns of 64.
fn calls_in(ready: &mut Ready, turn: Duration) -> u64 {
    let turn = turn.as_nanos() as f64;
    let mut calls = 64;
    loop {
        let before = cpu::thread();
        (ready.calls)(calls);
        let took = cpu::thread() - before;
        if took * 4.0 >= turn {
            let wanted = calls as f64 * turn / took;
            return ((wanted / 64.0).ceil() as u64).max(1) * 64;
        }
        calls *= 2;
    }
}
