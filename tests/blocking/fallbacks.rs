//! `#[fallback]`: the expression runs in place.

use super::*;

#[test]
fn an_expression_takes_the_place_of_an_error() {
    #[fallback(|error| if let Fault::Network(n) = error { n * 100 } else { return Err(error) })]
    fn number(flaky: &Flaky) -> Result<u32, Fault> {
        flaky.ask()
    }
    #[fallback(second(flaky)?, unless(Fault::Final))]
    #[circuit(name = "blocking-fallback", failures = 1)]
    fn over_a_circuit(flaky: &Flaky) -> Result<u32, Fault> {
        flaky.ask()
    }
    fn second(flaky: &Flaky) -> Result<u32, Fault> {
        flaky.ask().map(|n| n + 1_000)
    }
    assert_eq!(number(&Flaky::new(1)), Ok(100));
    assert_eq!(number(&Flaky::new(0)), Ok(1));
    assert_eq!(over_a_circuit(&Flaky::new(1)), Ok(1_002));
    assert_eq!(over_a_circuit(&Flaky::new(0)), Ok(1_001));
    assert_eq!(over_a_circuit(&Flaky::new(1)), Err(Fault::Network(1)));
}

#[test]
fn the_last_good_value_is_kept() {
    #[fallback(last_ok, key = id, max_age = 1h)]
    #[retry(max = 2, delays = [0s])]
    fn last(id: u32, flaky: &Flaky) -> Result<u32, Fault> {
        let _ = id;
        flaky.ask()
    }
    assert_eq!(last(1, &Flaky::new(1)), Ok(2));
    assert_eq!(last(1, &Flaky::new(9)), Ok(2));
    assert_eq!(last(2, &Flaky::new(9)), Err(Fault::Network(2)));
}

#[test]
fn it_is_told() {
    #[fallback(0)]
    #[retry(max = 2, delays = [0s])]
    fn blocking_fell_back(flaky: &Flaky) -> Result<u32, Fault> {
        flaky.ask()
    }
    let events = Events::of("blocking_fell_back");
    assert_eq!(blocking_fell_back(&Flaky::new(9)), Ok(0));
    let all = events.all();
    assert!(
        matches!(all.last(), Some(Event::FellBack { error: Some(_), .. })),
        "{all:?}"
    );
    assert_eq!(all[0].call(), all[all.len() - 1].call());
}
