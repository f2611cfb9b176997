//! What `run` takes: closures and errors of many kinds, on one thread and on several.

use std::cell::Cell;
use std::error::Error as StdError;
use std::io;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use resil::{CircuitPolicy, Jitter, RetryPolicy, Stack};
use tokio::task::yield_now;

use crate::support::{Fault, ms};

static PAY: Stack = Stack::new("values.shapes")
    .circuit(CircuitPolicy::new().failures(1_000))
    .timeout(ms(5_000))
    .retry(RetryPolicy::new().max(3).base(ms(1)).jitter(Jitter::None))
    .timeout(ms(1_000));

const STANDARD: RetryPolicy = RetryPolicy::new().max(3).base(ms(1)).jitter(Jitter::None);

struct Order {
    id: u32,
}

async fn charge_once(order: &Order) -> Result<u32, Fault> {
    yield_now().await;
    Ok(order.id)
}

#[tokio::test(start_paused = true)]
async fn futures_that_borrow_from_outside() {
    let order = Order { id: 7 };
    assert_eq!(PAY.run(|| charge_once(&order)).await, Ok(7));
    let text = String::from("seven");
    let out = PAY.run(|| async {
        charge_once(&order).await?;
        Ok::<_, Fault>(text.len())
    });
    assert_eq!(out.await, Ok(5));
    assert_eq!(STANDARD.run(|| charge_once(&order)).await, Ok(7));
}

#[tokio::test(start_paused = true)]
async fn values_that_borrow_from_outside() {
    let order = Order { id: 8 };
    let out: Result<&u32, Fault> = PAY.run(|| async { Ok(&order.id) }).await;
    assert_eq!(out, Ok(&8));
}

#[tokio::test(start_paused = true)]
async fn closures_that_change_what_they_captured() {
    let (mut attempts, mut seen) = (0, Vec::new());
    let out = PAY
        .run_mut(async || {
            attempts += 1;
            yield_now().await;
            seen.push(attempts);
            if attempts < 3 {
                Err(Fault::Network(attempts))
            } else {
                Ok(attempts)
            }
        })
        .await;
    assert_eq!((out, seen), (Ok(3), vec![1, 2, 3]));
    // Outside of the future, a plain closure may do so too.
    let mut calls = 0;
    let out = PAY.run(|| {
        calls += 1;
        async move {
            if calls < 2 {
                Err(Fault::Network(1))
            } else {
                Ok(calls)
            }
        }
    });
    assert_eq!(out.await, Ok(2));
    let mut alone = 0;
    let out = STANDARD.run_mut(async || {
        alone += 1;
        Err::<(), _>(Fault::Network(alone))
    });
    assert_eq!(out.await, Err(Fault::Network(3)));
}

#[tokio::test(start_paused = true)]
async fn functions_and_methods() {
    struct Client(u32);
    impl Client {
        async fn get(&self) -> Result<u32, Fault> {
            Ok(self.0)
        }
    }
    async fn ping() -> Result<u32, Fault> {
        Ok(1)
    }
    let client = Client(9);
    assert_eq!(PAY.run(ping).await, Ok(1));
    assert_eq!(PAY.run(|| client.get()).await, Ok(9));
    assert_eq!(PAY.run(|| Box::pin(client.get())).await, Ok(9));
    let dynamic: &dyn Fn() -> std::pin::Pin<Box<dyn Future<Output = Result<u32, Fault>>>> =
        &|| Box::pin(ping());
    assert_eq!(PAY.run(dynamic).await, Ok(1));
}

/// The future of a call is `Send` where those of the closure are, whatever its error is.
#[tokio::test(start_paused = true)]
async fn futures_that_are_sent() {
    fn sent<T: Send>(task: T) -> T {
        task
    }
    let order = Arc::new(Order { id: 3 });
    let ours = Arc::clone(&order);
    let out = tokio::spawn(PAY.run(move || {
        let order = Arc::clone(&ours);
        async move { charge_once(&order).await }
    }));
    assert_eq!(out.await.unwrap(), Ok(3));
    let out = tokio::spawn(async move { PAY.run(|| charge_once(&order)).await });
    assert_eq!(out.await.unwrap(), Ok(3));
    let out = tokio::spawn(STANDARD.run(|| async { Ok::<_, Fault>(4) }));
    assert_eq!(out.await.unwrap(), Ok(4));
    let stack = Arc::new(Stack::try_new("values.shapes", [STANDARD.into()]).unwrap());
    let out = tokio::spawn(async move { stack.run(|| async { Ok::<_, Fault>(5) }).await });
    assert_eq!(out.await.unwrap(), Ok(5));
    let log = Arc::new(Mutex::new(Vec::new()));
    let ours = Arc::clone(&log);
    let mut n = 0;
    let out = tokio::spawn(PAY.run_mut(async move || {
        n += 1;
        ours.lock().unwrap().push(n);
        yield_now().await;
        if n < 3 { Err(Fault::Network(n)) } else { Ok(n) }
    }));
    assert_eq!(out.await.unwrap(), Ok(3));
    // Neither the value nor the error lives across an `.await`.
    let local = sent(PAY.run(|| async { Ok::<_, Fault>(Rc::new(1)) }));
    assert_eq!(local.await, Ok(Rc::new(1)));
    #[derive(Debug)]
    struct Local(Rc<()>);
    impl std::fmt::Display for Local {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("local")
        }
    }
    impl From<resil::Error> for Local {
        fn from(_: resil::Error) -> Self {
            Self(Rc::default())
        }
    }
    let local = sent(PAY.run(|| async {
        yield_now().await;
        Err::<(), _>(Local(Rc::default()))
    }));
    assert_eq!(Rc::strong_count(&local.await.unwrap_err().0), 1);
}

#[tokio::test(start_paused = true)]
async fn futures_that_are_not_sent() {
    let count = Rc::new(Cell::new(0));
    let out = PAY.run(|| async {
        count.set(count.get() + 1);
        yield_now().await;
        if count.get() < 2 {
            Err(Fault::Network(1))
        } else {
            Ok(count.get())
        }
    });
    assert_eq!(out.await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn errors_of_many_kinds() {
    async fn read() -> io::Result<u32> {
        Ok(1)
    }
    assert!(PAY.run(read).await.is_ok());
    let out: anyhow::Result<u32> = PAY.run(|| async { Ok(read().await?) }).await;
    assert_eq!(out.unwrap(), 1);
    let out: eyre::Result<u32> = PAY.run(|| async { Ok(read().await?) }).await;
    assert_eq!(out.unwrap(), 1);
    let out: Result<u32, Box<dyn StdError + Send + Sync>> =
        PAY.run(|| async { Ok(read().await?) }).await;
    assert_eq!(out.unwrap(), 1);
    let out: Result<u32, Box<dyn StdError>> = PAY.run(|| async { Ok(read().await?) }).await;
    assert_eq!(out.unwrap(), 1);
    let out: Result<u32, resil::Error> = PAY.run(|| async { Ok(1) }).await;
    assert_eq!(out.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stack_inside_another() {
    let order = Order { id: 2 };
    let out = PAY.run(|| STANDARD.run(|| charge_once(&order)));
    assert_eq!(out.await, Ok(2));
}

/// What a call costs in memory, with two timeouts.
#[test]
fn the_future_stays_small() {
    let size = size_of_val(&PAY.run(|| async { Ok::<_, Fault>(1) }));
    println!("{size} bytes");
    // What is seen of the call is part of it.
    let seen = if cfg!(feature = "observe") { 96 } else { 0 };
    assert!(size <= 136 + seen, "{size} bytes");
}
