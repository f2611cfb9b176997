//! `#[retry]`: the pauses sleep the thread.

use super::*;

#[test]
fn it_runs_again_and_sleeps_in_between() {
    #[retry(max = 3, constant, base = 10ms, jitter = none)]
    fn third(flaky: &Flaky) -> Result<u32, Fault> {
        flaky.ask()
    }
    let (start, flaky) = (Instant::now(), Flaky::new(2));
    assert_eq!(third(&flaky), Ok(3));
    assert!(start.elapsed() >= ms(20));
    let never = Flaky::new(9);
    assert_eq!(third(&never), Err(Fault::Network(3)));
    assert_eq!(never.count(), 3);
}

#[test]
fn its_options_are_the_same() {
    #[retry(max = 9, delays = [0s], on(Fault::Network(n) if *n < limit), budget = off)]
    fn patterns(flaky: &Flaky, limit: u32) -> Result<u32, Fault> {
        flaky.ask()
    }
    #[retry(max = 3, delays = [0s], attempt = n, clone(names))]
    fn numbered(mut names: Vec<u32>) -> Result<Vec<u32>, Fault> {
        names.push(n);
        if n < 3 { Err(Fault::Final) } else { Ok(names) }
    }
    #[retry(max = 5, delays = [0s], on_ok(0..=2))]
    fn by_value(flaky: &Flaky) -> Result<u32, Fault> {
        flaky.ask()
    }
    #[retry(max = 1)]
    fn once(name: String) -> Result<String, Fault> {
        Ok(name)
    }
    assert_eq!(patterns(&Flaky::new(9), 4), Err(Fault::Network(4)));
    assert_eq!(numbered(vec![7]), Ok(vec![7, 3]));
    assert_eq!(by_value(&Flaky::new(0)), Ok(3));
    assert_eq!(once("a".into()).unwrap(), "a");
}

#[test]
fn question_marks_and_returns_end_the_attempt() {
    #[retry(max = 4, delays = [0s])]
    fn early(flaky: &Flaky) -> Result<&'static str, Fault> {
        let n = flaky.ask()?;
        if n == 3 {
            return Err(Fault::Final);
        }
        for i in 0.. {
            if i == n {
                return Ok("returned");
            }
        }
        Ok("fell through")
    }
    let flaky = Flaky::new(2);
    assert_eq!(early(&flaky), Ok("returned"));
    assert_eq!(flaky.count(), 4);
}

#[test]
fn it_stops_when_the_next_delay_would_end_after_the_deadline() {
    #[retry(max = 9, constant, base = 10s, jitter = none)]
    fn blocking_under_a_deadline(flaky: &Flaky) -> Result<u32, Fault> {
        assert!(Deadline::current().is_some());
        flaky.ask()
    }
    let events = Events::of("blocking_under_a_deadline");
    let flaky = Flaky::new(9);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let start = Instant::now();
    let call = Deadline::after(ms(5_000)).scope(async { blocking_under_a_deadline(&flaky) });
    assert_eq!(runtime.block_on(call), Err(Fault::Network(1)));
    assert!(start.elapsed() < ms(4_000));
    assert_eq!(events.stop(), Some(StopReason::Deadline));
}

#[test]
fn within_and_the_budget_hold() {
    #[retry(max = 100, constant, base = 20ms, jitter = none, within = 50ms)]
    fn blocking_within(flaky: &Flaky) -> Result<u32, Fault> {
        flaky.ask()
    }
    #[retry(max = 9, delays = [0s], budget(capacity = 10, cost = 5, refill = 0))]
    fn blocking_budget(flaky: &Flaky) -> Result<u32, Fault> {
        flaky.ask()
    }
    let (within, budget) = (Events::of("blocking_within"), Events::of("blocking_budget"));
    let flaky = Flaky::new(99);
    assert!(blocking_within(&flaky).is_err());
    assert!(flaky.count() <= 3, "{}", flaky.count());
    assert_eq!(within.stop(), Some(StopReason::Within));
    assert_eq!(blocking_budget(&Flaky::new(99)), Err(Fault::Network(3)));
    assert_eq!(budget.stop(), Some(StopReason::Budget));
}

#[test]
fn no_runtime_is_needed() {
    #[retry(max = 2, constant, base = 2ms)]
    fn alone(flaky: &Flaky) -> Result<u32, Fault> {
        flaky.ask()
    }
    let thread = std::thread::spawn(|| alone(&Flaky::new(1)));
    assert_eq!(thread.join().unwrap(), Ok(2));
}

#[tokio::test(start_paused = true)]
async fn a_retry_under_another_ones_is_told() {
    #[retry(max = 1)]
    fn blocking_nested(flaky: &Flaky) -> Result<u32, Fault> {
        flaky.ask()
    }
    #[retry(max = 2, delays = [0s])]
    async fn outer(flaky: &Flaky) -> Result<u32, Fault> {
        blocking_nested(flaky)
    }
    let events = Events::of("blocking_nested");
    assert_eq!(outer(&Flaky::new(1)).await, Ok(2));
    let nested = |e: &Event| matches!(e, Event::RetryNested { .. });
    assert_eq!(events.all().iter().filter(|e| nested(e)).count(), 1);
}
