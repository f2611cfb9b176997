//! What users of retry libraries complained of in public, replayed: one row a complaint. A row is
//! named by the project and the number of the thread, and says what the reporter saw; where it says
//! "ours", resil differs from what was asked for, or the reason is in `LANGUAGE.md`.
//!
//! The complaints about jitter (agenda 1748, ferd/backoff 8) are rows of `jitter.rs`.

use std::cell::Cell;
use std::time::Duration;

use resil::event::Event;
use resil::event::StopReason::{AskedLonger, Deadline as AtDeadline, Exhausted, Final, Within};
use resil::{Deadline, circuit, retry, timeout};

use crate::stage::{Case, cases};
use crate::support::{Events, Fault, Record, ms};

/// What the failed side asked for.
fn asked(e: &Fault) -> Option<Duration> {
    match e {
        Fault::Busy(d) => Some(*d),
        _ => None,
    }
}

// Delays and counts.
cases! {
    enterprise_library_2_no_delay_falls_back_to_zero:
        "1 s doubled up to 120 s: after 22 retries the product overflowed and the delay was 0 from then on",
        "Dixin/EnterpriseLibrary.TransientFaultHandling.Core issue 2";
        #[retry(max = 30, base = 1s, cap = 120s, jitter = none, budget = off)]
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFF" => "F",
        took(127_000 + 22 * 120_000), stops([Exhausted]);
    retry4j_36_the_first_delay_is_the_base:
        "the first delay was 0 and the fifth 1500 ms, where 100 ms and 1600 ms were meant",
        "elennick/retry4j issue 36, points 1 and 2";
        #[retry(max = 6, base = 100ms, jitter = none)]
        "FFFFFF" => "F", delays([100, 200, 400, 800, 1_600]);
    retry4j_36_a_high_count_stays_at_the_cap:
        "delays of many failures turned negative; here of the strategy that grows through sums, past the 93rd of which 64 bits end",
        "elennick/retry4j issue 36, point 3";
        #[retry(fibonacci, max = 120, base = 1s, cap = 60s, jitter = none, budget = off)]
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF" => "F",
        took(143_000 + 109 * 60_000), stops([Exhausted]);
    node_retry_21_max_is_the_number_of_runs:
        "`retries: 5` ran six times; ours: `max` counts runs, the first one too",
        "tim-kos/node-retry issue 21";
        #[retry(max = 5, base = 1ms)]
        "FFFFF" => "F", retries(4), stops([Exhausted]);
    musicblocks_7756_no_wait_after_the_last_run:
        "after the last failure it waited once more, for hours, and then gave up",
        "sugarlabs/musicblocks PR 7756";
        #[retry(max = 4, base = 1h, cap = 24h, jitter = none)]
        "FFFF" => "F", took(7 * 3_600_000), retries(3);
    retrying_67_the_last_value_comes_back:
        "a value that asks for another try was turned into an error when the tries ran out",
        "rholder/retrying PR 67, jd/tenacity issue 272";
        #[retry(max = 3, base = 1ms, on_ok(0))]
        "RRR" => "R", stops([Exhausted]);
    tenacity_23_errors_are_retried_beside_values:
        "a retry by value gave up at the first error",
        "jd/tenacity issue 23";
        #[retry(max = 4, base = 1ms, on_ok(0))]
        "FRFS" => "S", retries(3);
    retry_go_110_final_ends_it_without_a_count:
        "without a limit on attempts an unrecoverable error was tried for ten seconds, and then success was reported",
        "avast/retry-go issue 110";
        #[retry(max = unlimited, within = 10s, base = 1ms, unless(Fault::Final))]
        "FB" => "F", retries(1), stops([Final]);
}

// Time limits.
cases! {
    ihrwein_backoff_42_no_run_begins_after_the_limit:
        "the last run came more than a second after `max_elapsed_time`",
        "ihrwein/backoff issue 42";
        #[retry(max = 99, base = 500ms, cap = 5s, jitter = none, within = 15s)]
        "FFFFFF" => "F", at([0, 500, 1_500, 3_500, 7_500, 12_500]), took(12_500), stops([Within]);
    azure_iot_342_the_time_of_the_runs_counts:
        "the limit summed the delays alone, not the time in which each run failed",
        "Azure/azure-iot-sdk-node issue 342";
        #[retry(constant, max = 99, base = 100ms, jitter = none, within = 1s)]
        "F(300)F(300)F(300)" => "F", at([0, 400, 800]), took(1_100), stops([Within]);
    litl_186_a_run_longer_than_the_limit_is_the_last:
        "a first run of 5 s under a `max_time` of 2 s was repeated all the same",
        "litl/backoff issue 186";
        #[retry(max = 3, base = 1ms, within = 2s)]
        "F(5000)" => "F", took(5_000), retries(0), stops([Within]);
    cenkalti_188_without_a_limit_a_long_run_is_retried:
        "a watch that ran for an hour before it broke was past `MaxElapsedTime` and got no second try; ours: `within` bounds the whole call just so, a count does not",
        "cenkalti/backoff issue 188";
        #[retry(max = 2, base = 1s, jitter = none)]
        "F(3600000)S" => "S", at([0, 3_601_000]);
    cenkalti_159_asked_for_more_than_the_limit:
        "asked to wait 30 min under a default limit of 15 min it gave up, and nothing said why",
        "cenkalti/backoff issue 159";
        #[retry(cap = 1h, within = 15m, retry_after = asked)]
        "Q(1800000)" => "F", took(0), stops([Within]);
    cenkalti_159_asked_for_more_than_the_cap:
        "and by our default cap of 20 s", "cenkalti/backoff issue 159";
        #[retry(retry_after = asked)]
        "Q(1800000)" => "F", took(0), stops([AskedLonger]);
    failsafe_241_a_limit_leaves_the_default_count:
        "a minute at a delay of 1 s gave three attempts and not sixty; ours too: the count is 3 until it is written",
        "failsafe-lib/failsafe issue 241, 364";
        #[retry(constant, base = 1s, jitter = none, within = 1m)]
        "FFF" => "F", took(2_000), stops([Exhausted]);
    failsafe_241_unlimited:
        "and sixty with `max = unlimited`: none begins at the end of the minute",
        "failsafe-lib/failsafe issue 241";
        #[retry(constant, max = unlimited, base = 1s, jitter = none, within = 1m)]
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF" => "F",
        took(59_000), stops([Within]);
}

#[tokio::test(start_paused = true)]
async fn cenkalti_68_a_deadline_already_past() {
    // cenkalti/backoff issue 68: with a context that was over, the operation ran all the same.
    // Ours too, once: what is ready at the first poll is not lost. No second run follows.
    #[retry(max = 3, base = 1ms)]
    async fn call(case: &Case) -> Result<u32, Fault> {
        case.body.run().await
    }
    let case = Case::new("one run", "cenkalti/backoff issue 68", "F");
    case.play("F", || Deadline::after(ms(0)).scope(call(&case)))
        .await;
    case.took(0);
    case.stops([AtDeadline]);
}

#[tokio::test(start_paused = true)]
async fn temporal_653_the_callers_deadline_ends_the_loop() {
    // temporalio/sdk-java issue 653: the retryer kept to a deadline of its own, later than the
    // caller's, and went on calling what could only fail at once.
    #[retry(constant, max = unlimited, within = 10m, base = 200ms, jitter = none)]
    async fn call(case: &Case) -> Result<u32, Fault> {
        case.body.run().await
    }
    let case = Case::new("two runs", "temporalio/sdk-java issue 653", "F(400)F(400)");
    case.play("F", || Deadline::after(ms(1_100)).scope(call(&case)))
        .await;
    case.at([0, 600]);
    case.took(1_000);
    case.stops([AtDeadline]);
}

// What stands around and inside.

#[tokio::test(start_paused = true)]
async fn nanobot_2760_an_sdk_that_retries_below_the_application() {
    // HKUDS/nanobot issue 2760: four attempts of the application, three of the SDK below each: the
    // endpoint saw twelve. Ours: so it is, but told; and `nested = outer` leaves it at four.
    #[retry(max = 4, base = 1ms, budget = off)]
    async fn application(r: &Record, leave: bool) -> Result<(), Fault> {
        if leave {
            sdk_that_leaves_it(r).await
        } else {
            sdk_of_the_complaint(r).await
        }
    }
    #[retry(max = 3, base = 1ms, budget = off)]
    async fn sdk_of_the_complaint(r: &Record) -> Result<(), Fault> {
        Err(Fault::Http(u16::try_from(r.attempt()).unwrap()))
    }
    #[retry(max = 3, base = 1ms, budget = off, nested = outer)]
    async fn sdk_that_leaves_it(r: &Record) -> Result<(), Fault> {
        Err(Fault::Http(u16::try_from(r.attempt()).unwrap()))
    }
    let events = Events::of("sdk_of_the_complaint");
    let r = Record::new();
    assert_eq!(application(&r, false).await, Err(Fault::Http(12)));
    let nested =
        |e: &Event| matches!(e, Event::RetryNested { outer, .. } if outer.ends_with("application"));
    assert!(events.all().iter().any(nested));
    let r = Record::new();
    assert_eq!(application(&r, true).await, Err(Fault::Http(4)));
}

#[tokio::test(start_paused = true)]
async fn backon_49_a_method_on_mut_self_that_calls_one() {
    // Xuanwo/backon issue 49: a pager whose `next(&mut self)` calls `self.inner.next()` could not
    // be retried, as the closure would lend out what it captured.
    struct Inner {
        pages: std::vec::IntoIter<Result<u32, Fault>>,
        asked: u32,
    }
    impl Inner {
        async fn next(&mut self) -> Result<Option<u32>, Fault> {
            self.asked += 1;
            tokio::task::yield_now().await;
            self.pages.next().transpose()
        }
    }
    struct Pager {
        inner: Inner,
    }
    impl Pager {
        #[retry(max = 3, base = 1ms)]
        async fn next(&mut self) -> Result<Option<u32>, Fault> {
            self.inner.next().await
        }
    }
    let pages = vec![Err(Fault::Network(1)), Ok(7), Err(Fault::Network(2)), Ok(8)];
    let mut pager = Pager {
        inner: Inner {
            pages: pages.into_iter(),
            asked: 0,
        },
    };
    assert_eq!(pager.next().await, Ok(Some(7)));
    assert_eq!(pager.next().await, Ok(Some(8)));
    assert_eq!(pager.next().await, Ok(None));
    assert_eq!(pager.inner.asked, 5);
}

#[tokio::test(start_paused = true)]
async fn mullvad_5941_borrowed_arguments_in_an_async_trait() {
    // mullvad/mullvadvpn-app PR 5941: the helper wanted `'static` futures, so that a trait's method
    // could not retry a call that borrows its argument.
    #[async_trait::async_trait]
    trait Relay {
        async fn connect(&self, to: &str) -> Result<usize, Fault>;
    }
    struct Tunnel {
        seen: Record,
    }
    impl Tunnel {
        async fn dial(&self, to: &str) -> Result<usize, Fault> {
            match self.seen.attempt() {
                1 => Err(Fault::Network(1)),
                _ => Ok(to.len()),
            }
        }
    }
    #[async_trait::async_trait]
    impl Relay for Tunnel {
        #[retry(max = 2, base = 1ms)]
        async fn connect(&self, to: &str) -> Result<usize, Fault> {
            self.dial(to).await
        }
    }
    let relay: Box<dyn Relay + Send + Sync> = Box::new(Tunnel {
        seen: Record::new(),
    });
    let to = String::from("10.0.0.1:443");
    let borrowed = to.as_str();
    let (a, b) = tokio::join!(relay.connect(borrowed), relay.connect(&borrowed[..8]));
    assert_eq!((a, b), (Ok(12), Ok(8)));
}

/// Can be sent to another thread, and not be shared with one.
#[derive(Debug)]
struct NotSync(Cell<u32>);
impl From<resil::Error> for NotSync {
    fn from(e: resil::Error) -> Self {
        panic!("{e}")
    }
}

struct Worker {
    jobs: std::sync::mpsc::Receiver<u32>,
}

impl Worker {
    /// What the body borrows must be `Sync` for the call to be `Send`: here all of `self` is, as
    /// `&mut`, and not its field alone, as `&`.
    #[retry(max = 3, base = 1ms)]
    async fn take(&mut self) -> Result<u32, Fault> {
        let this = &mut *self;
        tokio::task::yield_now().await;
        this.jobs.try_recv().map_err(|_| Fault::Final)
    }
}

#[tokio::test(start_paused = true)]
async fn tikv_13811_results_that_are_not_sync_in_a_task() {
    // tikv/tikv issue 13811: the retried future held its last result across the wait, and could
    // not be spawned where that was `!Sync`. y-scope/spider PR 404, ydb-platform/ydb-rs-sdk PR 546:
    // nor could what goes through an async closure.
    #[circuit(failures = 9, on(e if e.0.get() > 0), ignore(NotSync(_)))]
    #[timeout(9s)]
    #[retry(max = 3, base = 1ms, on(e if e.0.get() > 0), on_ok(v if v.get() == 0))]
    #[timeout(1s)]
    async fn call(r: Record) -> Result<Cell<u32>, NotSync> {
        tokio::task::yield_now().await;
        match r.attempt() {
            1 => Err(NotSync(Cell::new(1))),
            2 => Ok(Cell::new(0)),
            n => Ok(Cell::new(n)),
        }
    }
    let out = tokio::spawn(call(Record::new())).await.unwrap();
    assert_eq!(out.unwrap().get(), 3);
    let (tx, jobs) = std::sync::mpsc::channel();
    let mut worker = Worker { jobs };
    tx.send(7).unwrap();
    let out = tokio::spawn(async move { worker.take().await }).await;
    assert_eq!(out.unwrap(), Ok(7));
}
