//! Errors and events of idempotent calls, which never show keys.

use resil::event::Event;
use resil::idempotency::{IdempotencyError, IdempotencyEvent as Did, NotRecordedReason};
use resil::{Error, idempotent};
use tokio::time::sleep;

use super::support::{Events, Fault, Record, ms};
use super::{did, refused};

#[tokio::test(start_paused = true)]
async fn errors_and_events_never_show_keys() {
    #[idempotent(key = card, fingerprint = pin, conflict = reject)]
    async fn secretive(r: &Record, card: &str, pin: &str, len: usize) -> Result<String, Fault> {
        r.attempt();
        sleep(ms(10)).await;
        Ok("s3cret-result".repeat(len))
    }
    let events = Events::of("idempotent::seen::secretive");
    let r = Record::new();
    let mut said = Vec::new();
    let (first, second) = tokio::join!(
        secretive(&r, "4711-0815", "9876", 1),
        secretive(&r, "4711-0815", "9876", 1)
    );
    first.unwrap();
    let large = secretive(&r, "4711-0816", "9876", 1 << 20).await;
    assert!(large.is_ok());
    for out in [
        second,
        secretive(&r, "4711-0815", "6789", 1).await,
        secretive(&r, "4711-0816", "9876", 1).await,
        secretive(&r, &"4711-0815".repeat(10_000), "9876", 1).await,
        secretive(&r, "", "9876", 1).await,
    ] {
        let e = refused(out);
        said.push(format!("{e} {e:?} {:?}", Fault::Resil(e.clone().into())));
    }
    let all = events.all();
    said.push(format!("{all:?}"));
    for secret in ["4711", "0815", "0816", "9876", "6789", "s3cret"] {
        // The hash of a key is a number of up to ten digits, and may hold four of them by chance.
        let hashes = all.iter().filter_map(|e| match e {
            Event::Idempotency { key, .. } => Some(format!("key: {key}")),
            _ => None,
        });
        let rest = hashes.fold(said.join("\n"), |s, hash| s.replace(&hash, ""));
        assert!(!rest.contains(secret), "{secret}: {rest}");
    }
    let expected = [
        Did::InProgress,
        Did::NotRecorded(NotRecordedReason::TooLarge),
        Did::KeyReused,
        Did::NotStored,
        Did::InvalidKey,
        Did::InvalidKey,
    ];
    assert_eq!(did(&events), expected);
}

#[tokio::test(start_paused = true)]
async fn an_event_tells_calls_with_one_key_from_those_with_another() {
    #[idempotent(key = k)]
    async fn told(k: u32) -> Result<(), Fault> {
        Err(Fault::Network(k))
    }
    let events = Events::of("idempotent::seen::told");
    for k in [1, 2, 1] {
        let _ = told(k).await;
    }
    let keys: Vec<_> = events
        .all()
        .iter()
        .filter_map(|e| match e {
            Event::Idempotency { key, .. } => Some(*key),
            _ => None,
        })
        .collect();
    assert_eq!(keys[0], keys[2]);
    assert_ne!(keys[0], keys[1]);
}

#[tokio::test(start_paused = true)]
async fn its_errors_reach_every_kind_of_error_type() {
    #[idempotent(key = k)]
    async fn plain(k: &str) -> Result<(), Error> {
        Ok(())
    }
    #[idempotent(key = k)]
    async fn any(k: &str) -> anyhow::Result<()> {
        Ok(())
    }
    #[idempotent(key = k)]
    async fn boxed(k: &str) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(())
    }
    #[idempotent(key = k)]
    async fn io(k: &str) -> std::io::Result<()> {
        Ok(())
    }
    let is = |e: Option<&Error>| {
        assert!(matches!(
            e,
            Some(Error::Idempotency(IdempotencyError::InvalidKey { .. }))
        ));
    };
    is(plain("").await.as_ref().err());
    is(any("").await.unwrap_err().downcast_ref());
    is(boxed("").await.unwrap_err().downcast_ref());
    let e = io("").await.unwrap_err();
    is(e.get_ref().unwrap().downcast_ref());
}
