//! Labels, `return` out of a loop, `?` on an `Option`'s `ok_or`, `let .. else`, nested functions,
//! consts and macros inside: the body means what it means without the attributes.
#![deny(warnings, unused_qualifications, unused_labels)]
use std::cell::Cell;

use resil::{circuit, retry, timeout};

#[derive(Debug, thiserror::Error)]
enum SyncError {
    #[error("line {0} is malformed")]
    Malformed(usize),
    #[error(transparent)]
    Number(#[from] std::num::ParseIntError),
    #[error(transparent)]
    Resil(#[from] resil::Error),
}

#[circuit(failures = 99)]
#[timeout(9s)]
#[retry(base = 1ms, on(SyncError::Malformed(_)))]
#[timeout(1s)]
async fn sum_until(feed: &str, stop: &str, reads: &Cell<u32>) -> Result<i64, SyncError> {
    const LIMIT: i64 = 1_000;
    fn parse(text: &str) -> Result<i64, std::num::ParseIntError> {
        if text.is_empty() {
            return Ok(0);
        }
        text.parse()
    }
    macro_rules! add {
        ($to:ident, $value:expr) => {
            $to = $to.saturating_add($value)
        };
    }
    reads.set(reads.get() + 1);
    let mut sum = 0_i64;
    'lines: for (number, line) in feed.lines().enumerate() {
        let Some((key, values)) = line.split_once(':') else {
            return Err(SyncError::Malformed(number));
        };
        for value in values.split(',') {
            if value == "skip" {
                continue 'lines;
            }
            if key == stop {
                break 'lines;
            }
            add!(sum, parse(value)?);
            if sum > LIMIT {
                return Ok(LIMIT);
            }
        }
        tokio::task::yield_now().await;
    }
    let twice = 'twice: {
        if sum < 0 {
            break 'twice sum;
        }
        let double = || -> Option<i64> { sum.checked_mul(2) };
        double().ok_or(SyncError::Malformed(0))?
    };
    Ok(twice)
}

#[tokio::test(start_paused = true)]
async fn main() {
    let reads = Cell::new(0);
    let read = |feed| sum_until(feed, "end", &reads);
    assert_eq!(read("a:1,2\nb:skip,9\nend:5\nc:1").await.ok(), Some(6));
    assert_eq!(read("a:-5").await.ok(), Some(-5));
    assert_eq!(read("a:999,2\nnot read").await.ok(), Some(1_000));
    assert_eq!(reads.take(), 3);
    assert!(matches!(read("a:1\nb").await, Err(SyncError::Malformed(1))));
    assert_eq!(reads.take(), 3);
    assert!(matches!(read("a:x").await, Err(SyncError::Number(_))));
    assert_eq!(reads.take(), 1);
}
