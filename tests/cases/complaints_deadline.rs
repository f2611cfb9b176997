//! What users complained of in public about timeouts and deadlines, replayed: one row a complaint,
//! named by the project and the number of the thread. Where a row says "ours", resil differs from
//! what was asked for, and `LANGUAGE.md`, section 4, has the reason.

use resil::event::StopReason::Deadline as AtDeadline;
use resil::{Deadline, Error, retry, timeout};
use tokio::time::sleep;

use crate::stage::cases;
use crate::support::{Fault, Record, ms};

// The whole, and each attempt.
cases! {
    axios_retry_24_each_attempt_has_its_own_time:
        "a request that timed out after 3 s was retried with what was left of them, which was nothing: two retries failed at once",
        "softonic/axios-retry issue 24";
        #[retry(constant, max = 3, base = 100ms, jitter = none)]
        #[timeout(3s)]
        "HHS(2900)" => "S", at([0, 3_100, 6_200]), took(9_100), timeouts(2);
    axios_retry_21_the_first_run_counts:
        "the time of the first request was not taken off: 95 ms and 99 ms passed under a limit of 100",
        "softonic/axios-retry issue 21";
        #[timeout(100ms)]
        #[retry(constant, max = 4, base = 1ms, jitter = none)]
        "F(95)F(99)" => "T", at([0, 96]), took(100), cut(1), timeouts(1);
    axios_retry_150_no_attempt_after_the_end:
        "under a limit of 7 s the delays went on past it, and requests were sent with 1 ms left; ours: where the delays alone pass it, as the reporter's did, it is refused when compiled; here with the runs' own time",
        "softonic/axios-retry issue 150, 26";
        #[timeout(7s)]
        #[retry(constant, max = 7, base = 1s, jitter = none)]
        "F(300)F(300)F(300)F(300)F(300)F(300)" => "F", at([0, 1_300, 2_600, 3_900, 5_200, 6_500]), took(6_800), stops([AtDeadline]);
    ky_497_a_limit_for_each_and_one_for_all:
        "only a total could be set, 10 s for a request and 30 s for all were wanted",
        "sindresorhus/ky issue 497";
        #[timeout(30s)]
        #[retry(constant, max = 9, base = 1s, jitter = none)]
        #[timeout(10s)]
        "HHH" => "T", at([0, 11_000, 22_000]), took(30_000), cut(3);
    failsafe_234_nothing_runs_on_after_it:
        "the timeout around a retry fired after 500 ms, and the runs below it went on being made",
        "failsafe-lib/failsafe issue 234";
        #[timeout(500ms)]
        #[retry(constant, max = 9, base = 1ms, jitter = none)]
        "F(200)F(200)F(200)" => "T +5s", at([0, 201, 402]), cut(1), timeouts(1);
    failsafe_102_it_cuts_what_is_slow:
        "a timeout of 10 ms marked a call of 20 s as failed, when it was over",
        "failsafe-lib/failsafe issue 102, 121";
        #[timeout(10ms)]
        "S(20000)" => "T +30s", cut(1);
}

// Across functions.

#[timeout(3s)]
async fn c(r: &Record, takes: u64) -> Result<u32, Fault> {
    let n = r.attempt();
    assert_eq!(Deadline::current().is_some(), takes > 0);
    sleep(ms(takes)).await;
    Ok(n)
}

#[timeout(1500ms)]
async fn b(r: &Record, database: u64, takes: u64) -> Result<u32, Fault> {
    sleep(ms(database)).await;
    c(r, takes).await
}

#[tokio::test(start_paused = true)]
async fn grpc_java_10624_the_inner_call_has_what_is_left() {
    // grpc/grpc-java issue 10624: A gives B 1.5 s, and B gives C 3 s; after 1.4 s in B's database
    // C had 100 ms, and the reporter could not tell whose limit that was. grpc-java issue 1205: the
    // inner call should carry the outer deadline. Ours: the error names the limit that was passed.
    let r = Record::new();
    assert_eq!(b(&r, 1_400, 99).await, Ok(1));
    let r = Record::new();
    let out = b(&r, 1_400, 2_000).await;
    assert_eq!((r.elapsed(), r.count()), (1_500, 1));
    let Err(Fault::Resil(Error::Timeout {
        function, limit, ..
    })) = out
    else {
        panic!("{out:?}")
    };
    assert!(function.ends_with("::b"), "{function}");
    assert_eq!(limit, ms(1_500));
}

#[tokio::test(start_paused = true)]
async fn grpc_java_11690_work_that_is_to_outlive_the_request() {
    // grpc/grpc-java issue 11690, grpc-ecosystem/grpc-spring issue 1149: the deadline of A's call to
    // B should not cut what B does at C. A task of its own has none of it.
    #[timeout(100ms)]
    async fn answers(r: &Record) -> Result<u32, Fault> {
        let r = r.clone();
        let work = tokio::spawn(async move {
            let deadline = Deadline::current().is_some();
            sleep(ms(1_000)).await;
            (deadline, r.attempt())
        });
        work.await.map(|(_, n)| n).map_err(|_| Fault::Final)
    }
    let r = Record::new();
    assert!(matches!(
        answers(&r).await,
        Err(Fault::Resil(Error::Timeout { .. }))
    ));
    assert_eq!((r.elapsed(), r.count()), (100, 0));
    sleep(ms(1_000)).await;
    assert_eq!(r.times(), [1_000]);
}
