//! The hedge beside a model of its schedule, by random calls on paused time: which copies start, when, which
//! of them answers, what the budget pays for, and that a call which is dropped drops its copies.
//!
//! The model counts milliseconds. `PROPTEST_CASES=100000` runs more of them.

use proptest::prelude::*;

use super::*;
use crate::error::RefusalKind;
use crate::extremes::cases;
use tokio::time::timeout;

/// How a copy ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ends {
    Good,
    /// With an error after which the call goes on.
    Fails,
    /// With an error that ends the call.
    Final,
    /// A layer below refuses it.
    Refused,
    Never,
}

/// A copy takes so many milliseconds.
#[derive(Clone, Copy, Debug)]
struct Copy {
    takes: u64,
    ends: Ends,
}

fn copy() -> impl Strategy<Value = Copy> {
    let takes = prop_oneof![3 => Just(0_u64), 3 => Just(20), 8 => 0_u64..80];
    let ends = prop_oneof![
        4 => Just(Ends::Good),
        5 => Just(Ends::Fails),
        1 => Just(Ends::Final),
        3 => Just(Ends::Refused),
        3 => Just(Ends::Never),
    ];
    (takes, ends).prop_map(|(takes, ends)| Copy { takes, ends })
}

/// One call: what each copy does, and when its caller leaves.
#[derive(Clone, Debug)]
struct Script {
    copies: Vec<Copy>,
    leaves: u64,
    /// The time until the next call.
    pause: u64,
}

fn script() -> impl Strategy<Value = Script> {
    let leaves = prop_oneof![1 => 0_u64..100, 4 => Just(1_000_u64)];
    (prop::collection::vec(copy(), 5), leaves, 0_u64..30).prop_map(|(copies, leaves, pause)| {
        Script {
            copies,
            leaves,
            pause,
        }
    })
}

/// What a call came to: its answer and which copy gave it, unless its caller left; the time it took, and
/// when each copy was started.
#[derive(Debug, PartialEq)]
struct Came {
    answer: Option<(u32, Ends)>,
    took: u64,
    started: Vec<u64>,
}

/// The settings and the state of one site, by the book.
struct Model {
    delay: u64,
    max: usize,
    /// Tenths of a copy that are left, and those that a call gives; none without a budget.
    budget: Option<(u32, u32)>,
}

/// One call by the book.
struct Race<'a> {
    model: &'a mut Model,
    script: &'a Script,
    now: u64,
    started: Vec<u64>,
    /// The copies that run, by number from 1, with the times at which they end.
    running: Vec<(u32, u64)>,
    /// The copy that failed last.
    last: Option<u32>,
    /// Those that failed and were not replaced. One that is refused is not: the next would be, too.
    owed: u32,
}

impl Race<'_> {
    /// Starts a copy, if there may be one more and it is paid for. It may end at once.
    fn start(&mut self) -> bool {
        let number = self.started.len() + 1;
        let is_paid = match &mut self.model.budget {
            _ if number > self.model.max => false,
            Some(_) if number == 1 => true,
            Some((left, _)) if *left < 10 => false,
            Some((left, _)) => {
                *left -= 10;
                true
            }
            None => true,
        };
        if is_paid {
            self.started.push(self.now);
            let ends_at = self.now + self.script.copies[number - 1].takes;
            let number = u32::try_from(number).unwrap();
            self.running.push((number, ends_at));
        }
        is_paid
    }

    fn ends(&self, number: u32) -> Ends {
        self.script.copies[number as usize - 1].ends
    }

    /// Looks at the copies that have ended, in the order in which they started. Returns the one that ends
    /// the call.
    fn look(&mut self) -> Option<u32> {
        let mut running = std::mem::take(&mut self.running).into_iter();
        for (number, at) in running.by_ref() {
            if at > self.now || self.ends(number) == Ends::Never {
                self.running.push((number, at));
            } else if matches!(self.ends(number), Ends::Fails | Ends::Refused) {
                self.last = Some(number);
                self.owed += u32::from(self.ends(number) == Ends::Fails);
            } else {
                return Some(number);
            }
        }
        None
    }

    /// Goes on to the time `now`. Returns the copy whose outcome is that of the call, if it is over.
    fn tick(&mut self) -> Option<u32> {
        let mut answer = self.look();
        while answer.is_none() && self.owed > 0 && self.start() {
            self.owed -= 1;
            answer = self.look();
        }
        self.owed = 0;
        if answer.is_some() {
            return answer;
        }
        if self.running.is_empty() {
            return self.last;
        }
        let is_due = self
            .started
            .last()
            .is_some_and(|at| at + self.model.delay <= self.now);
        // A copy that time has not started for want of budget is not started later.
        (is_due && self.start()).then(|| self.tick()).flatten()
    }
}

impl Model {
    fn call(&mut self, script: &Script) -> Came {
        if let Some((left, gives)) = &mut self.budget {
            *left = (*left + *gives).min(100);
        }
        let mut race = Race {
            model: self,
            script,
            now: 0,
            started: Vec::new(),
            running: Vec::new(),
            last: None,
            owed: 0,
        };
        race.start();
        loop {
            // Who leaves at the moment of an answer has it.
            let answer = race.tick();
            if answer.is_some() || script.leaves <= race.now {
                return Came {
                    answer: answer.map(|number| (number, race.ends(number))),
                    took: race.now,
                    started: race.started,
                };
            }
            race.now += 1;
        }
    }
}

/// The same of a real site.
struct Real {
    site: &'static HedgeSite,
    policy: &'static HedgePolicy,
}

/// A copy that runs.
struct Running<'a>(&'a Cell<u32>);

impl<'a> Running<'a> {
    fn new(count: &'a Cell<u32>) -> Self {
        count.set(count.get() + 1);
        Self(count)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl Real {
    async fn call(&self, script: &Script) -> Came {
        let (began, state) = (clock::now(), CallState::new());
        let (started, running) = (RefCell::new(Vec::new()), Cell::new(0));
        let since = || u64::try_from(began.elapsed().as_millis()).unwrap();
        let call = hedge(self.site, self.policy, &state, || async {
            let number = {
                let mut started = started.borrow_mut();
                started.push(since());
                started.len()
            };
            let _running = Running::new(&running);
            let Copy { takes, ends } = script.copies[number - 1];
            if takes > 0 {
                sleep(ms(takes)).await;
            }
            let number = u32::try_from(number).unwrap();
            let out: Outcome<u32, (u32, Ends), Refusal> = match ends {
                Ends::Good => Ok(number),
                Ends::Never => pending().await,
                Ends::Refused => Err(Failure::Exposed((number, ends), RefusalKind::BulkheadFull)),
                Ends::Fails | Ends::Final => Err(Failure::Body((number, ends))),
            };
            judge(out, |&(_, ends)| {
                (ends == Ends::Final).then_some(Class::Permanent)
            })
        });
        let answer = timeout(ms(script.leaves), call).await.ok();
        assert_eq!(running.get(), 0, "a copy is left");
        let answer = answer.map(|out| match out {
            Ok(number) => (number, Ends::Good),
            Err(Failure::Body(error) | Failure::Exposed(error, _)) => error,
            Err(other) => unreachable!("{other:?}"),
        });
        let took = since();
        Came {
            answer,
            took,
            started: started.into_inner(),
        }
    }
}

proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: cases().cases.div_ceil(20), ..cases() })]

    #[test]
    fn the_hedge_does_what_the_model_does(
        delay in prop_oneof![Just(0_u64), Just(20), 1_u64..60],
        max in 2_usize..=5,
        budget in prop::sample::select(vec![None, Some(0), Some(1), Some(5), Some(10)]),
        calls in prop::collection::vec(script(), 1..25),
    ) {
        let mut policy = HedgePolicy::new(HedgeAfter::Delay(ms(delay))).max(u32::try_from(max).unwrap());
        policy = match budget {
            None => policy.no_budget(),
            Some(tenths) => policy.budget(f64::from(tenths) / 10.0),
        };
        let real = Real { site: site(), policy: Box::leak(Box::new(policy)) };
        let budget = budget.map(|tenths| (100, tenths));
        let mut model = Model { delay, max, budget };
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            for (n, script) in calls.iter().enumerate() {
                let is = real.call(script).await;
                prop_assert_eq!(is, model.call(script), "call {}: {:?}", n + 1, script);
                sleep(ms(script.pause)).await;
            }
            Ok(())
        })?;
    }
}
