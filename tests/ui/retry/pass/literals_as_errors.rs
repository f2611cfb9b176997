//! Protocols whose errors are plain values: words, exit codes below zero, letters, flags.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;

use resil::retry;

#[retry(base = 1ms, on("BUSY" | "LOADING"))]
async fn words(runs: &Cell<u32>, answer: &'static str) -> Result<(), &'static str> {
    runs.set(runs.get() + 1);
    Err(answer)
}

#[retry(base = 1ms, on(-110..=-100 | 75 | i32::MIN))]
async fn codes(runs: &Cell<u32>, exit: i32) -> Result<(), i32> {
    runs.set(runs.get() + 1);
    Err(exit)
}

#[retry(base = 1ms, on('a'..='c' | 'x'))]
async fn letters(runs: &Cell<u32>, letter: char) -> Result<(), char> {
    runs.set(runs.get() + 1);
    Err(letter)
}

#[retry(base = 1ms, on(true))]
async fn may_pass(runs: &Cell<u32>, transient: bool) -> Result<(), bool> {
    runs.set(runs.get() + 1);
    Err(transient)
}

#[tokio::test(start_paused = true)]
async fn main() {
    let runs = Cell::new(0);
    for (word, tries) in [("BUSY", 3), ("LOADING", 3), ("ERR", 1)] {
        assert_eq!(words(&runs, word).await, Err(word));
        assert_eq!(runs.take(), tries, "{word}");
    }
    for (exit, tries) in [(-110, 3), (-99, 1), (75, 3), (i32::MIN, 3), (0, 1)] {
        assert_eq!(codes(&runs, exit).await, Err(exit));
        assert_eq!(runs.take(), tries, "{exit}");
    }
    for (letter, tries) in [('b', 3), ('x', 3), ('d', 1)] {
        assert_eq!(letters(&runs, letter).await, Err(letter));
        assert_eq!(runs.take(), tries, "{letter}");
    }
    for (transient, tries) in [(true, 3), (false, 1)] {
        assert_eq!(may_pass(&runs, transient).await, Err(transient));
        assert_eq!(runs.take(), tries);
    }
}
