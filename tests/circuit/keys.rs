//! LANGUAGE.md, section 5: one breaker per key under a name, the bound on keys, and
//! snapshots.

use std::fmt::{self, Display};
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use crate::support::{Fault, ms, poll_once};
use resil::event::Event;
use resil::{
    CircuitState, Error, KeyedBreaker, breaker, circuit, idempotent, registry, retry, timeout,
};
use tokio::time::{advance, sleep};

fn letter(out: &Result<u32, Fault>) -> char {
    match out {
        Ok(_) => '.',
        Err(Fault::Resil(Error::CircuitOpen { .. })) => 'X',
        Err(_) => 'F',
    }
}

pub(super) fn answer(ok: bool) -> Result<u32, Fault> {
    if ok { Ok(1) } else { Err(Fault::Network(1)) }
}

fn keys(name: &str) -> Vec<String> {
    let keys = breaker(name).keys();
    let mut all: Vec<String> = keys.iter().map(|b| b.key().to_owned()).collect();
    all.sort();
    all
}

const OVERFLOW: &str = "(overflow)";

#[tokio::test(start_paused = true)]
async fn each_key_has_a_breaker_of_its_own() {
    #[circuit(name = "key-own", key = host, failures = 2, open_for = 1s)]
    async fn call(host: &str, ok: bool) -> Result<u32, Fault> {
        answer(ok)
    }
    for _ in 0..2 {
        assert_eq!(letter(&call("a", false).await), 'F');
    }
    let refused = call("a", true).await;
    let Err(Fault::Resil(Error::CircuitOpen { name, retry_in, .. })) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(name, "key-own");
    assert!(retry_in.is_some_and(|d| (ms(1_000)..=ms(1_200)).contains(&d)));
    assert_eq!(letter(&call("b", true).await), '.');
    let b = breaker("key-own");
    assert_eq!(b.state(), CircuitState::Closed, "that of the name itself");
    assert_eq!(b.key("a").state(), CircuitState::Open);
    assert_eq!(b.key("b").state(), CircuitState::Closed);
    advance(ms(1_200)).await;
    assert_eq!(letter(&call("a", true).await), '.');
    assert_eq!(b.key("a").state(), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_key_is_anything_that_can_be_displayed() {
    #[derive(Clone, Copy)]
    struct Shard(u8);
    impl Display for Shard {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "shard-{}", self.0)
        }
    }
    struct Client {
        host: String,
    }
    impl Client {
        #[circuit(name = "key-field", key = self.host)]
        async fn field(&self) -> Result<u32, Fault> {
            answer(true)
        }
        #[circuit(name = "key-method", key = self.host.to_uppercase())]
        async fn method(&mut self) -> Result<u32, Fault> {
            self.host.push('!');
            answer(true)
        }
    }
    #[circuit(name = "key-number", key(tenant))]
    async fn number(tenant: u64) -> Result<u32, Fault> {
        answer(true)
    }
    #[circuit(name = "key-owned", key = host)]
    async fn owned(host: String) -> Result<u32, Fault> {
        drop(host);
        answer(true)
    }
    #[circuit(name = "key-format", key = format_args!("{a}/{b}"))]
    async fn formatted(a: u32, b: Shard) -> Result<u32, Fault> {
        answer(true)
    }
    #[circuit(name = "key-generic", key = key)]
    async fn generic<K: Display>(key: K) -> Result<u32, Fault> {
        answer(true)
    }
    let mut client = Client {
        host: "pay-3".to_owned(),
    };
    client.field().await.unwrap();
    client.method().await.unwrap();
    number(u64::MAX).await.unwrap();
    owned("mine".to_owned()).await.unwrap();
    formatted(7, Shard(2)).await.unwrap();
    generic(Shard(9)).await.unwrap();
    generic(&'c').await.unwrap();
    assert_eq!(keys("key-field"), ["pay-3"]);
    assert_eq!(keys("key-method"), ["PAY-3"]);
    assert_eq!(keys("key-number"), ["18446744073709551615"]);
    assert_eq!(keys("key-owned"), ["mine"]);
    assert_eq!(keys("key-format"), ["7/shard-2"]);
    assert_eq!(keys("key-generic"), ["c", "shard-9"]);
}

#[tokio::test(start_paused = true)]
async fn the_key_is_evaluated_once_per_call_on_entry_before_anything_runs() {
    let log = Mutex::new(Vec::new());
    let note = |what: &str| log.lock().unwrap().push(what.to_owned());
    #[retry(constant, max = 3, base = 10ms)]
    #[circuit(name = "key-once", key = { note("key"); "k" }, failures = 2)]
    #[timeout(1s)]
    async fn once(note: impl Fn(&str)) -> Result<u32, Fault> {
        note("body");
        answer(false)
    }
    let call = once(note);
    assert!(
        log.lock().unwrap().is_empty(),
        "nothing before it is polled"
    );
    // Each attempt is let in by it, until it refuses.
    assert_eq!(letter(&call.await), 'X');
    assert_eq!(*log.lock().unwrap(), ["key", "body", "body"]);
}

#[tokio::test(start_paused = true)]
async fn the_key_stands_before_a_replay_and_before_what_is_above() {
    let made = AtomicU32::new(0);
    #[idempotent(name = "key-replay", key = id)]
    #[circuit(name = "key-replay", key = { made.fetch_add(1, SeqCst); id })]
    async fn replayed(id: u32, made: &AtomicU32) -> Result<u32, Error> {
        Ok(id)
    }
    for n in 1..=3 {
        assert_eq!(replayed(7, &made).await, Ok(7));
        assert_eq!(made.load(SeqCst), n, "once per call, replay or not");
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_without_a_name_has_keys_too_and_a_bare_name_shares_them() {
    #[circuit(key = host, failures = 1)]
    async fn unnamed(host: &str, ok: bool) -> Result<u32, Fault> {
        answer(ok)
    }
    #[circuit(name = "key-bare", key = host, failures = 1)]
    async fn with(host: &str, ok: bool) -> Result<u32, Fault> {
        answer(ok)
    }
    #[circuit(name = "key-bare", key = other_host)]
    async fn bare(other_host: &str, ok: bool) -> Result<u32, Fault> {
        answer(ok)
    }
    #[circuit(name = "key-bare")]
    async fn keyless(ok: bool) -> Result<u32, Fault> {
        answer(ok)
    }
    assert_eq!(letter(&unnamed("h", false).await), 'F');
    assert_eq!(letter(&unnamed("h", true).await), 'X');
    // On defaults, until one with settings registers; and then on those.
    assert_eq!(letter(&bare("h", false).await), 'F');
    assert_eq!(letter(&bare("h", true).await), '.');
    assert_eq!(letter(&with("i", true).await), '.');
    assert_eq!(letter(&bare("h", false).await), 'F');
    assert_eq!(letter(&with("h", true).await), 'X');
    assert_eq!(letter(&keyless(true).await), '.');
}

#[tokio::test(start_paused = true)]
async fn d16_max_keys_bounds_them_and_newcomers_share_one() {
    #[circuit(name = "key-max", key = host, max_keys = 2, failures = 1, open_for = 10s, open_max = 10s)]
    async fn call(host: &str, ok: bool) -> Result<u32, Fault> {
        answer(ok)
    }
    assert_eq!(letter(&call("idle", true).await), '.');
    assert_eq!(letter(&call("down", false).await), 'F');
    // The idle closed one goes, the open one stays.
    assert_eq!(letter(&call("new", false).await), 'F');
    assert_eq!(keys("key-max"), ["down", "new"]);
    // Both are open: newcomers share a breaker, and its state.
    assert_eq!(letter(&call("three", false).await), 'F');
    assert_eq!(letter(&call("four", true).await), 'X');
    assert_eq!(letter(&call("down", true).await), 'X');
    assert_eq!(keys("key-max"), [OVERFLOW, "down", "new"]);
    advance(ms(12_000)).await;
    // Their time is up, and a place can be taken.
    assert_eq!(letter(&call("four", true).await), '.');
    assert!(keys("key-max").contains(&"four".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn q16_one_with_a_call_out_is_not_evicted_from_under_it() {
    #[circuit(name = "key-out", key = host, max_keys = 1, failures = 1)]
    async fn call(host: &str, after: u64) -> Result<u32, Fault> {
        sleep(ms(after)).await;
        answer(false)
    }
    let mut slow = pin!(call("slow", 100));
    assert!(poll_once(slow.as_mut()).await.is_pending());
    assert_eq!(letter(&call("new", 0).await), 'F');
    assert_eq!(letter(&slow.await), 'F');
    assert_eq!(breaker("key-out").key("slow").state(), CircuitState::Open);
    assert_eq!(letter(&call("slow", 0).await), 'X');
}

#[tokio::test(start_paused = true)]
async fn a_key_that_panics_holds_nothing() {
    struct Bad;
    impl Display for Bad {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            // The table of this very name, from inside of a lookup.
            let _ = breaker("key-panic").key("inside").try_acquire();
            let _ = registry().snapshot();
            panic!("the user's own")
        }
    }
    #[circuit(name = "key-panic", key = Bad)]
    async fn bad() -> Result<u32, Fault> {
        answer(true)
    }
    let join = tokio::spawn(bad()).await;
    assert!(join.unwrap_err().is_panic());
    assert_eq!(keys("key-panic"), ["inside"]);
    assert!(breaker("key-panic").key("after").try_acquire().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_dropped_probe_of_a_key_gives_its_place_back() {
    #[circuit(name = "key-probe", key = host, failures = 1, open_for = 1s)]
    async fn call(host: &str, after: Option<u64>) -> Result<u32, Fault> {
        match after {
            Some(t) => sleep(ms(t)).await,
            None => return answer(false),
        }
        answer(true)
    }
    assert_eq!(letter(&call("k", None).await), 'F');
    advance(ms(1_200)).await;
    {
        let mut probe = pin!(call("k", Some(100)));
        assert!(poll_once(probe.as_mut()).await.is_pending());
        assert_eq!(letter(&call("k", Some(0)).await), 'X');
    }
    assert_eq!(letter(&call("k", Some(0)).await), '.');
}

// By hand, and looking at it.

#[tokio::test(start_paused = true)]
async fn by_hand_a_key_is_told_for_itself() {
    #[circuit(name = "key-hand", key = host)]
    async fn call(host: &str) -> Result<u32, Fault> {
        answer(true)
    }
    let b = breaker("key-hand");
    b.key("a").force_open();
    assert_eq!(letter(&call("a").await), 'X');
    assert_eq!(letter(&call("b").await), '.');
    b.keys().iter().for_each(KeyedBreaker::force_open);
    assert_eq!(letter(&call("b").await), 'X');
    b.key("a").reset();
    assert_eq!(letter(&call("a").await), '.');
    let permit = b.key("a").try_acquire().unwrap();
    permit.failure();
    assert_eq!(b.key("a").counts().failures_in_a_row, 1);
    b.key("a").disable();
    assert_eq!(b.key("a").state(), CircuitState::Disabled);
    b.key("a").force_close();
    assert_eq!((b.key("a").name(), b.key("a").key()), ("key-hand", "a"));
}

#[tokio::test(start_paused = true)]
async fn snapshots_and_events_show_the_key() {
    #[circuit(name = "key-seen", key = host, failures = 1, max_keys = 2)]
    async fn call(host: &str, ok: bool) -> Result<u32, Fault> {
        answer(ok)
    }
    let events = crate::support::Events::of("key-seen");
    for host in ["b", "a", "c"] {
        let _ = call(host, false).await;
    }
    let _ = call("a", true).await;
    let all = registry().snapshot();
    assert!(all.is_sorted_by_key(|s| (s.name, s.key.clone())));
    let mine: Vec<_> = all
        .iter()
        .filter(|s| s.name == "key-seen")
        .map(|s| (s.key.as_deref(), s.state))
        .collect();
    assert_eq!(
        mine,
        [
            (None, CircuitState::Closed),
            (Some(OVERFLOW), CircuitState::Open),
            (Some("a"), CircuitState::Open),
            (Some("b"), CircuitState::Open),
        ]
    );
    let told: Vec<String> = events
        .all()
        .iter()
        .map(|e| match e {
            Event::CircuitChanged { key, to, .. } => format!("{key:?} {to:?}"),
            Event::CircuitRefused { key, .. } => format!("{key:?} refused"),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        told,
        [
            "Some(\"b\") Open",
            "Some(\"a\") Open",
            "Some(\"(overflow)\") Open",
            "Some(\"a\") refused"
        ]
    );
}
