//! `last_ok`: the last good value in place of an error.

use super::*;

#[tokio::test(start_paused = true)]
async fn the_last_good_value_comes_instead_of_an_error() {
    #[fallback(last_ok)]
    async fn last(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(last(&r, Fail).await, Err(Fault::Network(1)));
    assert_eq!(last(&r, Succeed).await, Ok(2));
    assert_eq!(last(&r, Fail).await, Ok(2));
    assert_eq!(last(&r, Succeed).await, Ok(4));
    assert_eq!(last(&r, Fail).await, Ok(4));
    assert_eq!(last(&r, Http(500)).await, Ok(4));
}

#[tokio::test(start_paused = true)]
async fn a_value_serves_up_to_max_age() {
    #[fallback(last_ok, max_age = 1m)]
    async fn fresh(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(fresh(&r, Succeed).await, Ok(1));
    advance(ms(60_000)).await;
    assert_eq!(fresh(&r, Fail).await, Ok(1));
    // It is no younger for having served.
    advance(ms(1)).await;
    assert_eq!(fresh(&r, Fail).await, Err(Fault::Network(3)));
    assert_eq!(fresh(&r, Succeed).await, Ok(4));
    assert_eq!(fresh(&r, Fail).await, Ok(4));
}

#[tokio::test(start_paused = true)]
async fn each_key_has_a_value_of_its_own() {
    #[fallback(last_ok, key = format!("{user}/{id}"))]
    async fn keyed(r: &Record, user: &str, id: u32, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[fallback(last_ok, key(id))]
    async fn moved(r: &Record, id: String, what: Do) -> Result<String, Fault> {
        act(r, what).await.map(|n| id + &n.to_string())
    }
    let r = Record::new();
    assert_eq!(keyed(&r, "ann", 1, Succeed).await, Ok(1));
    assert_eq!(keyed(&r, "bob", 1, Succeed).await, Ok(2));
    assert_eq!(keyed(&r, "ann", 1, Fail).await, Ok(1));
    assert_eq!(keyed(&r, "bob", 1, Fail).await, Ok(2));
    assert_eq!(keyed(&r, "bob", 2, Fail).await, Err(Fault::Network(5)));
    // The key is computed on entry: the body may move what it is made of.
    assert_eq!(moved(&r, "a".into(), Succeed).await.unwrap(), "a6");
    assert_eq!(moved(&r, "a".into(), Fail).await.unwrap(), "a6");
}

#[tokio::test(start_paused = true)]
async fn max_keys_bounds_them_and_the_oldest_value_goes_first() {
    #[fallback(last_ok, key = id, max_keys = 2)]
    async fn bounded(r: &Record, id: u32, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    for id in [1, 2, 1, 3] {
        assert!(bounded(&r, id, Succeed).await.is_ok());
    }
    assert_eq!(bounded(&r, 1, Fail).await, Ok(3));
    assert_eq!(bounded(&r, 3, Fail).await, Ok(4));
    assert!(bounded(&r, 2, Fail).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn it_answers_refusals_and_the_errors_that_patterns_name() {
    #[fallback(last_ok, unless(Fault::Http(404)))]
    #[circuit(name = "last-ok", failures = 1)]
    async fn stale(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let (r, events) = (Record::new(), Events::of("stale"));
    assert_eq!(stale(&r, Succeed).await, Ok(1));
    assert_eq!(stale(&r, Http(404)).await, Err(Fault::Http(404)));
    // The circuit is open by now.
    assert_eq!(stale(&r, Succeed).await, Ok(1));
    assert_eq!(r.count(), 2);
    let told = told(&events);
    assert!(told.len() == 1 && told[0].contains("last-ok"), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn without_a_value_the_error_keeps_its_kind_and_nothing_is_told() {
    #[retry(max = 3, constant, base = 1ms)]
    #[fallback(last_ok)]
    #[circuit(name = "no-last-ok", failures = 1)]
    async fn nothing_kept(r: &Record) -> Result<u32, Fault> {
        act(r, Fail).await
    }
    let (r, events) = (Record::new(), Events::of("nothing_kept"));
    let out = nothing_kept(&r).await;
    assert!(
        matches!(out, Err(Fault::Resil(Error::CircuitOpen { .. }))),
        "{out:?}"
    );
    assert_eq!(r.count(), 1);
    assert!(told(&events).is_empty());
}

#[tokio::test(start_paused = true)]
async fn each_site_and_each_self_type_keeps_its_own() {
    trait Side: Sync {
        fn up(&self) -> bool;

        #[fallback(last_ok)]
        async fn ask(&self, r: &Record) -> Result<u32, Fault> {
            act(r, if self.up() { Succeed } else { Fail }).await
        }
    }
    struct One(bool);
    impl Side for One {
        fn up(&self) -> bool {
            self.0
        }
    }
    struct Two(bool);
    impl Side for Two {
        fn up(&self) -> bool {
            self.0
        }
    }
    #[fallback(last_ok)]
    async fn generic<T: From<u32> + Clone + Send + Sync + 'static>(
        r: &Record,
        what: Do,
    ) -> Result<T, Fault> {
        act(r, what).await.map(T::from)
    }
    let r = Record::new();
    assert_eq!(One(true).ask(&r).await, Ok(1));
    assert_eq!(Two(false).ask(&r).await, Err(Fault::Network(2)));
    assert_eq!(Two(true).ask(&r).await, Ok(3));
    assert_eq!(One(false).ask(&r).await, Ok(1));
    assert_eq!(Two(false).ask(&r).await, Ok(3));
    assert_eq!(generic::<u64>(&r, Succeed).await, Ok(6));
    assert_eq!(generic::<i64>(&r, Fail).await, Err(Fault::Network(7)));
    assert_eq!(generic::<u64>(&r, Fail).await, Ok(6));
}
