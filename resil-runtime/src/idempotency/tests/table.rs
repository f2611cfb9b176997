//! Each line of the transition table, on one records, with time as a number.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::{self, Instant};
use crate::idempotency::OnAbandon;
use crate::idempotency::capacity::{Capacity, Room};
use crate::idempotency::key::{Fingerprint, Key, PreparedFingerprint, Scope};
use crate::idempotency::records::{Answer, LeaseLost, Records, Request, Token};
use crate::idempotency::store::{Outcome, Recorded};

const LEASE: Duration = Duration::from_secs(30);
const TTL: Duration = Duration::from_secs(1000);

struct Bench {
    records: Records,
    capacity: Arc<Capacity>,
    key: Arc<Key>,
    start: Instant,
    mode: OnAbandon,
}

fn bench(mode: OnAbandon) -> Bench {
    let scope = Scope {
        name: "t",
        site: 0,
        result: "u8",
        instance: None,
    };
    Bench {
        records: Records::new(),
        capacity: Arc::new(Capacity::new(10, 1000)),
        key: Arc::new(Key::new(scope, b"k".to_vec())),
        start: clock::now(),
        mode,
    }
}

impl Bench {
    fn at(&self, s: u64) -> Instant {
        self.start + Duration::from_secs(s)
    }
    fn request(&self, token: Token, fp: Option<u8>) -> Request {
        Request {
            token,
            fingerprint: fp.map(|fp| Fingerprint::new(&PreparedFingerprint::of(&fp).0.unwrap())),
            lease: LEASE,
            ttl: TTL,
            on_abandon: self.mode,
        }
    }
    fn claim(&mut self, s: u64, token: Token) -> Answer {
        self.claim_fp(s, token, None)
    }
    fn claim_fp(&mut self, s: u64, token: Token, fp: Option<u8>) -> Answer {
        let (request, now) = (self.request(token, fp), self.at(s));
        let capacity = Arc::clone(&self.capacity);
        self.records
            .claim(&self.key, &request, now, || Room::take(&capacity, 1, 1))
    }
    fn find_done(&self, s: u64, fp: Option<u8>) -> Option<Recorded> {
        let (request, now) = (self.request(0, fp), self.at(s));
        let key = self.key.looked_for();
        let found = self
            .records
            .find_done(&key, request.fingerprint.as_ref(), now);
        found.map(|recorded| Recorded::clone(&recorded))
    }
    fn renew(&mut self, s: u64, token: Token) -> Result<Instant, LeaseLost> {
        let now = self.at(s);
        self.records.renew(&self.key, token, (LEASE, TTL), now)
    }
    fn complete(&mut self, s: u64, token: Token) -> Result<(), LeaseLost> {
        let now = self.at(s);
        self.records
            .complete(&self.key, token, ok(token), None, (TTL, now))
    }
    fn release(&mut self, token: Token) -> Result<(), LeaseLost> {
        self.records.release(&self.key, token)
    }
    fn abandon(&mut self, s: u64, token: Token) -> Result<(), LeaseLost> {
        let now = self.at(s);
        self.records.abandon(&self.key, token, now)
    }
}

fn ok(token: Token) -> Recorded {
    Recorded::new(Outcome::Ok, token.to_string().into_bytes(), "json", 1)
}

#[track_caller]
fn fence(answer: Answer) -> u64 {
    match answer {
        Answer::Claimed { fence, .. } => fence,
        other => panic!("not claimed: {other:?}"),
    }
}

#[test]
fn an_absent_key_is_claimed_and_the_claim_may_be_sent_again() {
    let mut b = bench(OnAbandon::Retry);
    let first = b.claim(0, 1);
    assert_eq!(
        first,
        Answer::Claimed {
            fence: fence(first.clone()),
            lease_end: b.at(30),
            taken_over: false
        }
    );
    assert_eq!(b.claim(7, 1), first);
}

#[test]
fn a_live_claim_is_busy_and_a_renewed_one_stays_so() {
    let mut b = bench(OnAbandon::Retry);
    fence(b.claim(0, 1));
    assert_eq!(
        b.claim(29, 2),
        Answer::Busy {
            lease_end: b.at(30)
        }
    );
    assert_eq!(b.renew(29, 1), Ok(b.at(59)));
    assert_eq!(
        b.claim(58, 2),
        Answer::Busy {
            lease_end: b.at(59)
        }
    );
    assert_eq!(b.renew(58, 2), Err(LeaseLost));
}

#[test]
fn a_dead_claim_is_taken_over_and_its_owner_can_do_nothing_more() {
    let mut b = bench(OnAbandon::Retry);
    let first = fence(b.claim(0, 1));
    let second = b.claim(30, 2);
    assert!(matches!(
        second,
        Answer::Claimed {
            taken_over: true,
            ..
        }
    ));
    assert!(fence(second) > first);
    assert_eq!(b.renew(31, 1), Err(LeaseLost));
    assert_eq!(b.complete(31, 1), Err(LeaseLost));
    assert_eq!(b.release(1), Err(LeaseLost));
    assert_eq!(b.abandon(31, 1), Err(LeaseLost));
    assert_eq!(b.complete(32, 2), Ok(()));
    assert_eq!(b.claim(33, 3), Answer::Done(Arc::new(ok(2))));
}

#[test]
fn a_dead_claim_that_nobody_took_is_still_its_owners() {
    for mode in [OnAbandon::Retry, OnAbandon::Indeterminate] {
        let mut b = bench(mode);
        fence(b.claim(0, 1));
        assert_eq!(b.renew(40, 1), Ok(b.at(70)));
        assert_eq!(b.complete(90, 1), Ok(()));
        assert_eq!(b.claim(91, 2), Answer::Done(Arc::new(ok(1))));
    }
}

#[test]
fn an_indeterminate_claim_is_never_started_again_within_its_ttl() {
    let mut b = bench(OnAbandon::Indeterminate);
    let first = fence(b.claim(0, 1));
    assert_eq!(b.abandon(10, 1), Ok(()));
    assert_eq!(b.claim(10, 2), Answer::Indeterminate);
    assert_eq!(b.claim(999, 2), Answer::Indeterminate);
    assert!(fence(b.claim(1000, 2)) > first);
    // A body may run for longer than the ttl: it counts from the last sign of life.
    assert!(b.renew(1900, 2).is_ok());
    assert_eq!(b.claim(2500, 3), Answer::Indeterminate);
}

#[test]
fn the_stricter_word_holds_where_two_functions_share_a_name() {
    for modes in [
        [OnAbandon::Retry, OnAbandon::Indeterminate],
        [OnAbandon::Indeterminate, OnAbandon::Retry],
    ] {
        let mut b = bench(modes[0]);
        fence(b.claim(0, 1));
        b.mode = modes[1];
        assert_eq!(b.claim(31, 2), Answer::Indeterminate);
    }
}

#[test]
fn done_answers_until_its_ttl_and_completing_again_changes_nothing() {
    let mut b = bench(OnAbandon::Retry);
    fence(b.claim(0, 1));
    assert_eq!(b.complete(20, 1), Ok(()));
    assert_eq!(b.complete(25, 1), Ok(()));
    assert_eq!(b.complete(25, 2), Err(LeaseLost));
    assert_eq!(b.renew(25, 1), Err(LeaseLost));
    assert_eq!(b.release(1), Err(LeaseLost));
    assert_eq!(b.abandon(25, 1), Err(LeaseLost));
    assert_eq!(b.claim(1019, 2), Answer::Done(Arc::new(ok(1))));
    fence(b.claim(1020, 2));
}

#[test]
fn an_outcome_is_found_without_a_claim_if_a_claim_would_answer_with_it() {
    let mut b = bench(OnAbandon::Retry);
    assert_eq!(b.find_done(0, None), None);
    fence(b.claim_fp(0, 1, Some(1)));
    assert_eq!(b.find_done(1, None), None);
    assert_eq!(b.complete(20, 1), Ok(()));
    for fp in [None, Some(1)] {
        assert_eq!(b.find_done(1019, fp), Some(ok(1)));
        assert_eq!(b.find_done(1020, fp), None);
    }
    assert_eq!(b.find_done(1019, Some(2)), None);
    // To look changes nothing: the record is still there.
    assert_eq!(b.records.len(), 1);
}

#[test]
fn a_live_claim_outlives_its_ttl() {
    for mode in [OnAbandon::Retry, OnAbandon::Indeterminate] {
        let mut b = bench(mode);
        fence(b.claim(0, 1));
        for s in (29..3000).step_by(29) {
            assert!(b.renew(s, 1).is_ok());
            assert!(matches!(b.claim(s, 2), Answer::Busy { .. }));
        }
    }
}

#[test]
fn d18_the_fence_rises_across_deletion() {
    let mut b = bench(OnAbandon::Retry);
    let mut last = 0;
    for token in 1..50 {
        let fence = fence(b.claim(0, token));
        assert!(fence > last);
        last = fence;
        assert_eq!(b.release(token), Ok(()));
        assert_eq!(b.records.len(), 0);
        assert_eq!(b.capacity.held(), (0, 0));
    }
}

#[test]
fn another_fingerprint_is_told_in_every_state() {
    let mut b = bench(OnAbandon::Retry);
    fence(b.claim_fp(0, 1, Some(1)));
    assert_eq!(b.claim_fp(1, 2, Some(2)), Answer::KeyReused);
    // Dead.
    assert_eq!(b.claim_fp(31, 2, Some(2)), Answer::KeyReused);
    assert_eq!(b.complete(32, 1), Ok(()));
    assert_eq!(b.claim_fp(33, 2, Some(2)), Answer::KeyReused);
    assert_eq!(b.claim_fp(33, 2, Some(1)), Answer::Done(Arc::new(ok(1))));
    // A side that has none doesn't ask.
    assert_eq!(b.claim(33, 2), Answer::Done(Arc::new(ok(1))));
    // Expired: the key is new.
    fence(b.claim_fp(2000, 2, Some(2)));
}

#[test]
fn long_fingerprints_are_told_apart_too() {
    let of = |s: &str| Fingerprint::new(&PreparedFingerprint::of(s).0.unwrap());
    let long = "x".repeat(10_000);
    assert!(of(&long) == of(&long));
    assert!(of(&long) != of(&(long.clone() + "y")));
    assert!(matches!(of(&long), Fingerprint::Hashed(_)));
}

#[test]
fn an_abandoned_claim_is_dead_on_a_clock_that_lags_behind() {
    let mut b = bench(OnAbandon::Retry);
    fence(b.claim(500, 1));
    assert_eq!(b.abandon(510, 1), Ok(()));
    fence(b.claim(0, 2));
}
