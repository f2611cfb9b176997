//! The bulkhead beside a model that is too simple to be wrong, by random sequences of calls that come,
//! are polled or not, are dropped and end, of time, and of limits that are set.
//!
//! The model is one list of all calls, in the order in which they came. `PROPTEST_CASES=100000` runs more
//! sequences.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;
use crate::deadline::Deadline;

/// What may happen; the numbers choose among the calls that there are.
#[derive(Clone, Copy, Debug)]
enum Op {
    /// A call comes, and is polled once.
    Call {
        deadline: Option<u64>,
    },
    /// One that does not wait.
    Try,
    Poll(usize),
    /// A call that waits is dropped.
    Leave(usize),
    /// A call that is inside ends.
    End(usize),
    Limit(u32),
    Pass(u64),
}

fn op() -> impl Strategy<Value = Op> {
    let which = any::<usize>;
    prop_oneof![
        8 => prop::option::weighted(0.3, 1_u64..40).prop_map(|deadline| Op::Call { deadline }),
        1 => Just(Op::Try),
        8 => which().prop_map(Op::Poll),
        3 => which().prop_map(Op::Leave),
        6 => which().prop_map(Op::End),
        2 => (1_u32..5).prop_map(Op::Limit),
        5 => prop_oneof![0_u64..4, Just(9), Just(10), 0_u64..40].prop_map(Op::Pass),
    ]
}

/// What a call is that came and is not over.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Is {
    /// In the queue.
    Waiting,
    /// A place is kept for it since then, the nth that was kept.
    Handed { at: u64, nth: u64 },
    /// In the queue, and passed over until it is polled again.
    Absent,
    /// Out of the queue, and not polled since.
    Expired,
}

/// What a call is answered.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Answer {
    In,
    Refused,
    Waits,
}

#[derive(Clone, Copy, Debug)]
struct Waiter {
    number: u64,
    is: Is,
    until: u64,
    deadline: u64,
}

/// A bulkhead by the book. Times are milliseconds.
struct Model {
    limit: u32,
    queue: usize,
    wait: u64,
    /// Those who have a place, or for whom one is kept.
    inside: u32,
    /// By number: who came first is first.
    waiters: Vec<Waiter>,
    now: u64,
    next: u64,
}

impl Model {
    fn next(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn of(&mut self, number: u64) -> &mut Waiter {
        let mut all = self.waiters.iter_mut();
        all.find(|w| w.number == number).expect("it came")
    }

    fn first_waiting(&self) -> Option<Waiter> {
        self.waiters.iter().find(|w| w.is == Is::Waiting).copied()
    }

    /// The calls in the queue, those that are passed over included.
    fn waiting(&self) -> usize {
        let waits = |w: &&Waiter| matches!(w.is, Is::Waiting | Is::Absent);
        self.waiters.iter().filter(waits).count()
    }

    /// A place that became free goes to who came first and has time left. It is only then that those
    /// whose time is over are found out; else each of them finds out when it is polled.
    fn hand_on(&mut self) {
        while let Some(first) = self.first_waiting() {
            let at = self.now;
            if first.until <= at {
                self.of(first.number).is = Is::Expired;
            } else if self.inside < self.limit {
                self.inside += 1;
                let nth = self.next();
                self.of(first.number).is = Is::Handed { at, nth };
            } else {
                break;
            }
        }
    }

    fn try_in(&mut self) -> bool {
        let may = self.inside < self.limit && self.first_waiting().is_none();
        self.inside += u32::from(may);
        may
    }

    /// A call comes. Returns the number of one that waits.
    fn come(&mut self, deadline: u64) -> (Answer, Option<u64>) {
        if self.try_in() {
            return (Answer::In, None);
        }
        if self.waiting() >= self.queue {
            return (Answer::Refused, None);
        }
        let number = self.next();
        self.waiters.push(Waiter {
            number,
            is: Is::Waiting,
            until: deadline.min(self.now + self.wait),
            deadline,
        });
        let answer = self.poll(number);
        (answer, (answer == Answer::Waits).then_some(number))
    }

    fn poll(&mut self, number: u64) -> Answer {
        let now = self.now;
        if self.of(number).is == Is::Absent {
            self.of(number).is = Is::Waiting;
            self.hand_on();
        }
        let me = *self.of(number);
        let answer = match me.is {
            Is::Handed { .. } if me.deadline <= now => Answer::Refused,
            Is::Handed { .. } => Answer::In,
            _ if me.until <= now => Answer::Refused,
            _ if self.takes_over(number) => Answer::In,
            _ => Answer::Waits,
        };
        match answer {
            Answer::Refused => self.leave(number),
            Answer::In => self.waiters.retain(|w| w.number != number),
            Answer::Waits => {}
        }
        answer
    }

    /// The first one in the queue takes the place that was kept the longest for another one, if that was
    /// 10 ms or more.
    fn takes_over(&mut self, number: u64) -> bool {
        if self.first_waiting().map(|w| w.number) != Some(number) {
            return false;
        }
        let kept = |w: &Waiter| match w.is {
            Is::Handed { at, nth } => Some((nth, at, w.number)),
            _ => None,
        };
        match self.waiters.iter().filter_map(kept).min() {
            Some((_, at, other)) if at + 10 <= self.now => {
                self.of(other).is = Is::Absent;
                true
            }
            _ => false,
        }
    }

    fn leave(&mut self, number: u64) {
        let had_a_place = matches!(self.of(number).is, Is::Handed { .. });
        self.waiters.retain(|w| w.number != number);
        if had_a_place {
            self.end();
        }
    }

    fn end(&mut self) {
        self.inside -= 1;
        self.hand_on();
    }

    fn limit(&mut self, limit: u32) {
        let is_raised = limit > self.limit;
        self.limit = limit;
        if is_raised {
            self.hand_on();
        }
    }
}

/// A call that waits, and how often it had been woken when it was polled last.
struct Waits {
    number: u64,
    call: Call,
    woken: usize,
}

struct Pair {
    real: Bulkhead,
    model: Model,
    waits: Vec<Waits>,
    places: Vec<BulkheadPlace>,
}

impl Pair {
    fn answered(&mut self, poll: Poll<Result<BulkheadPlace, Error>>) -> Answer {
        match poll {
            Poll::Ready(Ok(place)) => {
                self.places.push(place);
                Answer::In
            }
            Poll::Ready(Err(Error::BulkheadFull { limit, .. })) => {
                assert_eq!(limit, self.model.limit);
                Answer::Refused
            }
            Poll::Ready(Err(other)) => panic!("{other}"),
            Poll::Pending => Answer::Waits,
        }
    }

    async fn step(&mut self, op: Op) {
        match op {
            Op::Call { deadline } => {
                let mut call = Call::of(self.real);
                if let Some(left) = deadline {
                    let within = Deadline::after(ms(left)).scope(acquire(self.real));
                    call.future = Box::pin(within);
                }
                let deadline = deadline.map_or(u64::MAX, |left| self.model.now + left);
                let poll = call.poll();
                let is = self.answered(poll);
                let (wanted, number) = self.model.come(deadline);
                assert_eq!(is, wanted);
                let woken = call.wakes.count();
                let waits = number.map(|number| Waits {
                    number,
                    call,
                    woken,
                });
                self.waits.extend(waits);
            }
            Op::Try => {
                let place = self.real.try_acquire();
                assert_eq!(place.is_ok(), self.model.try_in());
                self.places.extend(place);
            }
            Op::Poll(which) if !self.waits.is_empty() => {
                let at = which % self.waits.len();
                let poll = self.waits[at].call.poll();
                let is = self.answered(poll);
                assert_eq!(is, self.model.poll(self.waits[at].number));
                self.waits[at].woken = self.waits[at].call.wakes.count();
                if is != Answer::Waits {
                    self.waits.remove(at);
                }
            }
            Op::Leave(which) if !self.waits.is_empty() => {
                let gone = self.waits.remove(which % self.waits.len());
                self.model.leave(gone.number);
                drop(gone);
            }
            Op::End(which) if !self.places.is_empty() => {
                let place = self.places.swap_remove(which % self.places.len());
                self.model.end();
                drop(place);
            }
            Op::Limit(limit) => {
                self.real.set_limit(limit);
                self.model.limit(limit);
            }
            Op::Pass(time) => {
                tokio::time::advance(ms(time)).await;
                self.model.now += time;
            }
            Op::Poll(_) | Op::Leave(_) | Op::End(_) => {}
        }
        self.compare();
    }

    fn compare(&mut self) {
        let (b, model) = (self.real, &mut self.model);
        assert_eq!(
            (b.limit(), b.in_flight(), b.waiting()),
            (model.limit, model.inside, model.waiting())
        );
        // Nobody waits beside a free place, and nobody for whom there is one sleeps.
        assert!(model.first_waiting().is_none() || model.inside >= model.limit);
        for waits in &self.waits {
            if matches!(model.of(waits.number).is, Is::Handed { .. } | Is::Expired) {
                assert!(waits.call.wakes.count() > waits.woken, "it was not woken");
            }
        }
    }
}

/// Settings, and the name of the bulkhead that has them: nothing of one sequence is left for the next.
const SETTINGS: [(&str, usize, u64); 5] = [
    ("model-no-queue", 0, 20),
    ("model-one", 1, 20),
    ("model-short", 3, 5),
    ("model-long", 3, 1_000),
    ("model-crowd", 9, 25),
];

async fn run((name, queue, wait): (&str, usize, u64), limit: u32, ops: &[Op]) {
    let policy = BulkheadPolicy::new().queue(u32::try_from(queue).unwrap());
    let real = of(name, policy.wait(ms(wait)));
    real.set_limit(limit);
    let model = Model {
        limit,
        queue,
        wait,
        inside: 0,
        waiters: Vec::new(),
        now: 0,
        next: 0,
    };
    let (waits, places) = (Vec::new(), Vec::new());
    let mut pair = Pair {
        real,
        model,
        waits,
        places,
    };
    for &op in ops {
        pair.step(op).await;
    }
    drop((pair.waits, pair.places));
    assert_eq!((real.in_flight(), real.waiting()), (0, 0));
}

#[test]
fn the_bulkhead_does_what_the_model_does() {
    let cases = std::env::var("PROPTEST_CASES").map_or(2_000, |n| n.parse().expect("a number"));
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    let sequence = (
        0..SETTINGS.len(),
        1_u32..4,
        prop::collection::vec(op(), 1..=80),
    );
    TestRunner::new(config)
        .run(&sequence, |(which, limit, ops)| {
            runtime.block_on(run(SETTINGS[which], limit, &ops));
            Ok(())
        })
        .unwrap_or_else(|e| panic!("{e}"));
}
