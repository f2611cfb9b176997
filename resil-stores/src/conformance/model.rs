//! Tests random steps on a few keys, and compares each answer with a reference model. It checks the
//! invariants of the protocol too:
//!
//! * there is at most one Done in the life of a key;
//! * the token of a Done is the last one that claimed;
//! * the fence rises with every change of owner;
//! * between two owners there is the end of a lease;
//! * the replayed bytes are the recorded bytes.
//!
//! The model has no clock. A span is long, and does not end while the sequence runs, or it is
//! short, and the sequence waits for its end at once. So every answer is known, also in real time.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::Suite;
use super::case::{Case, LONG, fingerprint, token};
use super::reference::{Model, Row};
use resil_runtime::idempotency::OnAbandon;
use resil_runtime::idempotency::store::{
    Ack, ByHand, ClaimAnswer, ClaimRequest, Outcome, Recorded, Resolution, Snapshot, Token,
};

const KEYS: usize = 2;
const TOKENS: u8 = 5;

struct Bench {
    case: Case,
    model: Model,
    seed: u64,
    step: u32,
}

impl Bench {
    #[track_caller]
    fn same<T: PartialEq + std::fmt::Debug>(&self, what: &str, got: &T, wanted: &T) {
        if got != wanted {
            self.fail(&format!(
                "{what} must be answered {wanted:?}, and was {got:?}"
            ));
        }
    }

    #[track_caller]
    fn fail(&self, what: &str) -> ! {
        let (seed, step, row) = (self.seed, self.step, &self.model.row);
        self.case.fail(&format!(
            "seed {seed}, step {step}: {what}; the model holds {row:?}"
        ))
    }

    async fn claim(&mut self, request: ClaimRequest) {
        let wanted = self.model.answer(&request);
        let got = match self.case.claim(request).await {
            ClaimAnswer::Busy { left } if !left.is_zero() && left <= LONG => {
                ClaimAnswer::Busy { left: LONG }
            }
            got => got,
        };
        let taken_over = match wanted {
            Ok(wanted) => return self.same("claim", &got, &wanted),
            Err(taken_over) => taken_over,
        };
        let ClaimAnswer::Claimed { fence, .. } = got else {
            self.fail(&format!("claim must be answered Claimed, and was {got:?}"));
        };
        self.same("claim", &got, &ClaimAnswer::Claimed { fence, taken_over });
        if fence <= self.model.fence {
            self.fail(&format!(
                "the fence must rise above {}, and is {fence}",
                self.model.fence
            ));
        }
        self.model.fence = fence;
        self.model.ghost = None;
        if !taken_over {
            self.model.completed = 0;
        }
        let before = self.model.row.take().and_then(|r| r.fingerprint);
        self.model.row = Some(Row {
            token: request.token,
            fence,
            fingerprint: request.fingerprint.or(before),
            indeterminate: request.indeterminate(),
            live: true,
            short: request.ttl != LONG,
            done: None,
        });
        if request.lease != LONG {
            self.case.wait(2).await;
            self.model.ended(true);
        }
    }

    async fn renew(&mut self, by: Token, short: bool) {
        if self.model.ghost == Some(by) {
            return;
        }
        let unit = self.case.unit();
        let lease = if short { unit } else { LONG };
        let got = self.case.renew(by, lease, LONG).await;
        let Some(row) = self.model.pending(by) else {
            return self.same("renew", &got, &Ack::LeaseLost);
        };
        (row.live, row.short) = (true, false);
        self.same("renew", &got, &Ack::Ok);
        if short {
            self.case.wait(2).await;
            self.model.ended(true);
        }
    }

    async fn complete(&mut self, by: Token, recorded: &Recorded, short: bool) {
        if self.model.ghost == Some(by) {
            return;
        }
        let ttl = if short { self.case.unit() } else { LONG };
        let got = self.case.complete_for(by, recorded, ttl).await;
        match &mut self.model.row {
            Some(row) if row.token == by => {
                let fresh = row.done.is_none();
                if fresh {
                    row.done = Some(recorded.clone());
                    row.short = short;
                    self.model.completed += 1;
                }
                self.same("complete", &got, &Ack::Ok);
                self.same("completions in one life", &self.model.completed, &1);
                if fresh && short {
                    self.case.wait(2).await;
                    self.model.ended(false);
                }
            }
            _ => self.same("complete", &got, &Ack::LeaseLost),
        }
    }

    async fn release(&mut self, by: Token) {
        if self.model.ghost == Some(by) {
            return;
        }
        let got = self.case.release(by).await;
        if self.model.pending(by).is_some() {
            self.model.row = None;
            self.same("release", &got, &Ack::Ok);
        } else {
            self.same("release", &got, &Ack::LeaseLost);
        }
    }

    async fn abandon(&mut self, by: Token) {
        if self.model.ghost == Some(by) {
            return;
        }
        let got = self.case.abandon(by).await;
        if let Some(row) = self.model.pending(by) {
            row.live = false;
            self.same("abandon", &got, &Ack::Ok);
        } else {
            self.same("abandon", &got, &Ack::LeaseLost);
        }
    }

    async fn resolve(&mut self, resolution: &Resolution) {
        let got = match self.case.resolve(resolution).await {
            ByHand::Busy { .. } => ByHand::Busy { left: LONG },
            got => got,
        };
        let by = match resolution {
            Resolution::Done { token, .. } => Some(*token),
            Resolution::Free => None,
        };
        let wanted = match &self.model.row {
            None => ByHand::Absent,
            Some(row) if row.done.is_some() && by == Some(row.token) => ByHand::Changed,
            Some(row) if row.done.is_some() => ByHand::Done,
            Some(row) if row.live => ByHand::Busy { left: LONG },
            Some(_) => ByHand::Changed,
        };
        self.same("resolve", &got, &wanted);
        if wanted != ByHand::Changed {
            return;
        }
        let fence = self.case.lookup().await.map_or(u64::MAX, |s| s.fence());
        match (&mut self.model.row, resolution) {
            (
                Some(row),
                Resolution::Done {
                    token, recorded, ..
                },
            ) if row.done.is_none() => {
                row.token = *token;
                row.fence = fence;
                row.short = false;
                row.done = Some(recorded.clone());
                self.model.completed += 1;
                if fence <= self.model.fence {
                    self.fail("the fence must rise when somebody resolves a key");
                }
                self.model.fence = fence;
            }
            (row, Resolution::Free) => *row = None,
            _ => {}
        }
    }

    async fn forget(&mut self) {
        let got = match self.case.forget().await {
            ByHand::Busy { .. } => ByHand::Busy { left: LONG },
            got => got,
        };
        let wanted = match &self.model.row {
            None => ByHand::Absent,
            Some(row) if row.live && row.done.is_none() => ByHand::Busy { left: LONG },
            Some(_) => ByHand::Changed,
        };
        self.same("forget", &got, &wanted);
        if wanted == ByHand::Changed {
            self.model.row = None;
        }
    }

    async fn lookup(&mut self) {
        let got = self.case.still().await;
        let wanted = self.model.row.as_ref().map(|row| match &row.done {
            Some(recorded) => Snapshot::Done {
                fence: row.fence,
                recorded: recorded.clone(),
            },
            None => Snapshot::Pending {
                fence: row.fence,
                left: row.live.then_some(std::time::Duration::MAX),
            },
        });
        self.same("lookup", &got, &wanted);
    }

    async fn step(&mut self, rng: &mut StdRng) {
        // There are few tokens, so that old owners come back.
        let by = match &self.model.row {
            Some(row) if rng.random_bool(0.5) => row.token,
            _ => token(rng.random_range(0..TOKENS)),
        };
        // Some steps are sent twice, as after a lost answer.
        let times = if rng.random_bool(0.2) { 2 } else { 1 };
        let short = rng.random_bool(0.04);
        let body = [rng.random(), rng.random()];
        match rng.random_range(0..100) {
            0..38 => {
                let fp = rng
                    .random_bool(0.3)
                    .then(|| fingerprint(rng.random_range(0..2)));
                let mode = if rng.random_bool(0.4) {
                    OnAbandon::Indeterminate
                } else {
                    OnAbandon::Retry
                };
                let unit = self.case.unit();
                let lease = if short { unit } else { LONG };
                let ttl = if short && rng.random_bool(0.5) {
                    unit
                } else {
                    LONG
                };
                let request = ClaimRequest::new(by, lease, ttl)
                    .fingerprint(fp)
                    .on_abandon(mode);
                for _ in 0..times {
                    self.claim(request).await;
                }
            }
            38..48 => {
                for _ in 0..times {
                    self.renew(by, short).await;
                }
            }
            48..62 => {
                let outcome = [Outcome::Ok, Outcome::Err][usize::from(rng.random_bool(0.3))];
                let recorded = Recorded::new(outcome, body, "json", rng.random_range(1..3));
                for _ in 0..times {
                    self.complete(by, &recorded, short).await;
                }
            }
            62..70 => {
                for _ in 0..times {
                    self.release(by).await;
                }
            }
            70..84 => {
                for _ in 0..times {
                    self.abandon(by).await;
                }
            }
            84..90 => {
                let resolution = if rng.random_bool(0.5) {
                    Resolution::Free
                } else {
                    Resolution::Done {
                        token: token(100 + rng.random_range(0..2)),
                        recorded: Recorded::new(Outcome::Ok, body, "json", 1),
                        ttl: LONG,
                    }
                };
                for _ in 0..times {
                    self.resolve(&resolution).await;
                }
            }
            90..94 => self.forget().await,
            _ => self.lookup().await,
        }
    }
}

pub(super) async fn sequence(suite: Suite, seed: u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut benches: Vec<_> = (0..KEYS)
        .map(|_| Bench {
            case: suite.case("random steps"),
            model: Model::default(),
            seed,
            step: 0,
        })
        .collect();
    for step in 0..suite.steps {
        let bench = &mut benches[rng.random_range(0..KEYS)];
        bench.step = step;
        bench.step(&mut rng).await;
    }
    for bench in &mut benches {
        bench.lookup().await;
    }
}
