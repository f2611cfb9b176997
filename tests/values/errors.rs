//! What an error decides: by its class, which is found by its type.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use resil::{CircuitPolicy, CircuitState, Error, Stack};
use resil::{Class, Classify, Jitter, RetryPolicy, breaker, classify};

use crate::support::{Events, Fault, Record, ms};

const TWICE: RetryPolicy = RetryPolicy::new().max(2).base(ms(1)).jitter(Jitter::None);

/// How often an error is tried.
async fn tried<E: fmt::Display + 'static>(error: impl Fn() -> E) -> usize {
    let record = Record::new();
    let out = TWICE.run(|| async {
        record.attempt();
        Err::<(), _>(error())
    });
    assert!(out.await.is_err());
    record.count()
}

#[derive(Debug, thiserror::Error, Classify)]
enum Own {
    #[error("busy")]
    #[transient]
    Busy,
    #[error("declined")]
    #[permanent]
    Declined,
    #[error("cancelled")]
    #[neutral]
    Cancelled,
    #[error(transparent)]
    #[classify(forward)]
    Resil(#[from] Error),
}

fn open() -> Error {
    // An open circuit, as a function called inside may have met.
    Error::from_open_circuit()
}

trait FromOpen {
    fn from_open_circuit() -> Self;
}

impl FromOpen for Error {
    fn from_open_circuit() -> Self {
        breaker("values.errors.open").force_open();
        breaker("values.errors.open").try_acquire().unwrap_err()
    }
}

#[tokio::test(start_paused = true)]
async fn a_derived_class_decides() {
    assert_eq!(tried(|| Own::Busy).await, 2);
    assert_eq!(tried(|| Own::Declined).await, 1);
    assert_eq!(tried(|| Own::Cancelled).await, 1);
    assert_eq!(tried(|| Own::Resil(open())).await, 1);
}

#[tokio::test(start_paused = true)]
async fn an_error_without_a_class_is_retried_and_counts() {
    static COUNTS: Stack =
        Stack::new("values.errors.counts").circuit(CircuitPolicy::new().failures(1));
    assert_eq!(tried(|| Fault::Final).await, 2);
    assert!(
        COUNTS
            .run(|| async { Err::<(), _>(Fault::Final) })
            .await
            .is_err()
    );
    assert_eq!(breaker("values.errors.counts").state(), CircuitState::Open);
}

#[tokio::test(start_paused = true)]
async fn permanent_errors_count_as_successes() {
    static ANSWERS: Stack =
        Stack::new("values.errors.answers").circuit(CircuitPolicy::new().failures(1));
    assert!(
        ANSWERS
            .run(|| async { Err::<(), _>(Own::Declined) })
            .await
            .is_err()
    );
    assert_eq!(
        breaker("values.errors.answers").state(),
        CircuitState::Closed
    );
    assert!(
        ANSWERS
            .run(|| async { Err::<(), _>(Own::Busy) })
            .await
            .is_err()
    );
    assert_eq!(breaker("values.errors.answers").state(), CircuitState::Open);
}

#[tokio::test(start_paused = true)]
async fn the_errors_of_std_and_what_they_hold() {
    assert_eq!(
        tried(|| io::Error::from(io::ErrorKind::ConnectionReset)).await,
        2
    );
    assert_eq!(tried(|| io::Error::from(io::ErrorKind::NotFound)).await, 1);
    assert_eq!(tried(|| io::Error::other(open())).await, 1);
    assert_eq!(tried(open).await, 1);
    assert_eq!(
        tried(|| Box::<dyn StdError + Send + Sync>::from(open())).await,
        1
    );
    assert_eq!(tried(|| Box::<dyn StdError>::from(Own::Declined)).await, 1);
    assert_eq!(tried(|| Box::<dyn StdError>::from("unknown")).await, 2);
}

#[cfg(feature = "anyhow")]
#[tokio::test(start_paused = true)]
async fn what_an_anyhow_error_holds() {
    assert_eq!(tried(|| anyhow::Error::from(open())).await, 1);
    assert_eq!(
        tried(|| anyhow::Error::from(Own::Declined).context("paying")).await,
        1
    );
    assert_eq!(tried(|| anyhow::anyhow!("unknown")).await, 2);
}

#[cfg(feature = "eyre")]
#[tokio::test(start_paused = true)]
async fn what_an_eyre_report_holds() {
    assert_eq!(tried(|| eyre::Report::from(open())).await, 1);
    assert_eq!(tried(|| eyre::Report::from(Own::Declined)).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_written_class_is_found_once_it_is_registered() {
    #[derive(Debug, thiserror::Error)]
    #[error("written")]
    struct Written;
    impl Classify for Written {
        fn classify(&self) -> Class {
            Class::Permanent
        }
    }
    assert_eq!(tried(|| Written).await, 2);
    classify::register::<Written>();
    assert_eq!(tried(|| Written).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_throttled_error_says_when() {
    #[derive(Debug, thiserror::Error, Classify)]
    #[error("busy")]
    #[throttled(retry_after = after)]
    struct Busy {
        after: std::time::Duration,
    }
    let record = Record::new();
    let out = TWICE.run(|| async {
        record.attempt();
        Err::<(), _>(Busy { after: ms(700) })
    });
    assert!(out.await.is_err());
    // Up to a tenth later, and never earlier.
    let times = record.times();
    assert!((700..=771).contains(&times[1]), "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn events_show_the_text_of_the_error() {
    static TOLD: Stack = Stack::new("values.errors.told").retry(TWICE);
    let events = Events::of("values.errors.told");
    assert!(
        TOLD.run(|| async { Err::<(), _>(Own::Busy) })
            .await
            .is_err()
    );
    let told = format!("{:?}", events.all());
    assert!(
        told.contains("Retry {") && told.contains("\"busy\""),
        "{told}"
    );
}
