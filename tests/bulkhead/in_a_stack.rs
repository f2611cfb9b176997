//! A bulkhead with other layers above and below it, and on functions of every shape.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_refusal_is_neutral_for_a_circuit_above() {
    #[circuit(name = "stack-neutral", failures = 1)]
    #[bulkhead(name = "stack-neutral", max = 1)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 10).await
    }
    let r = Record::new();
    assert_eq!(at_once!(3, f(&r)), ".XX");
    let counts = breaker("stack-neutral").counts();
    assert_eq!((counts.calls, counts.failures), (0, 0));
    assert_eq!(at_once!(1, f(&r)), ".");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_final_for_a_retry_above() {
    #[retry(constant, max = 5, base = 1ms, jitter = none)]
    #[bulkhead(name = "stack-final", max = 1)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 10).await
    }
    #[retry(
        constant, max = 5, base = 4ms, jitter = none,
        on(Fault::Resil(Error::BulkheadFull { .. }))
    )]
    #[bulkhead(name = "stack-final")]
    async fn patient(r: &Record) -> Result<u32, Fault> {
        take(r, 10).await
    }
    let r = Record::new();
    assert_eq!(at_once!(2, f(&r)), ".X");
    assert_eq!(r.elapsed(), 10);
    assert_eq!(at_once!(2, patient(&r)), "..");
    assert_eq!(r.times(), [0, 10, 22]);
}

/// The deadline in force is the end of the wait, and the bulkhead refuses there: the body did not run, so that
/// it is no failure of the other side, and no attempt that a retry makes good for.
#[tokio::test(start_paused = true)]
async fn a_wait_that_ends_with_a_timeout_above_is_a_refusal_for_the_layers_around_it() {
    #[bulkhead(name = "stack-deadline", max = 1, queue = 9)]
    async fn holds(r: &Record) -> Result<u32, Fault> {
        take(r, 1_000).await
    }
    #[circuit(name = "stack-deadline", failures = 1)]
    #[retry(constant, max = 5, base = 1ms, jitter = none)]
    #[timeout(30ms)]
    #[bulkhead(name = "stack-deadline")]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 1).await
    }
    #[timeout(10ms)]
    async fn under_the_timeout_of_another(r: &Record) -> Result<u32, Fault> {
        f(r).await
    }
    let r = Record::new();
    let mut first = Box::pin(holds(&r));
    assert!(poll_once(first.as_mut()).await.is_pending());
    assert_eq!((letter(&f(&r).await), r.elapsed()), ('X', 30));
    let out = under_the_timeout_of_another(&r).await;
    assert_eq!((letter(&out), r.elapsed()), ('X', 40));
    assert_eq!(r.count(), 1);
    let counts = breaker("stack-deadline").counts();
    assert_eq!((counts.calls, counts.failures), (0, 0));
    assert_eq!(first.await, Ok(1));
    assert_eq!(f(&r).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn the_wait_is_left_out_of_the_time_of_a_circuit_above() {
    #[circuit(name = "stack-slow", slow = 30ms, window = 10)]
    #[bulkhead(name = "stack-slow", max = 1, queue = 9)]
    async fn f(r: &Record, time: u64) -> Result<u32, Fault> {
        take(r, time).await
    }
    // Behind a layer that polls the bulkhead as a whole, and behind an `#[instrument]`.
    #[circuit(name = "stack-slow-deep", slow = 30ms, window = 10)]
    #[timeout(2h)]
    #[tracing::instrument(skip_all)]
    #[bulkhead(name = "stack-slow-deep", max = 1, queue = 9)]
    #[timeout(1h)]
    async fn deep(r: Record, time: u64) -> Result<u32, Fault> {
        take(&r, time).await
    }
    let r = Record::new();
    assert_eq!(at_once!(5, f(&r, 20)), ".....");
    assert_eq!(at_once!(5, deep(r.clone(), 20)), ".....");
    for name in ["stack-slow", "stack-slow-deep"] {
        let counts = breaker(name).counts();
        assert_eq!((counts.calls, counts.slow), (5, 0), "{name}");
    }
    assert_eq!(at_once!(1, f(&r, 30)), ".");
    assert_eq!(at_once!(1, deep(r.clone(), 30)), ".");
    for name in ["stack-slow", "stack-slow-deep"] {
        assert_eq!(breaker(name).counts().slow, 1, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn above_a_retry_one_place_holds_for_all_attempts_and_below_each_takes_one() {
    #[bulkhead(name = "stack-above", max = 1)]
    #[retry(constant, max = 3, base = 10ms, jitter = none)]
    async fn above(r: &Record) -> Result<u32, Fault> {
        Err(Fault::Network(r.attempt()))
    }
    #[retry(constant, max = 3, base = 10ms, jitter = none)]
    #[bulkhead(name = "stack-below", max = 1)]
    async fn below(r: &Record) -> Result<u32, Fault> {
        Err(Fault::Network(r.attempt()))
    }
    let r = Record::new();
    assert_eq!(at_once!(2, above(&r)), "FX");
    assert_eq!(r.count(), 3);
    let r = Record::new();
    assert_eq!(at_once!(2, below(&r)), "FF");
    assert_eq!(r.count(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_above_drops_the_call_and_its_place() {
    #[timeout(20ms)]
    #[bulkhead(name = "stack-drop", max = 1)]
    async fn f(r: &Record) -> Result<u32, Fault> {
        take(r, 1_000).await
    }
    let r = Record::new();
    assert_eq!(at_once!(1, f(&r)), "T");
    assert_eq!(state("stack-drop"), (1, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_call_inside_itself_takes_a_second_place() {
    #[bulkhead(name = "stack-inside", max = 2)]
    async fn outer(r: &Record, depth: u32) -> Result<u32, Fault> {
        if depth == 0 {
            return take(r, 10).await;
        }
        Box::pin(outer(r, depth - 1)).await
    }
    let r = Record::new();
    assert_eq!(letter(&outer(&r, 1).await), '.');
    assert_eq!(letter(&outer(&r, 2).await), 'X');
    assert_eq!(state("stack-inside"), (2, 0, 0));
}

mod shapes {
    //! Every shape that `retry` works on.

    use super::*;

    #[derive(Default)]
    struct Client {
        calls: Vec<u32>,
    }

    impl Client {
        #[bulkhead(max = 2, queue = 1)]
        async fn unique(&mut self, n: u32) -> Result<usize, Fault> {
            self.calls.push(n);
            tokio::task::yield_now().await;
            Ok(self.calls.len())
        }

        #[bulkhead(max = 2)]
        async fn borrowed<'a>(&'a self, text: &'a str) -> Result<&'a str, Fault> {
            Ok(text)
        }

        #[bulkhead(max = 2)]
        async fn owned(self, more: Vec<u32>) -> Result<Vec<u32>, Fault> {
            let mut all = self.calls;
            all.extend(more);
            Ok(all)
        }
    }

    #[bulkhead(max = 2, queue = 2, wait = 1s)]
    async fn generic<T, F>(items: &[T], pick: F) -> Result<usize, Fault>
    where
        T: Sync,
        F: Fn(&T) -> bool + Send,
    {
        items.iter().position(pick).ok_or(Fault::Final)
    }

    #[async_trait::async_trait]
    trait Service {
        async fn call(&mut self, n: u32) -> Result<usize, Fault>;
    }

    #[async_trait::async_trait]
    impl Service for Client {
        #[circuit]
        #[bulkhead(max = 2, queue = 2, key = n)]
        #[tracing::instrument(skip_all)]
        async fn call(&mut self, n: u32) -> Result<usize, Fault> {
            self.calls.push(n);
            Ok(self.calls.len())
        }
    }

    #[bulkhead(max = 2, queue = 2)]
    #[tracing::instrument(skip_all)]
    async fn any_error(n: u32) -> anyhow::Result<u32> {
        anyhow::ensure!(n > 0, "none");
        Ok(n)
    }

    #[bulkhead(adaptive, queue = 2)]
    async fn adaptive_any_error(n: u32) -> anyhow::Result<u32> {
        anyhow::ensure!(n > 0, "none");
        Ok(n)
    }

    fn is_send<T: Send>(value: T) -> T {
        value
    }

    #[tokio::test(start_paused = true)]
    async fn each_shape_runs() {
        let mut client = Client::default();
        assert_eq!(client.unique(7).await, Ok(1));
        assert_eq!(client.borrowed("text").await, Ok("text"));
        assert_eq!(is_send(client.call(8)).await, Ok(2));
        assert_eq!(client.owned(vec![9]).await, Ok(vec![7, 8, 9]));
        assert_eq!(generic(&[1, 2, 3], |n| *n == 3).await, Ok(2));
        assert_eq!(any_error(1).await.unwrap(), 1);
        assert_eq!(any_error(0).await.unwrap_err().to_string(), "none");
        assert_eq!(adaptive_any_error(1).await.unwrap(), 1);
        assert_eq!(tokio::spawn(any_error(2)).await.unwrap().unwrap(), 2);
        assert_eq!(
            tokio::spawn(adaptive_any_error(2)).await.unwrap().unwrap(),
            2
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_an_anyhow_error_too() {
        #[bulkhead(name = "stack-anyhow", max = 1)]
        async fn f() -> anyhow::Result<u32> {
            Ok(1)
        }
        let _ = f().await;
        let _place = bulkhead("stack-anyhow").try_acquire().unwrap();
        let e = f().await.unwrap_err();
        let e = e.downcast_ref::<Error>();
        assert!(matches!(
            e,
            Some(Error::BulkheadFull {
                name: "stack-anyhow",
                ..
            })
        ));
    }
}
