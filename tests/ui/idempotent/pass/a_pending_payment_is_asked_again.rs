//! A provider that answers "pending": nothing to keep, and nothing to replay. What it has decided is
//! kept.
use std::cell::Cell;

use resil::{Error, idempotent};
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Status {
    Pending { polls: u32 },
    Paid,
}

#[idempotent(key = order, forget_ok(Status::Pending { polls } if *polls < 9))]
async fn settle(order: u32, polls: &Cell<u32>) -> Result<Status, Error> {
    let _ = order;
    polls.set(polls.get() + 1);
    Ok(match polls.get() {
        polls @ ..3 => Status::Pending { polls },
        _ => Status::Paid,
    })
}

#[tokio::test]
async fn main() {
    let polls = Cell::new(0);
    assert_eq!(settle(7, &polls).await, Ok(Status::Pending { polls: 1 }));
    assert_eq!(settle(7, &polls).await, Ok(Status::Pending { polls: 2 }));
    for _ in 0..3 {
        assert_eq!(settle(7, &polls).await, Ok(Status::Paid));
    }
    assert_eq!(polls.get(), 3);
}
