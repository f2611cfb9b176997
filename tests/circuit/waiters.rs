//! `ready()`: waiters are woken when a call would be let in.

use super::time_is_up::{left, opened};
use super::*;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn who_waits_is_woken_when_a_call_would_be_let_in() {
    let b = breaker("ready");
    let began = Instant::now();
    b.ready().await;
    b.disable();
    b.ready().await;
    b.reset();
    assert_eq!(began, Instant::now(), "closed or disabled: at once");
    let b = opened("ready", 1_000);
    let up_at = Instant::now() + left(b);
    b.ready().await;
    assert_eq!(Instant::now(), up_at);
    b.ready().await;
    assert_eq!(Instant::now(), up_at, "half-open, and nobody probes");
    assert!(b.try_acquire().is_ok());
}

#[tokio::test(start_paused = true)]
async fn while_the_probes_are_out_one_waits_for_a_place() {
    let b = opened("ready-probes", 1_000);
    pass(1_000).await;
    let waits = || async {
        b.ready().await;
        Instant::now()
    };
    // Given back.
    let probe = b.try_acquire().unwrap();
    let mut wait = pin!(waits());
    assert!(poll_once(wait.as_mut()).await.is_pending());
    advance(ms(100)).await;
    drop(probe);
    assert_eq!(wait.await, Instant::now());
    // Lost.
    let lost_at = Instant::now() + ms(1_000);
    let lost = b.try_acquire().unwrap();
    assert_eq!(waits().await, lost_at);
    // Failed: until it is up again.
    let probe = b.try_acquire().unwrap();
    let mut wait = pin!(waits());
    assert!(poll_once(wait.as_mut()).await.is_pending());
    probe.failure();
    let up_at = Instant::now() + left(b);
    assert_eq!(wait.await, up_at);
    // Succeeded.
    let probe = b.try_acquire().unwrap();
    let mut wait = pin!(waits());
    assert!(poll_once(wait.as_mut()).await.is_pending());
    probe.success();
    assert_eq!(wait.await, up_at);
    drop(lost);
}

#[tokio::test(start_paused = true)]
async fn while_it_is_held_open_one_waits_for_the_hand() {
    let b = breaker("ready-hand").key("k");
    for let_go in [
        (|b: &resil::KeyedBreaker| b.force_close()) as fn(&resil::KeyedBreaker),
        |b| b.reset(),
        |b| b.disable(),
    ] {
        b.force_open();
        let mut wait = pin!(b.ready());
        assert!(poll_once(wait.as_mut()).await.is_pending());
        pass(1_000_000).await;
        assert!(poll_once(wait.as_mut()).await.is_pending());
        let_go(&b);
        assert!(poll_once(wait.as_mut()).await.is_ready());
    }
    // Opened by hand while it waits for the time, and let go again.
    let b = opened("ready-hand-2", 1_000);
    let mut wait = pin!(b.ready());
    assert!(poll_once(wait.as_mut()).await.is_pending());
    b.force_open();
    pass(1_000).await;
    assert!(poll_once(wait.as_mut()).await.is_pending());
    b.force_close();
    assert!(poll_once(wait.as_mut()).await.is_ready());
}

#[tokio::test(start_paused = true)]
async fn many_who_wait_and_call_make_as_many_calls_as_there_are_places() {
    #[circuit(name = "ready-herd", failures = 1, open_for = 1s, probes = 2)]
    async fn call(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    let _ = call(&r, Fail).await;
    let refused = Arc::new(AtomicU32::new(0));
    let workers: Vec<_> = (0..100)
        .map(|_| {
            let (r, refused) = (r.clone(), Arc::clone(&refused));
            tokio::spawn(async move {
                loop {
                    breaker("ready-herd").ready().await;
                    match call(&r, Slow(500)).await {
                        Err(Fault::Resil(Error::CircuitOpen { .. })) => {
                            refused.fetch_add(1, SeqCst);
                        }
                        out => return out,
                    }
                }
            })
        })
        .collect();
    for worker in workers {
        assert!(worker.await.unwrap().is_ok());
    }
    assert_eq!(r.count(), 101);
    // Each may find its place taken once, and then waits: nobody spins.
    assert!(refused.load(SeqCst) <= 200, "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn under_its_own_permit_a_call_would_be_let_in() {
    #[circuit(name = "ready-inside", failures = 1, open_for = 1s)]
    async fn probed(r: &Record, what: Do) -> Result<u32, Fault> {
        breaker("ready-inside").ready().await;
        act(r, what).await
    }
    let r = Record::new();
    let _ = probed(&r, Fail).await;
    pass(1_000).await;
    let began = Instant::now();
    assert_eq!(play!(probed(&r), Succeed), ".");
    assert_eq!(Instant::now(), began);
}

#[test]
fn who_waits_may_do_so_anywhere() {
    fn is_send<T: Send>(_: &T) {}
    let b = breaker("ready-anywhere");
    is_send(&b.ready());
    is_send(&b.key("k").ready());
}
