//! Waits on a store that are ended from outside, and what a shutdown waits for.

use super::*;
use resil_runtime::cancel::{CancellationToken, Shutdown, cancel_scope};
use resil_runtime::clock::now;

fn is_cancelled(answer: &Kept<u8>) -> bool {
    matches!(answer, Err(Declined::Resil(Error::Cancelled)))
}

async fn cancel_after(after: Duration, token: CancellationToken) {
    sleep(after).await;
    token.cancel();
}

/// The turn of a call that waits in this process goes to the next one.
#[tokio::test(start_paused = true)]
async fn the_wait_for_a_turn_ends() {
    let (shared, start) = (Shared::new(Flaky::sound()), now());
    let token = CancellationToken::new();
    let body = async {
        sleep(ms(500)).await;
        Ok(1)
    };
    let ended = async {
        let call = call_on(&shared, &PLAIN, key("a"), async { Ok(2) });
        (cancel_scope(token.clone(), call).await, now() - start)
    };
    let (owner, (ended, at), next, ()) = tokio::join!(
        call_on(&shared, &PLAIN, key("a"), body),
        ended,
        call_on(&shared, &PLAIN, key("a"), async { Ok(3) }),
        cancel_after(ms(30), token.clone()),
    );
    assert!(is_cancelled(&ended), "{ended:?}");
    assert_eq!(at, ms(30));
    assert_eq!((owner, next), (Ok(1), Ok(1)));
}

/// So does the wait for an owner in another process.
#[tokio::test(start_paused = true)]
async fn the_wait_for_another_process_ends() {
    let flaky = Flaky::sound();
    let (here, there) = (Shared::new(flaky.clone()), Shared::new(flaky));
    let token = CancellationToken::new();
    let mut owner = Box::pin(call_on(&there, &PLAIN, key("a"), async {
        sleep(ms(5_000)).await;
        Ok(1)
    }));
    begin_to_run(owner.as_mut()).await;
    let start = now();
    let call = call_on(&here, &PLAIN, key("a"), async { Ok(2) });
    let (ended, ()) = tokio::join!(
        async { (cancel_scope(token.clone(), call).await, now() - start,) },
        cancel_after(ms(330), token.clone())
    );
    assert!(is_cancelled(&ended.0), "{ended:?}");
    assert_eq!(ended.1, ms(330));
    assert_eq!(owner.await, Ok(1));
    // A result needs no wait.
    let call = call_on(&here, &PLAIN, key("a"), async { Ok(2) });
    assert_eq!(cancel_scope(token, call).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_a_completion_whose_caller_is_gone() {
    let flaky = Flaky::sound();
    flaky.plan(|step| Fate {
        before: if step == Step::Complete {
            ms(500)
        } else {
            ms(0)
        },
        ..Fate::default()
    });
    let (shared, part) = (Shared::new(flaky), Shutdown::new());
    let mut call = Box::pin(part.scope(call_on(&shared, &PLAIN, key("a"), async { Ok(1) })));
    begin_to_run(call.as_mut()).await;
    drop(call);
    part.begin();
    let left = part.drain(ms(100)).await;
    assert_eq!((left.in_flight(), left.completions()), (0, 1));
    assert_eq!(left.to_string(), "charge: 1 completion pending");
    assert!(part.drain(ms(1_000)).await.is_empty());
    let again = call_on(&shared, &PLAIN, key("a"), async { Ok(9) });
    assert_eq!(part.scope(again).await, Ok(1), "it was recorded");
}
