//! Who calls whom, from the calls that were seen.

use std::task::{Context, Waker};
use std::time::Duration;

use resil::{circuit, fallback, hedge, retry, timeout};
use tokio::task::yield_now;

use crate::support::Fault;

type Out = Result<u32, Fault>;

/// The callees of a function in this file, in order.
fn calls_of(function: &str) -> Vec<String> {
    let short = |name: &str| {
        name.strip_prefix("catalog::calls::")
            .unwrap_or(name)
            .to_owned()
    };
    let calls = resil::catalog().calls.into_iter();
    let calls = calls.map(|call| (short(&call.caller), short(&call.callee)));
    let calls = calls.filter(|(caller, _)| caller == function);
    calls.map(|(_, callee)| callee).collect()
}

#[timeout(1s)]
async fn leaf() -> Out {
    Ok(1)
}

#[circuit]
async fn middle() -> Out {
    yield_now().await;
    leaf().await
}

#[retry]
async fn outer() -> Out {
    yield_now().await;
    middle().await?;
    yield_now().await;
    other().await
}

#[timeout(1s)]
async fn other() -> Out {
    Ok(1)
}

#[tokio::test(start_paused = true)]
async fn a_call_inside_a_body_is_a_call_by_the_function() {
    leaf().await.unwrap();
    outer().await.unwrap();
    outer().await.unwrap();
    assert_eq!(calls_of("outer"), ["middle", "other"]);
    assert_eq!(calls_of("middle"), ["leaf"]);
    assert!(calls_of("leaf").is_empty() && calls_of("other").is_empty());
}

#[retry]
async fn left() -> Out {
    yield_now().await;
    left_leaf().await
}

#[retry]
async fn right() -> Out {
    yield_now().await;
    right_leaf().await
}

#[timeout(1s)]
async fn left_leaf() -> Out {
    yield_now().await;
    Ok(1)
}

#[timeout(1s)]
async fn right_leaf() -> Out {
    yield_now().await;
    Ok(1)
}

/// Two calls are polled by turns in one task.
#[tokio::test(start_paused = true)]
async fn calls_beside_each_other_are_kept_apart() {
    let (left, right) = tokio::join!(left(), right());
    assert!(left.is_ok() && right.is_ok());
    assert_eq!(calls_of("left"), ["left_leaf"]);
    assert_eq!(calls_of("right"), ["right_leaf"]);
}

#[timeout(1s)]
async fn countdown(n: u32) -> Out {
    match n {
        0 => Ok(0),
        n => Box::pin(countdown(n - 1)).await,
    }
}

#[tokio::test(start_paused = true)]
async fn recursion_is_a_call_of_itself() {
    countdown(3).await.unwrap();
    assert_eq!(calls_of("countdown"), ["countdown"]);
}

#[retry]
fn blocking() -> Out {
    blocking_leaf()
}

#[circuit]
fn blocking_leaf() -> Out {
    Ok(1)
}

#[test]
fn functions_that_are_not_async_call_too() {
    blocking().unwrap();
    assert_eq!(calls_of("blocking"), ["blocking_leaf"]);
}

#[fallback(|_| instead().await)]
async fn falls_back() -> Out {
    Err(Fault::Network(1))
}

#[timeout(1s)]
async fn instead() -> Out {
    Ok(1)
}

#[fallback(instead_of_it())]
fn falls_back_blocking() -> Out {
    Err(Fault::Network(1))
}

#[circuit]
fn instead_of_it() -> Out {
    Ok(1)
}

#[tokio::test(start_paused = true)]
async fn a_fallback_calls_for_its_function() {
    falls_back().await.unwrap();
    assert_eq!(calls_of("falls_back"), ["instead"]);
    falls_back_blocking().unwrap();
    assert_eq!(calls_of("falls_back_blocking"), ["instead_of_it"]);
}

#[hedge(after = 10ms, max = 2)]
async fn hedged() -> Out {
    hedged_leaf().await
}

#[timeout(1s)]
async fn hedged_leaf() -> Out {
    tokio::time::sleep(Duration::from_millis(15)).await;
    Ok(1)
}

#[tokio::test(start_paused = true)]
async fn each_copy_of_a_hedge_calls() {
    hedged().await.unwrap();
    assert_eq!(calls_of("hedged"), ["hedged_leaf"]);
}

#[retry]
async fn spawns() -> Out {
    let carried = tokio::spawn(resil::carry(carried()));
    let spawned = resil::spawn(spawned());
    let alone = tokio::spawn(alone());
    for task in [carried, spawned, alone] {
        task.await.unwrap()?;
    }
    Ok(1)
}

#[timeout(1s)]
async fn carried() -> Out {
    Ok(1)
}

#[timeout(1s)]
async fn spawned() -> Out {
    Ok(1)
}

#[timeout(1s)]
async fn alone() -> Out {
    Ok(1)
}

#[tokio::test(start_paused = true)]
async fn tasks_that_carry_the_deadline_carry_the_caller() {
    spawns().await.unwrap();
    assert_eq!(calls_of("spawns"), ["carried", "spawned"]);
}

#[timeout(10ms)]
async fn cut() -> Out {
    tokio::time::sleep(Duration::from_secs(1)).await;
    Ok(1)
}

#[timeout(1s)]
async fn after_a_cut() -> Out {
    Ok(1)
}

/// A body that was dropped, and one that panicked, leave nothing behind.
#[tokio::test(start_paused = true)]
async fn a_call_that_is_over_calls_nobody() {
    cut().await.unwrap_err();
    after_a_cut().await.unwrap();
    #[retry]
    async fn panics() -> Out {
        panic!("on purpose")
    }
    let panicked = std::panic::catch_unwind(|| {
        let mut call = std::pin::pin!(panics());
        let _ = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    });
    assert!(panicked.is_err());
    after_a_cut().await.unwrap();
    assert!(calls_of("cut").is_empty() && calls_of("panics").is_empty());
}
