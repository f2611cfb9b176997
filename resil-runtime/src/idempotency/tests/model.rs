//! Random steps on a store, each compared with a model that is too simple to be wrong, and the
//! invariants of the protocol checked beside it.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;
use crate::clock::{Instant, add, now};
use crate::idempotency::key::{Fingerprint, Key, Scope};
use crate::idempotency::records::{Answer, LeaseLost, Request, Token};
use crate::idempotency::store::{Outcome, Recorded};

const TTL: Duration = Duration::from_secs(100);
const LEASE: Duration = Duration::from_secs(10);

#[derive(Clone)]
struct Row {
    token: Token,
    fence: u64,
    fingerprint: Option<u8>,
    lease_end: Instant,
    expiry: Instant,
    done: Option<Vec<u8>>,
}

#[derive(Default)]
struct Model {
    row: Option<Row>,
    /// The highest fence that was given.
    fence: u64,
    starts: u32,
}

impl Model {
    fn live(&mut self, now: Instant) -> Option<&mut Row> {
        let gone = |r: &Row| now >= r.expiry && (r.done.is_some() || now >= r.lease_end);
        if self.row.as_ref().is_some_and(gone) {
            self.row = None;
        }
        self.row.as_mut()
    }

    /// What a claim must be answered; `fence` is the store's, checked to rise.
    fn claim(&mut self, request: &Request, fp: Option<u8>, got: &Answer) -> Answer {
        let t = now();
        let strict = request.on_abandon == OnAbandon::Indeterminate;
        let taken_over = if let Some(row) = self.live(t) {
            if fp.is_some() && row.fingerprint.is_some() && fp != row.fingerprint {
                return Answer::KeyReused;
            }
            if let Some(bytes) = &row.done {
                return Answer::Done(Arc::new(Recorded::new(
                    Outcome::Ok,
                    bytes.clone(),
                    "json",
                    1,
                )));
            }
            if row.token == request.token {
                return Answer::Claimed {
                    fence: row.fence,
                    lease_end: row.lease_end,
                    taken_over: false,
                };
            }
            if t < row.lease_end {
                return Answer::Busy {
                    lease_end: row.lease_end,
                };
            }
            if strict {
                return Answer::Indeterminate;
            }
            true
        } else {
            false
        };
        let Answer::Claimed { fence, .. } = *got else {
            panic!("must be claimed: {got:?}");
        };
        assert!(fence > self.fence, "the fence rises");
        self.fence = fence;
        self.starts += 1;
        let before = self.row.take().and_then(|r| r.fingerprint);
        self.row = Some(Row {
            token: request.token,
            fence,
            fingerprint: fp.or(before),
            lease_end: add(t, LEASE),
            expiry: add(t, TTL),
            done: None,
        });
        Answer::Claimed {
            fence,
            lease_end: add(t, LEASE),
            taken_over,
        }
    }

    fn owner(&mut self, token: Token) -> Option<&mut Row> {
        // Its own steps find the record, however old it is: only a claim or a bound removes it.
        self.row.as_mut().filter(|r| r.token == token)
    }
}

async fn steps(on_abandon: OnAbandon, seed: u64, n: u32) {
    let mut rng = StdRng::seed_from_u64(seed);
    let store = store();
    let scope = Scope {
        name: "m",
        site: 0,
        result: "",
        instance: None,
    };
    let keys: Vec<_> = (0..3).map(|k| Arc::new(Key::new(scope, vec![k]))).collect();
    let mut models: Vec<Model> = keys.iter().map(|_| Model::default()).collect();
    for step in 0..n {
        let k = rng.random_range(0..keys.len());
        let (key, model) = (&keys[k], &mut models[k]);
        // Few tokens, so that old owners come back.
        let token = if rng.random_bool(0.5) {
            model.row.as_ref().map_or(0, |r| r.token)
        } else {
            rng.random_range(0..6)
        };
        let fp = rng.random_bool(0.3).then(|| rng.random_range(0..2));
        let request = Request {
            token,
            fingerprint: fp
                .map(|fp: u8| Fingerprint::new(&PreparedFingerprint::of(&fp).0.unwrap())),
            lease: LEASE,
            ttl: TTL,
            on_abandon,
        };
        let t = now();
        let pending = |m: &mut Model| m.owner(token).is_some_and(|r| r.done.is_none());
        match rng.random_range(0..10) {
            0..4 => {
                let got = store.claim(key, &request).expect("room");
                assert_eq!(got, model.claim(&request, fp, &got), "step {step}");
            }
            4 => {
                let got = store.renew(key, token, (LEASE, TTL));
                if pending(model) {
                    let row = model.owner(token).unwrap();
                    (row.lease_end, row.expiry) = (add(t, LEASE), add(t, TTL));
                    assert_eq!(got, Ok(row.lease_end), "step {step}");
                } else {
                    assert_eq!(got, Err(LeaseLost), "step {step}");
                }
            }
            5 => {
                let bytes = step.to_le_bytes().to_vec();
                let got = store.complete(
                    key,
                    token,
                    Recorded::new(Outcome::Ok, bytes.clone(), "json", 1),
                    TTL,
                );
                match model.owner(token) {
                    Some(row) => {
                        assert_eq!(got, Ok(true), "step {step}");
                        if row.done.is_none() {
                            row.done = Some(bytes);
                            row.expiry = add(t, TTL);
                        }
                    }
                    None => assert_eq!(got, Err(LeaseLost), "step {step}"),
                }
            }
            6 => {
                let got = store.release(key, token);
                if pending(model) {
                    assert_eq!(got, Ok(()), "step {step}");
                    model.row = None;
                } else {
                    assert_eq!(got, Err(LeaseLost), "step {step}");
                }
            }
            7 => {
                let got = store.abandon(key, token);
                if pending(model) {
                    assert_eq!(got, Ok(()), "step {step}");
                    let row = model.owner(token).unwrap();
                    row.lease_end = row.lease_end.min(t);
                } else {
                    assert_eq!(got, Err(LeaseLost), "step {step}");
                }
            }
            _ => {
                let ms = if rng.random_bool(0.1) {
                    rng.random_range(0..120_000)
                } else {
                    rng.random_range(0..6_000)
                };
                tokio::time::advance(Duration::from_millis(ms)).await;
            }
        }
        assert!(store.held().0 <= keys.len());
    }
    let starts: u32 = models.iter().map(|m| m.starts).sum();
    assert!(starts > n / 200, "the run did something: {starts}");
}

#[tokio::test(start_paused = true)]
async fn d18_the_store_does_what_the_model_does() {
    for seed in 0..40 {
        steps(OnAbandon::Retry, seed, 2_000).await;
        steps(OnAbandon::Indeterminate, seed, 2_000).await;
    }
}
