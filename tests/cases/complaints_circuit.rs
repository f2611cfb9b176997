//! What users of circuit breakers complained of in public, replayed: one row a complaint, named by
//! the project and the number of the thread. Where a row says "ours", resil differs from what was
//! asked for, and `LANGUAGE.md`, section 5, has the reason.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use resil::CircuitState::{Closed, Open};
use resil::event::Event;
use resil::event::StopReason::Final;
use resil::{CircuitPolicy, CircuitState, Window, breaker, circuit, retry, timeout};
use tokio::time::advance;

use crate::by_hand::{Row, play};
use crate::stage::cases;
use crate::support::{Fault, Record, ms};

// When it trips.
cases! {
    opossum_217_one_failure_of_one_is_no_rate:
        "50 % in 20 s: the first call failed, which is 100 %, and the circuit was open",
        "nodeshift/opossum issue 217, 288";
        #[circuit(name = "opossum.217", failure_rate = 50%, window = 20s)]
        "FFFFFFFFFFFFFFFFFFF F" => "FFFFFFFFFFFFFFFFFFF F X", state("opossum.217", Open);
    opossum_660_nor_are_two_timeouts:
        "two timeouts of 4 s within a window of 5 min opened it, errors did not",
        "nodeshift/opossum issue 660";
        #[circuit(name = "opossum.660", failure_rate = 50%, window = 5m)]
        #[timeout(4s)]
        "HH" => "TT", state("opossum.660", Closed), counts("opossum.660", 2, 2);
    cockatiel_64_failures_before_the_coffee:
        "20 % in 5 s: failures, a pause of 5 min, then two more that were held against the old ones",
        "connor4312/cockatiel issue 64";
        #[circuit(name = "cockatiel.64", failure_rate = 20%, window = 5s, min_calls = 4)]
        "FFF FFF F" => "FFF +5m FFF F X", state("cockatiel.64", Open);
    polly_320_one_in_a_hundred_of_ten:
        "1 % in 5 min, from ten calls on: it took well over twenty to open",
        "App-vNext/Polly issue 320";
        #[circuit(name = "polly.320", failure_rate = 1%, window = 5m, min_calls = 10)]
        "SSSSSSSSSSF" => "SSSSSSSSSSF X";
    polly_320_the_tenth_call:
        "and the tenth itself, with the failure long before it",
        "App-vNext/Polly issue 320";
        #[circuit(failure_rate = 1%, window = 5m, min_calls = 10)]
        "FSSSSSSSSS" => "FSSSSSSSSS X";
    polly_144_failures_in_a_row_do_not_age:
        "100 in ten days: does the count expire? ours: not in a row; a success begins anew, not the time",
        "App-vNext/Polly issue 144";
        #[circuit(failures = 3)]
        "FFSFF F" => "F +1440m F +1440m S +1440m F +1440m F +1440m F X";
    polly_144_in_a_window_they_do:
        "and so many within ten minutes are said by a rate of 100 %",
        "App-vNext/Polly issue 144, 316";
        #[circuit(failure_rate = 100%, window = 10m, min_calls = 3)]
        "FFF FF F" => "F +1440m F +1440m F +1440m F +1m F +1m F X";
    solace_296_a_slow_outage_of_few_calls:
        "five in a row with 19 s between them: the count decayed with the window of the rate, never passed two, and each call waited out its whole retry",
        "SolaceProducts/solace-broker-mcp PR 296, of sony/gobreaker";
        #[circuit(failures = 5, failure_rate = 50%, window = 30s, min_calls = 20)]
        "FFFFF" => "F +19s F +19s F +19s F +19s F X";
    resilience4j_667_slow_and_failed_are_two_rates:
        "of four calls one slow, one failed, half of them allowed of each: closed, where the reporter wanted the sum; ours: two rates as well",
        "resilience4j/resilience4j issue 667";
        #[circuit(name = "r4j.667", failure_rate = 50%, slow = 100ms, slow_rate = 50%, window = 4)]
        "S(100)FSS" => "SFSS", state("r4j.667", Closed), counts("r4j.667", 4, 1);
    resilience4j_667_a_timeout_makes_one_of_them:
        "and a timeout below makes slow calls failures, which is the sum",
        "resilience4j/resilience4j issue 667";
        #[circuit(failure_rate = 50%, window = 4)]
        #[timeout(100ms)]
        "S(200)FSS" => "TFSS X";
    jac_7909_each_run_on_the_wire_counts_below_the_retry:
        "a breaker around the retry counted one failure for three: it opened after fifteen; ours: the place says which, and below the retry it opens in the second call",
        "jaseci-labs/jac issue 7909";
        #[retry(max = 3, base = 1ms)]
        #[circuit(name = "jac.7909", failures = 5)]
        "FFF FF" => "F X", state("jac.7909", Open), stops([resil::event::StopReason::Exhausted, Final]);
}

// What counts.
cases! {
    sglang_25811_answers_that_blame_the_caller:
        "requests that were too long got 400, which opened the circuits of healthy workers: a fleet-wide outage",
        "sgl-project/sglang issue 25811, yammer/circuitbox issue 45";
        #[circuit(name = "sglang.25811", failures = 3, on(Fault::Http(500..)))]
        "C(400)C(400)C(400)C(404) C(500)C(503)C(500)" => "FFFF FFF X", state("sglang.25811", Open);
    smg_2565_a_client_error_between_failures_counts_as_success:
        "and where 400 was a success instead, 400s in between kept a broken worker's row from filling; ours: so with `on` alone",
        "smg-project/smg PR 2565, review";
        #[circuit(name = "smg.2565.on", failures = 3, on(Fault::Http(500..)))]
        "C(500)C(400)C(500)C(400)C(500)" => "FFFFF", state("smg.2565.on", Closed), row("smg.2565.on", 1);
    smg_2565_or_is_neutral:
        "with `ignore` it neither fills the row nor ends it",
        "smg-project/smg PR 2565, review";
        #[circuit(failures = 3, ignore(Fault::Http(400..=499)))]
        "C(500)C(400)C(500)C(400)C(500)" => "FFFFF X";
    smg_2565_nor_does_it_close_a_half_open_one:
        "a malformed request closed a half-open breaker, with no proof that anything had recovered",
        "smg-project/smg PR 2565, review";
        #[circuit(name = "smg.2565.half", failures = 1, open_for = 10s, open_max = 10s, ignore(Fault::Http(400..=499)))]
        "C(500) C(400)C(400) C(500) S" => "F X +12s FF F X +12s S", state("smg.2565.half", Closed);
    mofa_1338_a_panic_in_a_call_breaks_nothing:
        "a panic under the breaker's lock poisoned it, and every call after that panicked",
        "mofa-org/mofa PR 1338";
        #[circuit(name = "mofa.1338", failures = 2, open_for = 10s, open_max = 10s)]
        "PP P S" => "PP X +12s P X +12s S", state("mofa.1338", Closed), row("mofa.1338", 0);
}

// Open and half-open.
cases! {
    opossum_276_a_failed_probe_below_the_volume:
        "long after, with fewer calls in the window than the rule asks for, the probe failed: neither open nor closed, it refused for ever",
        "nodeshift/opossum issue 276, 119";
        #[circuit(name = "opossum.276", failure_rate = 50%, window = 10s, min_calls = 4, open_for = 20s, open_max = 20s)]
        "FFFF F S" => "FFFF X +24s F X +24s S", state("opossum.276", Closed);
    spring_retry_99_it_closes_under_steady_traffic:
        "with a call every few seconds it never closed, as each refusal began the waiting anew",
        "spring-attic/spring-retry issue 99";
        #[circuit(name = "spring.99", failures = 3, open_for = 10s)]
        "FFF S S" => "FFF X +1s X +1s X +1s X +1s X +1s X +1s X +1s X +1s X +1s X +3s S S",
        state("spring.99", Closed);
    resilience4j_2289_half_open_waits_for_its_calls:
        "three successes are asked for and traffic is low: half-open for half an hour, where the reporter wanted it closed by then; ours: it waits, refuses nobody, and forgets no success",
        "resilience4j/resilience4j issue 2289, 2028";
        #[circuit(name = "r4j.2289", failures = 1, open_for = 10s, probes = 3)]
        "F S S S F" => "F X +12s S +30m S +30m S F", state("r4j.2289", Open);
    agentic_328_successes_do_not_outvote_a_failed_probe:
        "in half-open a failure and three successes after it closed the circuit, the failure forgotten",
        "msoedov/agentic_security PR 328";
        #[circuit(name = "agentic.328", failures = 1, open_for = 10s, open_max = 10s, probes = 3)]
        "F F SSS" => "F +12s F XXX +12s SSS", state("agentic.328", Closed), changes(5);
    open_bank_3267_a_retry_above_it_does_not_keep_it_open:
        "with a retry outside, a breaker with a delay of 10 s refused for two hours, until the restart",
        "JiRaska/open-bank-oss issue 3267, of SmallRye";
        #[retry(max = 3, base = 1ms)]
        #[circuit(name = "bank.3267", failures = 3, open_for = 10s, open_max = 10s)]
        "FFF F S" => "F X +12s X X +12s S", state("bank.3267", Closed);
}

#[tokio::test(start_paused = true)]
async fn several_under_way_and_the_hand() {
    const POLICY: CircuitPolicy = CircuitPolicy::new()
        .failures(2)
        .open_for(Duration::from_secs(10));
    let row = |id, says, source, policy, play| Row {
        id,
        says,
        source,
        policy,
        play,
    };
    play(&[
        row(
            "ldbc.731",
            "several went through in half-open: one failed and opened it, one succeeded a moment later, closed it, and took the lengthened opening back",
            "takapi327/ldbc issue 731",
            POLICY.probes(2),
            "FF =open +12s h h X f =open s =open X refused:20s..24s +12s X +12s SS =closed",
        ),
        row(
            "opossum.819",
            "half-open let every call through until the first answer came",
            "nodeshift/opossum issue 819, 119",
            POLICY,
            "FF +12s h X X X out:1 s =closed",
        ),
        row(
            "opossum.45",
            "what it refused was told as a failure, and so counted",
            "nodeshift/opossum issue 45",
            POLICY.failure_rate(0.5).window(Window::Calls(10)).min_calls(10),
            "S FF =open XXXXXXXX +12s S =closed 0/0 F 1/1 =closed",
        ),
        row(
            "agbero.7",
            "each failure that came in while it was open began the cool-down anew",
            "agberohq/agbero issue 7",
            POLICY,
            "hhhh FF =open +3s f +3s f +3s f f =open +3s S =closed",
        ),
        row(
            "rubyist.8",
            "tripped by hand it should stay so until the hand resets it, and asked again after its timeout",
            "rubyist/circuitbreaker issue 8, nodeshift/opossum PR 383",
            POLICY,
            "!open X +12s X =forced +1440m X !close S =closed",
        ),
    ])
    .await;
}

mod example_a {
    use super::*;
    #[circuit(failures = 1)]
    pub(super) async fn func(r: &Record) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
}
mod example_b {
    use super::*;
    #[circuit(failures = 1)]
    pub(super) async fn func(r: &Record) -> Result<u32, Fault> {
        Err(Fault::Network(r.attempt()))
    }
}

#[tokio::test(start_paused = true)]
async fn fabfuel_56_functions_of_one_name_in_two_modules() {
    // fabfuel/circuitbreaker issue 56: the second hid the first from whoever asked which are
    // closed. Ours: the name has the module, and a short name of both is no third breaker.
    let r = Record::new();
    assert_eq!(example_a::func(&r).await, Ok(1));
    assert_eq!(example_b::func(&r).await, Err(Fault::Network(2)));
    assert!(example_b::func(&r).await.is_err());
    assert_eq!((example_a::func(&r).await, r.count()), (Ok(3), 3));
    let state = |end: &str| {
        let all = resil::registry().snapshot();
        let mine = all.iter().filter(|b| b.name.ends_with(end));
        mine.map(|b| b.state).collect::<Vec<CircuitState>>()
    };
    assert_eq!(state("example_a::func"), [Closed]);
    assert_eq!(state("example_b::func"), [Open]);
}

#[tokio::test(start_paused = true)]
async fn pybreaker_36_who_joins_an_open_breaker_changes_nothing() {
    // danielfm/pybreaker PR 36: each process that set the breaker up wrote the time of its opening
    // anew, so that it never closed while processes came and went. Ours: within one process, and
    // with the settings that a function brings along when the breaker is already open.
    #[circuit(name = "pybreaker.36")]
    async fn first(r: &Record) -> Result<u32, Fault> {
        Err(Fault::Network(r.attempt()))
    }
    #[circuit(name = "pybreaker.36")]
    async fn joins(r: &Record) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    #[circuit(name = "pybreaker.36", failures = 2, open_for = 40s)]
    async fn sets(r: &Record) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    let refused = |out| matches!(out, Err(Fault::Resil(resil::Error::CircuitOpen { .. })));
    let r = Record::new();
    for _ in 0..5 {
        assert!(!refused(first(&r).await));
    }
    for _ in 0..2 {
        advance(ms(14_000)).await;
        assert!(refused(joins(&r).await));
        assert!(refused(sets(&r).await));
    }
    // 30 s, and a fifth more at most.
    advance(ms(8_000)).await;
    assert_eq!(joins(&r).await, Ok(6));
    assert_eq!(breaker("pybreaker.36").state(), Closed);
    // And now it goes by what was set.
    assert!(!refused(first(&r).await) && !refused(first(&r).await));
    assert!(refused(sets(&r).await));
}

#[tokio::test(start_paused = true)]
async fn jrugged_70_one_name_with_two_settings() {
    // Comcast/jrugged issue 70, bolshakov/stoplight issue 464: which of them held depended on
    // which method was called first, and nothing told. Ours: the first too, and it is told.
    #[circuit(name = "jrugged.70", failures = 3)]
    async fn some_method_1(r: &Record) -> Result<u32, Fault> {
        Err(Fault::Network(r.attempt()))
    }
    #[circuit(name = "jrugged.70", failures = 10)]
    async fn some_method_2(r: &Record) -> Result<u32, Fault> {
        Err(Fault::Network(r.attempt()))
    }
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&told);
    let _subscription = resil::event::subscribe(move |e| {
        if let Event::CircuitConflict { name, function, .. } = e
            && *name == "jrugged.70"
        {
            sink.lock().unwrap().push(*function);
        }
    });
    let r = Record::new();
    for _ in 0..2 {
        assert!(some_method_1(&r).await.is_err());
    }
    for _ in 0..3 {
        assert!(some_method_2(&r).await.is_err());
    }
    assert_eq!(r.count(), 3, "three in a row, over both");
    let told = told.lock().unwrap().clone();
    assert!(
        matches!(&told[..], [f] if f.ends_with("some_method_2")),
        "{told:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn gobreaker_119_a_listener_that_uses_the_breaker() {
    // sony/gobreaker PR 119: a callback on a change of state that asked for the counts, or made a
    // call, waited for the lock that it was called under.
    #[circuit(name = "gobreaker.119", failures = 1, open_for = 10s)]
    async fn call(r: &Record, fail: bool) -> Result<u32, Fault> {
        let n = r.attempt();
        if fail { Err(Fault::Network(n)) } else { Ok(n) }
    }
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let _subscription = resil::event::subscribe(move |e| {
        if let Event::CircuitChanged {
            name: "gobreaker.119",
            to,
            ..
        } = e
        {
            let b = breaker("gobreaker.119");
            let counts = b.counts();
            let admitted = b.try_acquire().is_ok();
            let mut seen = sink.lock().unwrap();
            seen.push((*to, b.state(), counts.probes_out, admitted));
        }
    });
    let r = Record::new();
    assert!(call(&r, true).await.is_err());
    advance(ms(12_000)).await;
    assert_eq!(call(&r, false).await, Ok(2));
    let seen = seen.lock().unwrap().clone();
    let states: Vec<_> = seen.iter().map(|(to, now, ..)| (*to, *now)).collect();
    let half = CircuitState::HalfOpen;
    assert_eq!(states, [(Open, Open), (half, half), (Closed, Closed)]);
    let admitted: Vec<_> = seen.iter().map(|(.., admitted)| *admitted).collect();
    assert_eq!(admitted, [false, false, true], "{seen:?}");
}
