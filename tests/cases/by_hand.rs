//! Rows that an attribute cannot express, as several calls are under way at once or the hand is in
//! play: one breaker a row, one script of words.
//!
//! | word | meaning |
//! |---|---|
//! | `FSNX` | a call that fails, succeeds, ends without a word; one that must be refused |
//! | `h` | a call that must be let in and stays out; `s` `f` `n` end the oldest that is out |
//! | `+6s` | time passes |
//! | `=closed` `=open` `=half` `=forced` `=disabled` | the state |
//! | `3/1` | calls and failures that are counted |
//! | `out:2` | probes that are out |
//! | `!open` `!close` `!disable` `!reset` | by hand |
//! | `refused:5s..6s` | the refusal says that a probe may run in that time |

use std::collections::VecDeque;
use std::time::Duration;

use resil::{Breaker, CallPermit, CircuitPolicy, CircuitState, Error, breaker};
use tokio::time::advance;

use crate::stage::{Step, steps};
use crate::support::ms;

/// One row.
pub(crate) struct Row {
    pub(crate) id: &'static str,
    pub(crate) says: &'static str,
    pub(crate) source: &'static str,
    pub(crate) policy: CircuitPolicy,
    pub(crate) play: &'static str,
}

/// Plays all rows, each on a breaker named after it.
pub(crate) async fn play(rows: &[Row]) {
    for row in rows {
        let b = breaker(row.id);
        let fresh = b.state() == CircuitState::Closed && b.configure(row.policy);
        assert!(fresh, "{} is used twice", row.id);
        let mut out = VecDeque::new();
        for (i, word) in row.play.split_whitespace().enumerate() {
            let why = || {
                let (id, says, source) = (row.id, row.says, row.source);
                format!("{id}: {says} ({source}): word {i}, `{word}`, {b:?}")
            };
            step(b, &mut out, word, &why).await;
        }
    }
}

async fn step(b: Breaker, out: &mut VecDeque<CallPermit>, word: &str, why: &dyn Fn() -> String) {
    if let Some(state) = word.strip_prefix('=') {
        let state = match state {
            "closed" => CircuitState::Closed,
            "open" => CircuitState::Open,
            "half" => CircuitState::HalfOpen,
            "forced" => CircuitState::ForcedOpen,
            "disabled" => CircuitState::Disabled,
            _ => panic!("{}", why()),
        };
        assert_eq!(b.state(), state, "{}", why());
    } else if let Some(hand) = word.strip_prefix('!') {
        match hand {
            "open" => b.force_open(),
            "close" => b.force_close(),
            "disable" => b.disable(),
            "reset" => b.reset(),
            _ => panic!("{}", why()),
        }
    } else if let Some(probes) = word.strip_prefix("out:") {
        assert_eq!(b.counts().probes_out.to_string(), probes, "{}", why());
    } else if let Some(range) = word.strip_prefix("refused:") {
        let (low, high) = range.split_once("..").unwrap();
        let wait = match b.try_acquire() {
            Err(e) => e.retry_after().unwrap(),
            Ok(_) => panic!("{}", why()),
        };
        let range = time(low)..=time(high);
        assert!(range.contains(&wait), "{wait:?}: {}", why());
    } else if let Some((calls, failures)) = word.split_once('/') {
        let counts = b.counts();
        let got = (counts.calls.to_string(), counts.failures.to_string());
        assert_eq!(got, (calls.to_owned(), failures.to_owned()), "{}", why());
    } else if let Some(passes) = word.strip_prefix('+') {
        advance(time(passes)).await;
    } else {
        for letter in word.chars() {
            call(b, out, letter, why);
        }
    }
}

fn time(word: &str) -> Duration {
    match steps(&format!("+{word}"))[..] {
        [Step('+', Some(n))] => ms(n),
        _ => panic!("no time: {word}"),
    }
}

fn call(b: Breaker, out: &mut VecDeque<CallPermit>, letter: char, why: &dyn Fn() -> String) {
    match letter {
        's' => out.pop_front().unwrap().success(),
        'f' => out.pop_front().unwrap().failure(),
        'n' => drop(out.pop_front().unwrap()),
        'F' | 'S' | 'N' | 'X' | 'h' => match (letter, b.try_acquire()) {
            ('F', Ok(permit)) => permit.failure(),
            ('S', Ok(permit)) => permit.success(),
            ('N', Ok(permit)) => drop(permit),
            ('h', Ok(permit)) => out.push_back(permit),
            ('X', Err(Error::CircuitOpen { name, .. })) => assert_eq!(name, b.name()),
            (_, got) => panic!("{got:?}: {}", why()),
        },
        _ => panic!("{}", why()),
    }
}
