//! LANGUAGE.md, section 9: the worst case that a function's docs state is its real one, on paused time.
//!
//! No function can read its own docs. The numbers are therefore those of
//! `resil-macros/src/document/worst.txt`, which has for each stack the sentence that the macro makes of
//! it. A test there compares the two, and this one finds a stack's sentence by its text.

use std::future::pending;
use std::pin::Pin;
use std::time::Duration;

use futures_util::future::join_all;
use resil::{bulkhead, fallback, hedge, idempotent, rate_limit, retry, timeout};
use tokio::time::{Instant, sleep};

const SENTENCES: &str = include_str!("../../resil-macros/src/document/worst.txt");

const LIM: Duration = Duration::from_secs(2);

/// Of a timer each, a millisecond.
const SLACK: Duration = Duration::from_millis(20);

#[derive(Debug, thiserror::Error, resil::Classify)]
enum Fault {
    #[error("busy")]
    #[throttled(retry_after = after)]
    Busy { after: Duration },
    #[error(transparent)]
    #[classify(forward)]
    Resil(#[from] resil::Error),
}

impl Fault {
    fn after(&self) -> Option<Duration> {
        match self {
            Self::Busy { after } => Some(*after),
            Self::Resil(_) => None,
        }
    }
}

/// What each attempt of a call does.
#[derive(Clone, Copy)]
enum Attempt {
    /// Takes all the time that it is given.
    Hangs,
    /// Almost all of a second, and then it asks to be left alone for so long.
    Asks(Duration),
}

impl Attempt {
    async fn run(self) -> Result<u8, Fault> {
        match self {
            Self::Hangs => pending().await,
            Self::Asks(after) => {
                sleep(Duration::from_millis(999)).await;
                Err(Fault::Busy { after })
            }
        }
    }
}

type Call = Pin<Box<dyn Future<Output = Result<u8, Fault>>>>;

/// A function under each stack, and all of them with the text of their stacks.
macro_rules! stacks {
    (($attempt:ident, $user:ident) $($name:ident: $(#[$($attr:tt)*])+;)+) => {
        $(
            $(#[$($attr)*])+
            async fn $name($attempt: Attempt, $user: u32) -> Result<u8, Fault> {
                let _ = $user;
                $attempt.run().await
            }
        )+

        const ALL: &[(&str, fn(Attempt, u32) -> Call)] = &[$((
            concat!($(stringify!($($attr)*), ";;"),+),
            |attempt, user| Box::pin($name(attempt, user)),
        )),+];
    };
}

stacks! {
    (attempt, user)
    alone: #[timeout(5s)];
    by_default: #[retry(budget = off)] #[timeout(1s)];
    one_run: #[retry(max = 1)] #[timeout(1s)];
    equal: #[retry(max = 4, base = 1s, jitter = equal, budget = off)] #[timeout(1s)];
    linear: #[retry(linear, max = 4, base = 1s, jitter = none, budget = off)] #[timeout(1s)];
    fibonacci:
        #[retry(fibonacci, max = 5, base = 1s, jitter = equal, budget = off)] #[timeout(1s)];
    factor: #[retry(factor = 3, max = 4, jitter = none, budget = off)] #[timeout(1s)];
    ratio:
        #[retry(max = 4, base = 1s, cap = 3s, jitter = 50%, budget = off)] #[timeout(1s)];
    decorrelated:
        #[retry(max = 4, base = 1s, cap = 5s, jitter = decorrelated, budget = off)]
        #[timeout(1s)];
    delays_ratio:
        #[retry(max = 4, delays = [1s, 2s], jitter = 50%, budget = off)] #[timeout(1s)];
    delays_asked:
        #[retry(delays = [100ms], retry_after = Fault::after, budget = off)] #[timeout(1s)];
    own_backoff:
        #[retry(backoff = |_| Duration::from_secs(3), cap = 2s, budget = off)] #[timeout(1s)];
    unlimited: #[retry(max = unlimited, within = 10s, budget = off)] #[timeout(1s)];
    cut_by_within:
        #[retry(max = 5, within = 2s, jitter = none, budget = off)] #[timeout(1s)];
    nested: #[timeout(10s)] #[retry(budget = off)] #[timeout(2s)] #[timeout(1s)];
    by_a_const: #[timeout(LIM)] #[retry(budget = off)];
    waits_inside: #[timeout(5s)] #[idempotent(key = user)];
    copies: #[hedge(after = 50ms, budget = off)] #[timeout(1s)];
    copies_at_the_end: #[hedge(after = p95)] #[timeout(1s)];
}

/// The sentence of a stack in `worst.txt`; spaces are as the lexer has them.
fn sentence(stack: &str) -> &'static str {
    let close = |text: &str| text.split_whitespace().collect::<String>();
    let stack = close(stack.trim_end_matches(";;"));
    let mut lines = SENTENCES.lines();
    lines
        .find(|line| close(line) == stack)
        .unwrap_or_else(|| panic!("`{stack}` is not in worst.txt"));
    lines.next().unwrap().trim()
}

/// `1m4s`, `3.3s`, or what is behind the word `most`.
fn time(text: &str) -> Duration {
    if text == "`LIM`" {
        return LIM;
    }
    let mut seconds = 0.0;
    let mut number = String::new();
    for c in text.chars() {
        match c {
            'm' => seconds += 60.0 * number.drain(..).as_str().parse::<f64>().unwrap(),
            's' => seconds += number.drain(..).as_str().parse::<f64>().unwrap(),
            digit => number.push(digit),
        }
    }
    assert_eq!(number, "", "{text}");
    Duration::from_secs_f64(seconds)
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after)?.0)
}

async fn longest(
    call: fn(Attempt, u32) -> Call,
    attempts: impl Iterator<Item = Attempt>,
) -> Duration {
    let mut longest = Duration::ZERO;
    for (user, attempt) in (0..).zip(attempts) {
        let began = Instant::now();
        call(attempt, user).await.unwrap_err();
        longest = longest.max(began.elapsed());
    }
    longest
}

#[tokio::test(start_paused = true)]
async fn no_call_takes_longer_than_its_docs_say_and_some_take_that_long() {
    let reaches = |took: Duration, limit: Duration| took >= limit.mul_f64(0.9);
    for (stack, call) in ALL {
        let said = sentence(stack);
        let own = between(said, "about ", " in all").or(between(said, "at most ", " in all"));
        let own = time(own.expect(said));
        let asked = between(said, "(", " where").map(time);
        let limit = asked.unwrap_or(own);

        // So often that random delays come near their longest: the three of `decorrelated` stay a
        // tenth away once in 10¹¹ times.
        let hanging = longest(*call, (0..1_000).map(|_| Attempt::Hangs)).await;
        let asks = (1..=300).map(|n| Attempt::Asks(Duration::from_millis(100 * n)));
        let asking = longest(*call, asks).await;
        let seen = format!("{stack} {said} {hanging:?} {asking:?}");
        assert!(hanging <= own + SLACK && asking <= limit + SLACK, "{seen}");
        assert!(reaches(hanging.max(asking), limit), "{seen}");
        assert!(asked.is_none() || reaches(hanging, own), "{seen}");
    }
}

/// The second caller waits for the first for a second, runs after it, and has its five seconds from
/// when it came.
#[tokio::test(start_paused = true)]
async fn the_wait_for_another_callers_run_is_inside_the_timeout_around_it() {
    let first = tokio::spawn(waits_inside(Attempt::Hangs, u32::MAX));
    sleep(Duration::from_secs(4)).await;
    let began = Instant::now();
    waits_inside(Attempt::Hangs, u32::MAX).await.unwrap_err();
    let took = began.elapsed();
    assert!(took <= Duration::from_secs(5) + SLACK, "{took:?}");
    first.await.unwrap().unwrap_err();
}

/// A place that comes at the last moment, and the body's whole time after it.
#[tokio::test(start_paused = true)]
async fn the_wait_for_a_place_comes_on_top() {
    #[bulkhead(name = "worst", max = 1, queue = 9, wait = 500ms)]
    #[timeout(1s)]
    async fn in_turn(attempt: Attempt) -> Result<u8, Fault> {
        attempt.run().await
    }
    const STACK: &str =
        r#"bulkhead(name = "worst", max = 1, queue = 9, wait = 500ms) ;; timeout(1s)"#;
    let first = tokio::spawn(in_turn(Attempt::Hangs));
    sleep(Duration::from_millis(501)).await;
    let took = took(in_turn(Attempt::Hangs)).await;
    let said = said_of(STACK);
    assert!(
        took <= said + SLACK && took >= said.mul_f64(0.9),
        "{took:?}"
    );
    first.await.unwrap().unwrap_err();
}

/// A copy that no budget pays for in time starts when the one before it fails, if there is one by then.
#[tokio::test(start_paused = true)]
async fn a_copy_may_start_as_late_as_the_one_before_it_ends() {
    #[hedge(after = 50ms)]
    #[timeout(1s)]
    async fn copied(attempt: Option<Attempt>) -> Result<u8, Fault> {
        match attempt {
            None => Ok(1),
            Some(attempt) => attempt.run().await,
        }
    }
    let hanging = || took(copied(Some(Attempt::Hangs)));
    // A burst of ten is paid for, and then none.
    join_all((0..30).map(|_| hanging())).await;
    let others = async {
        sleep(Duration::from_millis(500)).await;
        for _ in 0..20 {
            copied(None).await.unwrap();
        }
    };
    let (took, ()) = tokio::join!(hanging(), others);
    let said = said_of("hedge(after = 50ms) ;; timeout(1s)");
    assert!(
        took <= said + SLACK && took >= said.mul_f64(0.9),
        "{took:?}"
    );
}

/// A turn that comes at the last moment that `wait` allows.
#[tokio::test(start_paused = true)]
async fn the_wait_for_a_turn_comes_on_top() {
    #[rate_limit(name = "worst", max = 1, per = 2s, wait = 2s)]
    #[timeout(1s)]
    async fn in_turn(attempt: Attempt) -> Result<u8, Fault> {
        attempt.run().await
    }
    const STACK: &str =
        r#"rate_limit(name = "worst", max = 1, per = 2s, wait = 2s) ;; timeout(1s)"#;
    let first = tokio::spawn(in_turn(Attempt::Hangs));
    tokio::task::yield_now().await;
    let took = took(in_turn(Attempt::Hangs)).await;
    let said = said_of(STACK);
    assert!(
        took <= said + SLACK && took >= said.mul_f64(0.9),
        "{took:?}"
    );
    first.await.unwrap().unwrap_err();
}

/// A fallback that takes no time of its own adds none.
#[tokio::test(start_paused = true)]
async fn a_fallback_that_is_there_at_once_adds_nothing() {
    #[fallback(Vec::new())]
    #[timeout(1s)]
    async fn none(attempt: Attempt) -> Result<Vec<u8>, Fault> {
        attempt.run().await.map(|n| vec![n])
    }
    let began = Instant::now();
    assert!(none(Attempt::Hangs).await.unwrap().is_empty());
    let (took, said) = (
        began.elapsed(),
        said_of("fallback(Vec::new()) ;; timeout(1s)"),
    );
    assert!(
        took <= said + SLACK && took >= said.mul_f64(0.9),
        "{took:?}"
    );
}

async fn took(call: impl Future<Output = Result<u8, Fault>>) -> Duration {
    let began = Instant::now();
    call.await.unwrap_err();
    began.elapsed()
}

/// The time that the sentence of a stack states.
fn said_of(stack: &str) -> Duration {
    let said = sentence(stack);
    time(between(said, "about ", " in all").expect(said))
}

#[test]
fn times_are_read_as_they_are_shown() {
    assert_eq!(time("1m4s"), Duration::from_secs(64));
    assert_eq!(time("3.3s"), Duration::from_millis(3_300));
}
