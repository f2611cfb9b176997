//! The stream of changes of a name and its keys.

use super::keys::answer;
use super::*;

#[tokio::test(start_paused = true)]
async fn changes_come_one_after_the_other_for_the_name_and_its_keys() {
    #[circuit(name = "stream", key = host, failures = 1, open_for = 1s)]
    async fn call(host: &str, ok: bool) -> Result<u32, Fault> {
        answer(ok)
    }
    let _ = call("before", false).await;
    let mut changes = breaker("stream").changes();
    assert_eq!(changes.try_next(), None, "from here on");
    {
        let mut next = pin!(changes.next());
        assert!(poll_once(next.as_mut()).await.is_pending());
        let _ = call("a", false).await;
        let change = next.await;
        assert_eq!((change.name, change.key.as_deref()), ("stream", Some("a")));
        assert_eq!(
            (change.from, change.to),
            (CircuitState::Closed, CircuitState::Open)
        );
        assert_eq!(change.missed, 0);
    }
    advance(ms(1_200)).await;
    let _ = call("a", true).await;
    breaker("stream").force_open();
    let mut seen = Vec::new();
    while let Some(change) = changes.try_next() {
        seen.push((change.key.as_deref().map(str::to_owned), change.to));
    }
    let a = || Some("a".to_owned());
    assert_eq!(
        seen,
        [
            (a(), CircuitState::HalfOpen),
            (a(), CircuitState::Closed),
            (None, CircuitState::ForcedOpen),
            // Opened before anybody listened: that its time is up comes after.
            (Some("before".to_owned()), CircuitState::HalfOpen)
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_slow_listener_loses_its_own_changes_is_told_how_many_and_nobody_else_does() {
    let b = breaker("stream-slow");
    let (mut slow, mut quick) = (b.changes(), b.changes());
    let events = crate::support::Events::of("stream-slow");
    let mut seen = 0;
    for _ in 0..500 {
        b.force_open();
        b.reset();
        while let Some(change) = quick.try_next() {
            assert_eq!(change.missed, 0);
            seen += 1;
        }
    }
    assert_eq!((seen, events.all().len()), (1_000, 1_000));
    let first = slow.next().await;
    let mut kept = 1;
    while let Some(change) = slow.try_next() {
        assert_eq!(change.missed, 0, "told once");
        kept += 1;
    }
    assert_eq!(first.missed + kept, 1_000);
    assert_eq!(kept, 128, "bounded");
    // The last ones, in order: what it learns at the end is how things are.
    b.force_open();
    assert_eq!(slow.next().await.to, CircuitState::ForcedOpen);
}

#[tokio::test(start_paused = true)]
async fn what_was_missed_is_told_though_the_waiting_was_dropped() {
    let b = breaker("stream-dropped");
    let mut changes = b.changes();
    for _ in 0..100 {
        b.force_open();
        b.reset();
    }
    // With little of tokio's budget left, `recv` gives way between what it says of the loss and the
    // next change.
    let (mut seen, mut missed) = (0, 0);
    for left in 0..=128 {
        let next = async {
            for _ in left..128 {
                tokio::task::coop::consume_budget().await;
            }
            changes.next().await
        };
        let polled = poll_once(pin!(next)).await;
        if let std::task::Poll::Ready(change) = polled {
            seen += 1;
            missed += change.missed;
        }
        tokio::task::yield_now().await;
    }
    while let Some(change) = changes.try_next() {
        seen += 1;
        missed += change.missed;
    }
    assert_eq!((seen, missed), (128, 200 - 128));
}

#[tokio::test(start_paused = true)]
async fn a_listener_that_is_woken_holds_nothing_up() {
    let b = breaker("stream-wake");
    let mut changes = b.changes();
    let woken = Arc::new(AtomicU32::new(0));
    struct Wake(Arc<AtomicU32>);
    impl std::task::Wake for Wake {
        fn wake(self: Arc<Self>) {
            // Called by whoever made the change: everything can be asked from here.
            let b = breaker("stream-wake");
            let _ = (registry().snapshot(), b.counts(), b.changes());
            assert_eq!(b.state(), CircuitState::ForcedOpen);
            self.0.fetch_add(1, SeqCst);
        }
    }
    let waker = Arc::new(Wake(Arc::clone(&woken))).into();
    let mut cx = std::task::Context::from_waker(&waker);
    let mut next = pin!(changes.next());
    assert!(next.as_mut().poll(&mut cx).is_pending());
    b.force_open();
    assert_eq!(woken.load(SeqCst), 1);
    assert_eq!(next.await.to, CircuitState::ForcedOpen);
}

#[test]
fn handles_and_streams_go_anywhere() {
    fn anywhere<T: Send + Sync + 'static>(_: &T) {}
    let b = breaker("anywhere");
    anywhere(&b);
    anywhere(&b.key("k"));
    anywhere(&b.changes());
    anywhere(&b.key("k").try_acquire());
    fn is_send<T: Send>(_: &T) {}
    let mut changes = b.changes();
    is_send(&changes.next());
    #[circuit(key = host)]
    async fn keyed(host: String) -> Result<u32, Fault> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        answer(true)
    }
    is_send(&keyed(String::new()));
}
