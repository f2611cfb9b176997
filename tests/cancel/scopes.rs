//! Which scopes end a wait: each one around it, in this task and in those that it spawns.

use resil::{carry, retry};
use tokio::task::JoinSet;

use super::*;

#[retry(constant, max = 9, base = 1h, cap = 1h, jitter = none)]
async fn patient(r: &Record) -> Result<u32, Fault> {
    fail(r).await
}

#[tokio::test(start_paused = true)]
async fn the_inner_one_or_any_outer_one_cancels() {
    for which in 0..3 {
        let r = Record::new();
        let mut tokens = [(); 3].map(|()| CancellationToken::new());
        tokens[which] = cancelled_after(5);
        let [outer, middle, inner] = tokens;
        let out = cancel_scope(
            outer,
            cancel_scope(middle, cancel_scope(inner, patient(&r))),
        );
        assert_eq!(out.await, Err(Fault::Network(1)), "{which}");
        assert_eq!(r.elapsed(), 5, "{which}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_inner_one_ends_with_its_future() {
    let r = Record::new();
    let out = cancel_scope(cancelled_after(1), async {
        tokio::time::sleep(ms(2)).await;
        1
    });
    assert_eq!(out.await, 1);
    let token = cancelled_after(3_600_005);
    let out = cancel_scope(token, async {
        let _ = cancel_scope(cancelled(), patient(&r)).await;
        assert_eq!(r.elapsed(), 2);
        patient(&r).await
    });
    assert_eq!(out.await, Err(Fault::Network(3)));
    assert_eq!(r.times(), [2, 2, 3_600_002]);
}

#[tokio::test(start_paused = true)]
async fn functions_that_the_body_calls_are_in_it() {
    #[retry(max = 9)]
    async fn outer(r: &Record) -> Result<u32, Fault> {
        patient(r).await
    }
    let r = Record::new();
    let out = cancel_scope(cancelled_after(5), outer(&r)).await;
    assert_eq!(
        (out, r.elapsed(), r.count()),
        (Err(Fault::Network(1)), 5, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn spawn_and_carry_take_it_along() {
    for how in ["spawn", "carry"] {
        let r = Record::new();
        let task = r.clone();
        let call = async move { patient(&task).await };
        let out = cancel_scope(cancelled_after(5), async {
            if how == "spawn" {
                return resil::spawn(call).await.unwrap();
            }
            let mut tasks = JoinSet::new();
            tasks.spawn(carry(call));
            tasks.join_next().await.unwrap().unwrap()
        });
        assert_eq!(
            (out.await, r.elapsed()),
            (Err(Fault::Network(1)), 5),
            "{how}"
        );
    }
}

/// As for the deadline: it is in a thread-local, which does not follow `tokio::spawn`.
#[tokio::test(start_paused = true)]
async fn a_plain_spawn_leaves_it() {
    let r = Record::new();
    let task = r.clone();
    let out = cancel_scope(cancelled_after(5), async {
        tokio::spawn(async move { tokio::time::timeout(ms(50), patient(&task)).await }).await
    });
    assert!(out.await.unwrap().is_err(), "still in its pause");
    assert_eq!(r.elapsed(), 50);
}

/// A poll that panics takes its scope along.
#[tokio::test(start_paused = true)]
async fn a_panic_leaves_no_scope_behind() {
    let scoped = async {
        let bad: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async { panic!("meant") });
        cancel_scope(cancelled(), bad).await;
    };
    assert!(tokio::spawn(scoped).await.is_err());
    let r = Record::new();
    assert!(poll_once(Box::pin(patient(&r)).as_mut()).await.is_pending());
}

#[tokio::test(start_paused = true)]
async fn without_a_scope_nothing_ends() {
    let r = Record::new();
    let _others = cancelled_after(5);
    let call = tokio::time::timeout(ms(3_600_000 * 4 - 1), patient(&r));
    assert!(call.await.is_err());
    assert_eq!(r.count(), 4);
}
