//! LANGUAGE.md, section 12, rule by rule, on paused time: when a copy is started, which answer wins, what
//! an error does, who pays, and what becomes of the others.

#![allow(
    clippy::disallowed_methods,
    reason = "tests read the paused clock themselves"
)]
#![allow(
    clippy::items_after_statements,
    reason = "each function stands where it is called"
)]

mod errors;
mod layers;
mod percentile;
mod refused;
mod shapes;
#[path = "../support/mod.rs"]
mod support;

use std::future::pending;
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use resil::event::Event;
use resil::{Error, HedgeAfter, HedgePolicy, hedge, timeout, trace};
use support::{Events, Fault, Record, ms, poll_once};
use tokio::time::{Instant, sleep};

/// What a copy is to do: after so many milliseconds to succeed, or to fail.
#[derive(Clone, Copy, Debug)]
enum Do {
    Good(u64),
    Bad(u64),
    Final(u64),
    Hang,
    /// Succeeds in its first poll.
    Now,
}
use Do::{Bad, Final, Good, Hang, Now};

/// Does what the script says of this copy; the last line is for all that follow.
async fn act(r: &Record, script: &[Do]) -> Result<u32, Fault> {
    let n = r.attempt();
    let at = usize::try_from(n - 1).unwrap().min(script.len() - 1);
    match script[at] {
        Good(t) => {
            sleep(ms(t)).await;
            Ok(n)
        }
        Bad(t) => {
            sleep(ms(t)).await;
            Err(Fault::Network(n))
        }
        Final(t) => {
            sleep(ms(t)).await;
            Err(Fault::Final)
        }
        Hang => pending().await,
        Now => Ok(n),
    }
}

#[hedge(after = 50ms, max = 3, budget = off)]
async fn three(r: &Record, script: &[Do]) -> Result<u32, Fault> {
    act(r, script).await
}

#[tokio::test(start_paused = true)]
async fn a_copy_is_started_when_no_answer_has_come() {
    let r = Record::new();
    assert_eq!(three(&r, &[Hang, Good(10)]).await, Ok(2));
    assert_eq!((r.times(), r.elapsed()), (vec![0, 50], 60));
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_time_needs_no_copy() {
    let r = Record::new();
    assert_eq!(three(&r, &[Good(49)]).await, Ok(1));
    sleep(ms(1_000)).await;
    assert_eq!(r.times(), [0]);
}

#[tokio::test(start_paused = true)]
async fn the_delay_stands_before_each_further_copy() {
    let r = Record::new();
    assert_eq!(three(&r, &[Hang, Hang, Good(10)]).await, Ok(3));
    assert_eq!((r.times(), r.elapsed()), (vec![0, 50, 100], 110));
}

#[tokio::test(start_paused = true)]
async fn the_first_good_answer_wins_whoever_gives_it() {
    let r = Record::new();
    assert_eq!(three(&r, &[Good(70), Good(30)]).await, Ok(1));
    assert_eq!((r.times(), r.elapsed()), (vec![0, 50], 70));
}

#[tokio::test(start_paused = true)]
async fn no_more_than_max_copies_run_and_the_default_is_two() {
    #[hedge(after = 50ms, budget = off)]
    async fn two(r: &Record) -> Result<u32, Fault> {
        act(r, &[Hang]).await
    }
    let r = Record::new();
    let script = [Hang];
    let mut call = pin!(three(&r, &script));
    assert!(poll_once(call.as_mut()).await.is_pending());
    for _ in 0..20 {
        sleep(ms(50)).await;
        assert!(poll_once(call.as_mut()).await.is_pending());
    }
    assert_eq!(r.count(), 3);
    let r = Record::new();
    let late = tokio::time::timeout(ms(10_000), two(&r)).await;
    assert!(late.is_err());
    assert_eq!(r.times(), [0, 50]);
}

/// The others are dropped before the call answers.
#[tokio::test(start_paused = true)]
async fn the_others_are_dropped_where_they_stand() {
    struct Running<'a>(&'a AtomicU32);
    impl Drop for Running<'_> {
        fn drop(&mut self) {
            self.0.fetch_sub(1, SeqCst);
        }
    }
    #[hedge(after = 10ms, max = 4, budget = off)]
    async fn call(running: &AtomicU32, most: &AtomicU32) -> Result<(), Fault> {
        let now = running.fetch_add(1, SeqCst) + 1;
        most.fetch_max(now, SeqCst);
        let _running = Running(running);
        sleep(ms(35)).await;
        Ok(())
    }
    let (running, most) = (AtomicU32::new(0), AtomicU32::new(0));
    assert_eq!(call(&running, &most).await, Ok(()));
    assert_eq!((running.load(SeqCst), most.load(SeqCst)), (0, 4));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_drops_all_copies() {
    let r = Record::new();
    let script = [Hang];
    {
        let mut call = pin!(three(&r, &script));
        assert!(poll_once(call.as_mut()).await.is_pending());
        sleep(ms(60)).await;
        assert!(poll_once(call.as_mut()).await.is_pending());
    }
    sleep(ms(1_000)).await;
    assert_eq!(r.times(), [0, 60]);
}

// The budget.

#[tokio::test(start_paused = true)]
async fn a_tenth_of_the_calls_may_be_hedged_and_ten_more_at_once() {
    #[hedge(after = 1ms)]
    async fn call(r: &Record, script: &[Do]) -> Result<u32, Fault> {
        act(r, script).await
    }
    let (mut hedged, mut calls) = (0_usize, 0_usize);
    for _ in 0..1_000 {
        let r = Record::new();
        call(&r, &[Good(5)]).await.unwrap();
        calls += 1;
        hedged += r.count() - 1;
        assert!(10 * hedged <= 100 + calls, "{hedged} in {calls} calls");
    }
    assert_eq!(hedged, 109, "ten, and one for ten calls");
}

/// Calls that are ready at once count too, and a full budget saves nothing up.
#[tokio::test(start_paused = true)]
async fn calls_that_need_no_copy_pay_for_those_that_do() {
    #[hedge(after = 1ms, budget = 50%)]
    async fn call(r: &Record, script: &[Do]) -> Result<u32, Fault> {
        act(r, script).await
    }
    let copies = async |n: u32| {
        let r = Record::new();
        for _ in 0..n {
            call(&r, &[Good(5)]).await.unwrap();
        }
        r.count() - usize::try_from(n).unwrap()
    };
    // Each call gives half a copy: 10, and one for each two of the calls.
    assert_eq!(copies(40).await, 29);
    let r = Record::new();
    for _ in 0..100 {
        call(&r, &[Now]).await.unwrap();
    }
    assert_eq!(copies(40).await, 29);
}

#[tokio::test(start_paused = true)]
async fn without_budget_the_only_error_ends_the_call() {
    #[hedge(after = 1ms)]
    async fn call(r: &Record, script: &[Do]) -> Result<u32, Fault> {
        act(r, script).await
    }
    let r = Record::new();
    for _ in 0..12 {
        let _ = call(&r, &[Bad(0)]).await;
    }
    let r = Record::new();
    assert_eq!(call(&r, &[Bad(0), Good(0)]).await, Err(Fault::Network(1)));
    assert_eq!(r.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn each_type_has_a_budget_of_its_own() {
    trait Ask {
        const NAME: &'static str;
        #[hedge(after = 1ms)]
        async fn ask(&self, r: &Record) -> Result<u32, Fault> {
            act(r, &[Good(5)]).await
        }
    }
    struct One;
    struct Two;
    impl Ask for One {
        const NAME: &'static str = "one";
    }
    impl Ask for Two {
        const NAME: &'static str = "two";
    }
    let r = Record::new();
    for _ in 0..11 {
        One.ask(&r).await.unwrap();
    }
    assert_eq!(r.count(), 22, "{}", One::NAME);
    let r = Record::new();
    One.ask(&r).await.unwrap();
    assert_eq!(r.count(), 1, "spent");
    let r = Record::new();
    for _ in 0..11 {
        Two.ask(&r).await.unwrap();
    }
    assert_eq!(r.count(), 22, "{}", Two::NAME);
}

// Arguments.

#[tokio::test(start_paused = true)]
async fn clones_are_each_copys_own() {
    #[hedge(after = 10ms, budget = off, clone(name, list))]
    async fn call(
        name: String,
        mut list: Vec<u32>,
        seen: &Mutex<Vec<usize>>,
    ) -> Result<String, Fault> {
        list.push(1);
        seen.lock().unwrap().push(list.len());
        sleep(ms(15)).await;
        drop(list);
        Ok(name)
    }
    let seen = Mutex::default();
    let out = call("ab".to_owned(), vec![1, 2], &seen).await;
    assert_eq!(out.as_deref(), Ok("ab"));
    assert_eq!(*seen.lock().unwrap(), [3, 3]);
}

// Settings.

const POLICY: HedgePolicy = HedgePolicy::new(HedgeAfter::Delay(Duration::from_millis(20)))
    .max(4)
    .no_budget();
const AFTER: Duration = Duration::from_millis(30);
const COPIES: u32 = 3;
const SHARE: f64 = 0.25;

#[tokio::test(start_paused = true)]
async fn settings_of_every_kind() {
    #[hedge(policy = POLICY)]
    async fn policy(r: &Record) -> Result<u32, Fault> {
        act(r, &[Hang, Hang, Hang, Good(1)]).await
    }
    #[hedge(policy = POLICY, after = AFTER, max = COPIES)]
    async fn beside(r: &Record) -> Result<u32, Fault> {
        act(r, &[Hang, Hang, Good(1)]).await
    }
    #[hedge(after = AFTER, max = const { COPIES }, budget = SHARE)]
    async fn consts(r: &Record) -> Result<u32, Fault> {
        act(r, &[Hang, Hang, Good(1)]).await
    }
    trait Limits {
        const AFTER: Duration;
    }
    struct Short;
    impl Limits for Short {
        const AFTER: Duration = Duration::from_millis(7);
    }
    #[hedge(after = L::AFTER, budget = 1.0)]
    async fn generic<L: Limits>(r: &Record) -> Result<u32, Fault> {
        act(r, &[Hang, Good(1)]).await
    }
    let r = Record::new();
    assert_eq!(policy(&r).await, Ok(4));
    assert_eq!(r.times(), [0, 20, 40, 60]);
    let r = Record::new();
    assert_eq!(beside(&r).await, Ok(3));
    assert_eq!(r.times(), [0, 30, 60]);
    let r = Record::new();
    assert_eq!(consts(&r).await, Ok(3));
    assert_eq!(r.times(), [0, 30, 60]);
    let r = Record::new();
    assert_eq!(generic::<Short>(&r).await, Ok(2));
    assert_eq!(r.times(), [0, 7]);
}

#[tokio::test(start_paused = true)]
async fn a_delay_of_zero_starts_all_at_once() {
    #[hedge(after = 0s, max = 16, budget = off)]
    async fn call(r: &Record) -> Result<u32, Fault> {
        act(r, &[Hang, Hang, Good(30), Good(20), Good(10), Hang]).await
    }
    let r = Record::new();
    assert_eq!(call(&r).await, Ok(5));
    assert_eq!((r.times(), r.elapsed()), (vec![0; 16], 10));
}

// What is told.

#[tokio::test(start_paused = true)]
async fn events_tell_of_each_copy_and_of_the_one_that_answered() {
    #[hedge(after = 10ms, max = 3, budget = off)]
    async fn told(r: &Record, script: &[Do]) -> Result<u32, Fault> {
        act(r, script).await
    }
    let events = Events::of("told");
    told(&Record::new(), &[Good(1)]).await.unwrap();
    assert_eq!(events.all(), []);
    told(&Record::new(), &[Hang, Hang, Good(1)]).await.unwrap();
    let all = events.all();
    let [
        Event::Hedged {
            function,
            copy: 2,
            call: first,
            ..
        },
        Event::Hedged {
            copy: 3,
            call: second,
            ..
        },
        Event::HedgeWon {
            copy: 3,
            call: third,
            ..
        },
    ] = all.as_slice()
    else {
        panic!("{all:?}")
    };
    assert!(function.ends_with("::told"), "{function}");
    assert!(first == second && second == third);
    assert!(all.iter().all(|event| event.call() == Some(*first)));
    // After errors alone no copy has won.
    let events = Events::of("told");
    let _ = told(&Record::new(), &[Bad(1)]).await;
    let won = |e: &Event| matches!(e, Event::HedgeWon { .. });
    assert_eq!(events.all().iter().filter(|e| !won(e)).count(), 2);
    assert!(!events.all().iter().any(won));
}

#[tokio::test(start_paused = true)]
async fn a_trace_counts_the_copies() {
    let r = Record::new();
    let script = [Hang, Hang, Good(1)];
    let (out, report) = trace(three(&r, &script)).await;
    assert_eq!(out, Ok(3));
    assert_eq!((report.hedges, report.attempts), (2, 1));
    assert_eq!(report.calls[0].hedges, 2);
    assert!(
        report
            .function
            .is_some_and(|name| name.ends_with("::three"))
    );
}

/// gRPC A6: four copies at 500 ms, and no answer.
#[tokio::test(start_paused = true)]
async fn grpc_copies_leave_at_the_delay() {
    #[hedge(after = 500ms, max = 4, budget = off)]
    async fn call(r: &Record) -> Result<u32, Fault> {
        act(r, &[Hang]).await
    }
    let r = Record::new();
    let began = Instant::now();
    let late = tokio::time::timeout(ms(5_000), call(&r)).await;
    assert!(late.is_err() && began.elapsed() == ms(5_000));
    assert_eq!(r.times(), [0, 500, 1_000, 1_500]);
}
