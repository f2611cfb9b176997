//! A hedge in a stack: its copies, the layers around them and inside each.

use std::cell::Cell;
use std::time::Duration;

use resil::stack::Layer;
use resil::{
    CircuitPolicy, CircuitState, Deadline, HedgeAfter, HedgePolicy, Jitter, RetryPolicy, Stack,
    TimeoutPolicy, breaker,
};
use tokio::time::sleep;

use crate::support::{Fault, Record, ms};

const fn after(delay: Duration) -> HedgePolicy {
    HedgePolicy::new(HedgeAfter::Delay(delay)).no_budget()
}

async fn slow_at_first(record: &Record) -> Result<u32, Fault> {
    let n = record.attempt();
    if n == 1 {
        sleep(Duration::from_secs(3_600)).await;
    }
    Ok(n)
}

#[tokio::test(start_paused = true)]
async fn a_copy_is_started_beside_the_first() {
    static SEARCH: Stack = Stack::new("values.hedged").hedge(after(ms(50)));
    let record = Record::new();
    assert_eq!(SEARCH.run(|| slow_at_first(&record)).await, Ok(2));
    assert_eq!(record.times(), [0, 50]);
}

/// The closure of `run` may change what it captures, since its futures borrow from outside alone.
#[tokio::test(start_paused = true)]
async fn copies_come_from_one_closure() {
    static COUNTED: Stack = Stack::new("values.hedged.closure").hedge(after(ms(10)).max(3));
    let record = Record::new();
    let mut made = 0;
    let out = COUNTED.run(|| {
        made += 1;
        let hangs = made < 3;
        let record = record.clone();
        async move {
            record.attempt();
            if hangs {
                sleep(Duration::from_secs(3_600)).await;
            }
            Ok::<_, Fault>(hangs)
        }
    });
    assert_eq!(out.await, Ok(false));
    assert_eq!(made, 3);
    assert_eq!(record.times(), [0, 10, 20]);
}

#[tokio::test(start_paused = true)]
async fn the_layers_inside_bound_each_copy_and_those_around_the_whole() {
    static INSIDE: Stack = Stack::new("values.hedged.inside")
        .circuit(CircuitPolicy::new().failures(1))
        .retry(RetryPolicy::new().max(2).base(ms(100)).jitter(Jitter::None))
        .hedge(after(ms(50)))
        .timeout(ms(80));
    let record = Record::new();
    let out: Result<u32, Fault> = INSIDE
        .run(|| async {
            record.attempt();
            let left = Deadline::current().unwrap().remaining();
            assert_eq!(left, ms(80), "each copy has its own limit");
            sleep(Duration::from_secs(3_600)).await;
            Ok(0)
        })
        .await;
    assert!(
        matches!(out, Err(Fault::Resil(resil::Error::Timeout { .. }))),
        "{out:?}"
    );
    // Two copies in each attempt: the first is cut at 80 ms, the second at 130 ms.
    assert_eq!(record.times(), [0, 50, 230, 280]);
    assert_eq!(
        breaker("values.hedged.inside").state(),
        CircuitState::Open,
        "one outcome"
    );
}

#[tokio::test(start_paused = true)]
async fn a_limit_around_cuts_all_copies() {
    static AROUND: Stack = Stack::new("values.hedged.around")
        .timeout(ms(120))
        .hedge(after(ms(50)).max(3));
    struct Gone<'a>(&'a Cell<u32>);
    impl Drop for Gone<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }
    let gone = Cell::new(0);
    let out: Result<u32, Fault> = AROUND
        .run(|| async {
            let _gone = Gone(&gone);
            sleep(Duration::from_secs(3_600)).await;
            Ok(0)
        })
        .await;
    assert!(
        matches!(out, Err(Fault::Resil(resil::Error::Timeout { .. }))),
        "{out:?}"
    );
    assert_eq!(gone.get(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_hedged_call_can_be_spawned() {
    static SPAWNED: Stack = Stack::new("values.hedged.spawned").hedge(after(ms(10)));
    let record = Record::new();
    let call = SPAWNED.run(move || {
        let record = record.clone();
        async move { slow_at_first(&record).await }
    });
    assert_eq!(tokio::spawn(call).await.unwrap(), Ok(2));
}

#[tokio::test]
#[should_panic(expected = "can't all borrow from one closure: write `run`")]
async fn copies_do_not_borrow_from_the_closure() {
    static BORROWED: Stack = Stack::new("values.hedged.borrowed").hedge(after(ms(10)));
    let mut n = 0;
    let _: Result<(), Fault> = BORROWED
        .run_mut(async || {
            n += 1;
            Ok(())
        })
        .await;
}

#[test]
fn the_rules_of_the_attribute_hold() {
    fn refused<const N: usize>(layers: [Layer; N], message: &str) {
        let error = Stack::try_new("values.hedged.rules", layers).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
    let timeout = |n| Layer::from(TimeoutPolicy::new(ms(n)));
    refused(
        [timeout(50), after(ms(50)).into()],
        "no further copy starts: `after` is `50ms`, and the timeout around ends at `50ms`\n\
         help: write less than `50ms`, or a longer timeout",
    );
    refused(
        [after(ms(50)).into(), timeout(20)],
        "no further copy starts beside the first: `after` is `50ms`, and the timeout inside ends \
         each copy at `20ms`\nhelp: write less than `20ms`, or a longer timeout inside",
    );
    refused(
        [after(ms(1)).into(), after(ms(2)).into()],
        "`#[hedge]` is given twice\nhelp: remove one of them",
    );
    let retry = RetryPolicy::new();
    refused(
        [retry.max(11).into(), after(ms(1)).into()],
        "`hedge` and `retry` may start the body 22 times: 2 copies in each of 11 attempts\n\
         help: write `max = 2` if that is meant, or smaller numbers",
    );
    refused(
        [after(ms(1)).max(7).into(), retry.into()],
        "`hedge` and `retry` may start the body 21 times: 7 copies in each of 3 attempts\n\
         help: write `max = 3` if that is meant, or smaller numbers",
    );
    for layers in [
        [retry.max(11).into(), after(ms(1)).max(2).into()],
        [retry.max(10).into(), after(ms(1)).into()],
        [after(ms(9)).into(), timeout(10)],
        [timeout(10), after(ms(9)).into()],
    ] {
        assert!(
            Stack::try_new("values.hedged.rules", layers).is_ok(),
            "{layers:?}"
        );
    }
}
