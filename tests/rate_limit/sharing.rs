//! Functions that share a rate limit, and functions that do not.

use super::*;

#[tokio::test(start_paused = true)]
async fn d23_one_name_is_one_rate_limit() {
    #[rate_limit(name = "share-one", max = 2, per = 1s)]
    async fn first() -> Result<(), Fault> {
        Ok(())
    }
    // A default written out is no difference.
    #[rate_limit(name = "share-one", max = 2, per = 1s, burst = 2)]
    async fn second() -> Result<(), Fault> {
        Ok(())
    }
    assert_eq!(letter(&first().await), '.');
    assert_eq!(letter(&second().await), '.');
    assert_eq!(letter(&first().await), 'X');
    assert_eq!(letter(&second().await), 'X');
    assert!(registry().conflicts().iter().all(|c| c.name != "share-one"));
}

#[tokio::test(start_paused = true)]
async fn a_function_with_only_the_name_uses_what_another_one_sets() {
    #[rate_limit(name = "share-adopted")]
    async fn only_name() -> Result<(), Fault> {
        Ok(())
    }
    #[rate_limit(name = "share-adopted", key = tenant)]
    async fn only_name_and_key(tenant: u8) -> Result<(), Fault> {
        Ok(())
    }
    #[rate_limit(name = "share-adopted", max = 2, per = 1s)]
    async fn with_settings() -> Result<(), Fault> {
        Ok(())
    }
    // Until then nothing is limited.
    assert_eq!(play!(9, only_name()), ".........");
    assert_eq!(play!(3, only_name_and_key(1)), "...");
    assert_eq!(play!(1, with_settings()), ".");
    assert_eq!(play!(2, only_name()), ".X");
    assert_eq!(play!(3, only_name_and_key(1)), "..X");
    assert!(
        registry()
            .conflicts()
            .iter()
            .all(|c| c.name != "share-adopted")
    );
}

#[tokio::test(start_paused = true)]
async fn d23_two_that_set_differently_are_a_conflict_and_the_first_wins() {
    #[rate_limit(name = "share-clash", max = 2, per = 1s)]
    async fn clash_first() -> Result<(), Fault> {
        Ok(())
    }
    #[rate_limit(name = "share-clash", max = 5, per = 1s)]
    async fn clash_second() -> Result<(), Fault> {
        Ok(())
    }
    let events = Events::of("share-clash");
    assert_eq!(letter(&clash_first().await), '.');
    assert_eq!(play!(2, clash_second()), ".X");
    let clashes: Vec<_> = registry()
        .conflicts()
        .into_iter()
        .filter(|c| c.name == "share-clash")
        .map(|c| (c.kind, c.used, c.ignored))
        .collect();
    let (used, ignored) = (
        "rate_limit::sharing::clash_first",
        "rate_limit::sharing::clash_second",
    );
    assert_eq!(clashes, [(resil::ConflictKind::RateLimit, used, ignored)]);
    let told = events.all();
    let conflicts = told
        .iter()
        .filter(|e| matches!(e, Event::RateLimitConflict { function, .. } if *function == ignored));
    assert_eq!(conflicts.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn functions_without_a_name_share_nothing() {
    struct One;
    struct Other;
    impl One {
        #[rate_limit(max = 1, per = 1s)]
        async fn get(&self) -> Result<(), Fault> {
            Ok(())
        }
    }
    impl Other {
        #[rate_limit(max = 1, per = 1s)]
        async fn get(&self) -> Result<(), Fault> {
            Ok(())
        }
    }
    assert_eq!(play!(2, One.get()), ".X");
    assert_eq!(play!(2, Other.get()), ".X");
}

trait Pay {
    #[rate_limit(max = 1, per = 1s)]
    async fn pay(&self) -> Result<(), Fault> {
        Ok(())
    }
}
struct Card;
struct Cash;
impl Pay for Card {}
impl Pay for Cash {}

#[tokio::test(start_paused = true)]
async fn types_that_share_a_default_method_share_no_rate_limit() {
    assert_eq!(play!(2, Card.pay()), ".X");
    assert_eq!(play!(2, Cash.pay()), ".X");
    assert_eq!(play!(1, Card.pay()), "X");
}

#[tokio::test(start_paused = true)]
async fn instances_that_set_differently_are_a_conflict_of_the_function_with_itself() {
    #[rate_limit(name = "share-generic", max = const { N }, per = 1s)]
    async fn call<const N: u32>() -> Result<(), Fault> {
        Ok(())
    }
    assert_eq!(play!(2, call::<2>()), "..");
    assert_eq!(play!(1, call::<5>()), "X");
    assert_eq!(play!(1, call::<2>()), "X");
    let conflicts = registry().conflicts();
    let mine = conflicts.iter().filter(|c| c.name == "share-generic");
    assert_eq!(
        mine.map(|c| c.used == c.ignored).collect::<Vec<_>>(),
        [true]
    );
}
