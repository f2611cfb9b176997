//! MicroProfile's families of exceptions (its TCK: `RetryExceptionHierarchyTest`,
//! `CircuitBreakerExceptionHierarchyTest`): E2 is an E1, an E1 is an E0, an E0 is an `Exception`;
//! E0S, E1S and E2S are members of the first three. Three services name some of them as failures
//! and skip others; what is skipped wins.
//!
//! Rust has no families of types, and a pattern's range does their work: E0 is 10 to 39, E1 is 20
//! to 39, E2 is 30 to 39; 1 to 39 is an `Exception`, and 0 is an `Error`.

use std::future::Future;

use resil::{Error, breaker, circuit, retry};

use crate::support::{Fault, Record};

type Out = Result<u32, Fault>;

/// Code, and whether the services A, B and C take it for a failure (and so retry it).
const ROWS: [(&str, u16, [bool; 3]); 9] = [
    ("Exception", 1, [false, true, false]),
    ("E0", 10, [true, false, false]),
    ("E1", 20, [false, false, false]),
    ("E2", 30, [false, false, false]),
    ("E2S", 31, [false, false, false]),
    ("E1S", 21, [false, false, false]),
    ("E0S", 11, [true, false, false]),
    ("RuntimeException", 2, [false, true, false]),
    ("Error", 0, [false, false, false]),
];

async fn throws(r: &Record, code: u16) -> Out {
    r.attempt();
    Err(Fault::Http(code))
}

#[retry(max = 2, on(Fault::Http(10..=39)), unless(Fault::Http(20..=39)))]
async fn retry_a(r: &Record, code: u16) -> Out {
    throws(r, code).await
}
#[retry(max = 2, on(Fault::Http(1..=39)), unless(Fault::Http(10..=39)))]
async fn retry_b(r: &Record, code: u16) -> Out {
    throws(r, code).await
}
#[retry(max = 2, on(Fault::Http(20..=39)), unless(Fault::Http(10..=39)))]
async fn retry_c(r: &Record, code: u16) -> Out {
    throws(r, code).await
}

async fn runs<'a, F: Future<Output = Out>>(
    r: &'a Record,
    code: u16,
    service: impl Fn(&'a Record, u16) -> F,
) -> usize {
    let before = r.count();
    assert_eq!(service(r, code).await, Err(Fault::Http(code)));
    r.count() - before
}

#[tokio::test(start_paused = true)]
async fn retry_exception_hierarchy() {
    let r = Record::new();
    for (thrown, code, fails) in ROWS {
        let got = [
            runs(&r, code, retry_a).await,
            runs(&r, code, retry_b).await,
            runs(&r, code, retry_c).await,
        ];
        assert_eq!(got, fails.map(|f| 1 + usize::from(f)), "{thrown}");
    }
}

#[circuit(name = "mp.a", failure_rate = 100%, window = 1, open_for = 20s,
          on(Fault::Http(10..=39)), ignore(Fault::Http(20..=39)))]
async fn circuit_a(r: &Record, code: u16) -> Out {
    throws(r, code).await
}
#[circuit(name = "mp.b", failure_rate = 100%, window = 1, open_for = 20s,
          on(Fault::Http(1..=39)), ignore(Fault::Http(10..=39)))]
async fn circuit_b(r: &Record, code: u16) -> Out {
    throws(r, code).await
}
#[circuit(name = "mp.c", failure_rate = 100%, window = 1, open_for = 20s,
          on(Fault::Http(20..=39)), ignore(Fault::Http(10..=39)))]
async fn circuit_c(r: &Record, code: u16) -> Out {
    throws(r, code).await
}

/// Whether the second call is refused.
async fn opens<'a, F: Future<Output = Out>>(
    r: &'a Record,
    code: u16,
    service: impl Fn(&'a Record, u16) -> F,
) -> bool {
    assert_eq!(service(r, code).await, Err(Fault::Http(code)));
    match service(r, code).await {
        Err(Fault::Resil(Error::CircuitOpen { .. })) => true,
        other => {
            assert_eq!(other, Err(Fault::Http(code)));
            false
        }
    }
}

#[tokio::test(start_paused = true)]
async fn circuit_breaker_exception_hierarchy() {
    let r = Record::new();
    for (thrown, code, fails) in ROWS {
        for name in ["mp.a", "mp.b", "mp.c"] {
            breaker(name).reset();
        }
        let got = [
            opens(&r, code, circuit_a).await,
            opens(&r, code, circuit_b).await,
            opens(&r, code, circuit_c).await,
        ];
        assert_eq!(got, fails, "{thrown}");
    }
}
