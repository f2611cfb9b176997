//! One call and the ones after it.

use std::cell::Cell;

use super::*;
use crate::clock::now;
use crate::idempotency::key::{Key, Scope};
use crate::idempotency::records::Answer;
use crate::idempotency::store::{self, Recorded};

#[tokio::test(start_paused = true)]
async fn a_result_is_recorded_and_replayed() {
    let (store, heard) = (store(), listen());
    assert_eq!(call(store, &PLAIN, key("a"), async { Ok(1) }).await, Ok(1));
    assert_eq!(heard.take(), []);
    let body = async { panic!("runs again") };
    assert_eq!(call(store, &PLAIN, key("a"), body).await, Ok(1));
    assert_eq!(heard.take(), [IdempotencyEvent::Replayed]);
    assert_eq!(call(store, &PLAIN, key("b"), async { Ok(2) }).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn d18_an_error_of_the_body_frees_the_key() {
    for on_abandon in [OnAbandon::Retry, OnAbandon::Indeterminate] {
        let (store, policy) = (store(), PLAIN.on_abandon(on_abandon));
        let heard = listen();
        let declined = async {
            sleep(LEASE).await;
            Err(ShopError::Declined)
        };
        let first: Answered<u8> = call(store, &policy, key("a"), declined).await;
        assert_eq!(first, Err(ShopError::Declined));
        assert_eq!(heard.take(), [IdempotencyEvent::Released]);
        assert_eq!(store.held(), (0, 0));
        assert_eq!(call(store, &policy, key("a"), async { Ok(1) }).await, Ok(1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_result_is_replayed_for_its_ttl() {
    let (store, policy) = (store(), PLAIN.ttl(Duration::from_secs(10)));
    let slow = async {
        sleep(Duration::from_secs(25)).await;
        Ok(1)
    };
    assert_eq!(call(store, &policy, key("a"), slow).await, Ok(1));
    sleep(Duration::from_millis(9_990)).await;
    assert_eq!(call(store, &policy, key("a"), async { Ok(2) }).await, Ok(1));
    sleep(Duration::from_millis(20)).await;
    assert_eq!(call(store, &policy, key("a"), async { Ok(3) }).await, Ok(3));
}

#[tokio::test(start_paused = true)]
async fn a_body_may_run_for_longer_than_its_ttl() {
    let (store, policy) = (store(), PLAIN.ttl(Duration::from_secs(1)));
    let slow = async {
        sleep(Duration::from_secs(9)).await;
        Ok(1u8)
    };
    let second = async {
        sleep(Duration::from_secs(5)).await;
        call(store, &policy, key("a"), async { Ok(2u8) }).await
    };
    let both = tokio::join!(call(store, &policy, key("a"), slow), second);
    assert_eq!(both, (Ok(1), Ok(1)));
}

#[tokio::test(start_paused = true)]
async fn another_fingerprint_runs_nothing() {
    let store = store();
    let with = |fp: u32, answer: u8| {
        let fp = Some(PreparedFingerprint::of(&fp));
        stack(store, &PLAIN, key("a"), fp, async move |state, gate| {
            wrap_body(watch(async { Ok(answer) }, state).await, gate)
        })
    };
    assert_eq!(with(1, 1).await, Ok(1));
    assert_eq!(with(1, 2).await, Ok(1));
    let e = refused(with(2, 3).await);
    assert!(matches!(e, IdempotencyError::KeyReused { .. }), "{e}");
}

#[tokio::test(start_paused = true)]
async fn a_body_of_thirty_leases_keeps_its_claim() {
    let (store, heard) = (store(), listen());
    let policy = PLAIN.lease(Duration::from_millis(30));
    let runs = Cell::new(0);
    let body = || async {
        runs.set(runs.get() + 1);
        sleep(Duration::from_millis(900)).await;
        Ok(7)
    };
    let second = async {
        sleep(Duration::from_millis(1)).await;
        call(store, &policy, key("a"), body()).await
    };
    let (a, b) = tokio::join!(call(store, &policy, key("a"), body()), second);
    assert_eq!((a, b, runs.get()), (Ok(7), Ok(7), 1));
    assert_eq!(
        heard.take(),
        [IdempotencyEvent::Waiting, IdempotencyEvent::Replayed]
    );
}

#[tokio::test(start_paused = true)]
async fn a_refusal_before_the_body_ran_frees_the_key() {
    let policy = PLAIN.on_abandon(OnAbandon::Indeterminate);
    let store = store();
    let open: Answered<u8> = stack(store, &policy, key("a"), None, async |_, _| {
        sleep(LEASE).await;
        Err(Failure::Policy(Refusal::CircuitOpen {
            name: &"pay",
            retry_in: None,
        }))
    })
    .await;
    assert!(matches!(
        open,
        Err(ShopError::Resil(Error::CircuitOpen { .. }))
    ));
    assert_eq!(call(store, &policy, key("a"), async { Ok(1) }).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn a_result_too_large_is_not_stored_and_nothing_runs_again() {
    let (store, heard) = (store(), listen());
    let large = async { Ok("x".repeat(256 * 1024)) };
    let first = call(store, &PLAIN, key("a"), large).await;
    assert_eq!(first.unwrap().len(), 256 * 1024);
    let again: Answered<String> = call(store, &PLAIN, key("a"), async { panic!() }).await;
    assert!(matches!(refused(again), IdempotencyError::NotStored { .. }));
    assert_eq!(
        heard.take(),
        [
            IdempotencyEvent::NotRecorded(NotRecordedReason::TooLarge),
            IdempotencyEvent::NotStored
        ]
    );
}

#[derive(Debug)]
struct Odd(fn() -> bool);

impl Serialize for Odd {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if (self.0)() {
            s.serialize_u8(1)
        } else {
            Err(serde::ser::Error::custom("a secret"))
        }
    }
}

impl<'de> serde::Deserialize<'de> for Odd {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <&str>::deserialize(d)?;
        panic!("reads only text: {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_does_not_encode_or_decode_never_runs_again() {
    let store = store();
    let odd = |f| call(store, &PLAIN, key("encode"), async move { Ok(Odd(f)) });
    assert!(odd(|| false).await.is_ok());
    let e = refused(odd(|| true).await);
    assert!(matches!(e, IdempotencyError::NotStored { .. }), "{e}");

    let odd = |f| call(store, &PLAIN, key("decode"), async move { Ok(Odd(f)) });
    assert!(odd(|| true).await.is_ok());
    let e = refused(odd(|| true).await);
    assert!(matches!(e, IdempotencyError::Undecodable { .. }), "{e}");

    let odd = |f| call(store, &PLAIN, key("panic"), async move { Ok(Odd(f)) });
    assert!(caught(odd(|| panic!("in Serialize"))).await.is_err());
    let e = refused(odd(|| true).await);
    assert!(matches!(e, IdempotencyError::NotStored { .. }), "{e}");
}

#[tokio::test(start_paused = true)]
async fn q11_nested_calls_on_one_store_keep_their_own_records() {
    // powertools-lambda-typescript 5707: the inner key leaked into the outer completion.
    let store = store();
    let outer = || {
        call(store, &PLAIN, key("outer"), async {
            let inner = call(store, &PLAIN, key("inner"), async { Ok(1) }).await?;
            Ok(inner + 10)
        })
    };
    assert_eq!(outer().await, Ok(11));
    assert_eq!(outer().await, Ok(11));
    let inner = call(store, &PLAIN, key("inner"), async { Ok(99) }).await;
    assert_eq!(inner, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn q12_each_call_goes_by_its_own_policy() {
    // powertools-lambda-typescript 5409: the first operation's settings held for all later ones.
    let store = store();
    for (k, ttl) in [("a", 10), ("b", 100)] {
        let policy = PLAIN.ttl(Duration::from_secs(ttl));
        call(store, &policy, key(k), async { Ok(1) }).await.unwrap();
    }
    sleep(Duration::from_secs(50)).await;
    assert_eq!(call(store, &PLAIN, key("a"), async { Ok(2) }).await, Ok(2));
    assert_eq!(call(store, &PLAIN, key("b"), async { Ok(2) }).await, Ok(1));
}

#[test]
fn d21_a_runtime_with_a_clock_of_its_own_may_follow() {
    let store = store();
    let run = |ahead: u64, answer: u8| {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
            .block_on(async move {
                tokio::time::advance(Duration::from_secs(ahead)).await;
                let body = async move {
                    sleep(LEASE).await;
                    Ok(answer)
                };
                let t = now();
                let answer = call(store, &PLAIN, key("a"), body).await;
                (answer, now() - t)
            })
    };
    assert_eq!(run(3_600, 1), (Ok(1), LEASE));
    assert_eq!(run(0, 2), (Ok(1), Duration::ZERO));
    assert_eq!(run(3_630 + 86_400, 3), (Ok(3), LEASE));
}

#[tokio::test(start_paused = true)]
async fn another_version_is_undecodable_and_nothing_runs() {
    let store = store();
    assert_eq!(call(store, &PLAIN, key("a"), async { Ok(1) }).await, Ok(1));
    let answer = call(store, &PLAIN.version(2), key("a"), async { Ok(2) }).await;
    assert!(matches!(
        refused(answer),
        IdempotencyError::Undecodable { .. }
    ));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_has_begun_replays_what_it_found_and_tells_it_when_it_is_polled() {
    let store = store();
    let codec = recorded::<Answered<u8>, u8, ShopError>();
    let (site, state) = (IdempotentSite::new(&SITE, None), CallState::new());
    let begin = |policy| {
        let site = site.of(None);
        site.begin_in(store, policy, key("a"), None, codec, &state)
    };
    assert_eq!(
        call(store, &PLAIN, key("a"), async { Ok(1u8) }).await,
        Ok(1)
    );
    let heard = listen();
    let (first, second, dropped) = (begin(&PLAIN), begin(&PLAIN), begin(&PLAIN));
    drop(dropped);
    assert!(heard.take().is_empty() && !state.replayed());
    // The record lived when the calls began: that they are polled later changes nothing.
    sleep(PLAIN.ttl).await;
    assert!(matches!(first.await, ClaimOutcome::Replay(Ok(1))));
    assert!(state.replayed());
    let run = second.run(async { Ok(2) }).await;
    assert!(matches!(run, Ok(1)));
    let twice = [IdempotencyEvent::Replayed; 2];
    assert_eq!(heard.take(), twice);
    assert!(matches!(begin(&PLAIN).await, ClaimOutcome::Run(_)));
}

#[tokio::test(start_paused = true)]
async fn a_call_under_a_claim_on_its_own_key_is_refused_though_another_owner_is_done() {
    let store = store();
    let ask = async || call(store, &PLAIN, key("a"), async { Ok(3u8) }).await;
    let owner = call(store, &PLAIN, key("a"), async {
        // Another owner takes the key over, and is done with it.
        store.jump(LEASE);
        let scope = Scope {
            result: std::any::type_name::<u8>(),
            ..IdempotentSite::new(&SITE, None).of(None).scope()
        };
        let of_a = Arc::new(Key::new(scope, key("a").parts().unwrap().to_vec()));
        let request = PLAIN.request(None);
        let claimed = store.claim(&of_a, &request);
        assert!(matches!(
            claimed,
            Some(Answer::Claimed {
                taken_over: true,
                ..
            })
        ));
        let two = Recorded::new(store::Outcome::Ok, *b"2", "json", 1);
        let done = store.complete(&of_a, request.token, two, PLAIN.ttl);
        assert_eq!(done, Ok(true));
        let e = refused(ask().await);
        assert!(matches!(e, IdempotencyError::Reentrant { .. }), "{e}");
        Ok(1u8)
    });
    assert_eq!(owner.await, Ok(1));
    assert_eq!(ask().await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn a_text_is_replayed_as_it_was_with_escapes_and_without() {
    let store = store();
    for text in ["", "plain", "a \"quoted\"\n\\ text", "ä 漢"] {
        let body = async { Ok(text.to_owned()) };
        let key = || KeyBuilder::new().part("text ").part(&[text, "."].concat());
        let first = call(store, &PLAIN, key().finish(), body).await;
        let again = call(store, &PLAIN, key().finish(), async { panic!() }).await;
        assert_eq!((first, again), (Ok(text.to_owned()), Ok(text.to_owned())));
    }
}

type NotSend = std::marker::PhantomData<*const u8>;

fn nothing() -> JsonFns<NotSend> {
    JsonFns {
        encode: |_, _| Err(NotRecordedReason::NotEncodable),
        decode: |_| None,
    }
}

async fn whole(state: &CallState) -> Outcome<NotSend, ShopError> {
    let gate = ResultCodec {
        fns: ResultFns {
            ok: nothing,
            err: None,
        },
        type_name: || "",
    };
    IdempotentSite::new(&SITE, None)
        .of(None)
        .begin(&PLAIN, key("a"), None, gate, state)
        .run(async { Ok(std::marker::PhantomData) })
        .await
}

#[test]
fn futures_are_send_whatever_the_result_is() {
    fn send<X: Send>() {}
    fn is_send<X: Send>(_: X) {}
    send::<ClaimFuture<'static, NotSend, NotSend>>();
    send::<Running<'static, NotSend, NotSend, std::future::Ready<()>>>();
    is_send(whole(&CallState::new()));
    assert!(size_of::<Running<'static, u8, u8, ()>>() <= 256);
}

#[test]
fn errors_and_debug_never_show_keys() {
    let prepared = key("secret");
    assert!(!format!("{prepared:?}").contains("secret"));
    let e = IdempotencyError::InvalidKey {
        name: "pay",
        part: 2,
        reason: KeyFault::Missing,
    };
    assert_eq!(
        e.to_string(),
        "`pay`: part 2 of the idempotency key is `None` or empty; give every call a key of its own"
    );
    let e = IdempotencyError::InProgress {
        name: "pay",
        retry_in: Some(LEASE),
    };
    assert_eq!(Error::from(e).retry_after(), Some(LEASE));
}
