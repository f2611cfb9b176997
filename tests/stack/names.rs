//! The name that a site without one is shown by: module path and function, with `:line` where two
//! would read the same. It is the same in every layer, in errors and in events.

use std::sync::{Arc, Mutex};

use resil::event::Event;
use resil::idempotency::IdempotencyError;
use resil::{Error, circuit, idempotent, registry, retry, timeout};

use super::Do::{self, Fail, Hang};
use super::act;
use super::support::{Fault, Record};

struct Orders;
struct Refunds;

macro_rules! send {
    ($on:ty) => {
        impl $on {
            #[idempotent(key = key)]
            #[circuit(failures = 1)]
            #[retry(constant, max = 2, base = 1ms, on(Fault::Network(_)))]
            #[timeout(1s)]
            async fn send(r: &Record, key: &str, what: Do) -> Result<u32, Fault> {
                act(r, what).await
            }
        }
    };
}

send!(Orders);
send!(Refunds);

macro_rules! names_of {
    ($on:ty, $r:expr) => {{
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        let _listening = resil::event::subscribe(move |e| {
            if let Event::Retry { function, .. } = e {
                sink.lock().unwrap().push(*function);
            }
        });
        let Err(Fault::Resil(Error::Idempotency(IdempotencyError::InvalidKey { name, .. }))) =
            <$on>::send($r, "", Fail).await
        else {
            panic!("an empty key")
        };
        let idempotent = name;
        let Err(Fault::Resil(Error::Timeout { function, .. })) = <$on>::send($r, "a", Hang).await
        else {
            panic!("a timeout")
        };
        let timeout = function;
        let Err(Fault::Resil(Error::CircuitOpen { name, .. })) = <$on>::send($r, "a", Hang).await
        else {
            panic!("an open circuit")
        };
        let circuit = name;
        assert_eq!([timeout, circuit], [idempotent; 2]);
        breaker_of(circuit).reset();
        assert!(<$on>::send($r, "a", Fail).await.is_err());
        assert!(seen.lock().unwrap().contains(&idempotent), "its retries");
        idempotent
    }};
}

fn breaker_of(name: &str) -> resil::Breaker {
    assert!(
        registry().snapshot().iter().any(|b| b.name == name),
        "{name}"
    );
    resil::breaker(name)
}

#[tokio::test(start_paused = true)]
async fn two_functions_that_read_the_same_are_told_apart_in_every_layer() {
    let r = Record::new();
    let (orders, refunds) = (names_of!(Orders, &r), names_of!(Refunds, &r));
    assert_eq!(orders, "stack::names::send");
    let (path, line) = refunds.rsplit_once(':').expect("a line");
    assert_eq!(path, orders);
    assert!(line.parse::<u32>().is_ok(), "{refunds}");
}

#[tokio::test(start_paused = true)]
async fn sites_without_a_name_share_no_budget() {
    #[retry(max = 2, base = 1ms, budget = (capacity = 5, cost = 5))]
    async fn one(r: &Record) -> Result<u32, Fault> {
        act(r, Fail).await
    }
    #[retry(max = 2, base = 1ms, budget = (capacity = 5, cost = 5))]
    async fn other(r: &Record) -> Result<u32, Fault> {
        act(r, Fail).await
    }
    let r = Record::new();
    assert_eq!(one(&r).await, Err(Fault::Network(2)));
    assert_eq!(one(&r).await, Err(Fault::Network(3)), "it is empty");
    assert_eq!(other(&r).await, Err(Fault::Network(5)), "its own is not");
}
