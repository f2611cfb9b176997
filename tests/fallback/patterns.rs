//! `on` and `unless`: the errors for which the fallback comes.

use super::*;

#[tokio::test(start_paused = true)]
async fn by_default_it_is_for_all_errors() {
    #[fallback(0)]
    #[timeout(1s)]
    async fn all(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    for what in [Fail, Http(404), Hang] {
        assert_eq!(all(&r, what).await, Ok(0), "{what:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn on_and_unless_choose_the_errors() {
    #[fallback(0, on(Fault::Network(_) | Fault::Http(s) if *s >= 500))]
    async fn named(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[fallback(0, unless(Fault::Http(404)))]
    async fn exempt(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[fallback(|_| 0, on(Fault::Http(_)), unless(Fault::Http(404 | 410)))]
    async fn both(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[fallback(0, on(Fault::Http(s) if *s == only))]
    async fn by_argument(r: &Record, what: Do, only: u16) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(named(&r, Http(503)).await, Ok(0));
    assert_eq!(named(&r, Http(404)).await, Err(Fault::Http(404)));
    assert_eq!(named(&r, Fail).await, Ok(0));
    assert_eq!(exempt(&r, Fail).await, Ok(0));
    assert_eq!(exempt(&r, Http(404)).await, Err(Fault::Http(404)));
    assert_eq!(both(&r, Http(500)).await, Ok(0));
    assert_eq!(both(&r, Http(410)).await, Err(Fault::Http(410)));
    assert_eq!(both(&r, Fail).await, Err(Fault::Network(8)));
    assert_eq!(by_argument(&r, Http(1), 1).await, Ok(0));
    assert_eq!(by_argument(&r, Http(2), 1).await, Err(Fault::Http(2)));
}

#[tokio::test(start_paused = true)]
async fn refusals_of_layers_below_are_the_users_errors_by_then() {
    #[fallback(
        |error| match error {
            Fault::Resil(Error::Timeout { limit, .. }) => limit.as_millis(),
            other => return Err(other),
        },
        on(Fault::Resil(Error::Timeout { .. }) | Fault::Final)
    )]
    #[timeout(30ms)]
    async fn cut(r: &Record, what: Do) -> Result<u128, Fault> {
        act(r, what).await.map(u128::from)
    }
    // One that the pattern does not name keeps its kind for the layers above.
    #[retry(max = 2, constant, base = 1ms)]
    #[fallback(0, on(Fault::Network(_)))]
    #[circuit(name = "fallback-kinds", failures = 1)]
    async fn refused(r: &Record) -> Result<u32, Fault> {
        act(r, Http(500)).await
    }
    let r = Record::new();
    assert_eq!(cut(&r, Hang).await, Ok(30));
    assert_eq!(cut(&r, Fail).await, Err(Fault::Network(2)));
    // The second attempt meets the open circuit, which is final.
    let out = refused(&r).await;
    assert!(
        matches!(out, Err(Fault::Resil(Error::CircuitOpen { .. }))),
        "{out:?}"
    );
    assert_eq!(r.count(), 3);
}
