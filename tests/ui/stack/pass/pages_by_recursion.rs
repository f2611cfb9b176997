//! A function that calls itself for the next page, boxed: each page has attempts and a limit of its
//! own; and two that call each other.
#![deny(warnings, unused_qualifications)]
use std::cell::RefCell;

use resil::{Error, retry, timeout};

#[timeout(30s)]
#[retry(base = 1ms, budget = off)]
#[timeout(20s)]
async fn pages(cursor: u32, asked: &RefCell<Vec<u32>>) -> Result<Vec<u32>, Error> {
    asked.borrow_mut().push(cursor);
    let first_time = asked.borrow().iter().filter(|c| **c == cursor).count() == 1;
    if first_time && cursor % 2 == 1 {
        hang().await?;
    }
    if cursor == 3 {
        return Ok(vec![cursor]);
    }
    let mut rest = Box::pin(pages(cursor + 1, asked)).await?;
    rest.insert(0, cursor);
    Ok(rest)
}

#[timeout(1s)]
async fn hang() -> Result<(), Error> {
    std::future::pending().await
}

#[retry(max = 2)]
async fn even(n: u32) -> Result<bool, String> {
    if n == 0 {
        Ok(true)
    } else {
        Box::pin(odd(n - 1)).await
    }
}

#[retry(max = 2)]
async fn odd(n: u32) -> Result<bool, String> {
    if n == 0 {
        Ok(false)
    } else {
        Box::pin(even(n - 1)).await
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    let asked = RefCell::default();
    assert_eq!(pages(0, &asked).await, Ok(vec![0, 1, 2, 3]));
    assert_eq!(*asked.borrow(), [0, 1, 1, 2, 3, 3]);
    assert_eq!(even(7).await, Ok(false));
}
