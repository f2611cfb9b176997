//! The stage on which all cases are played: what the body does is a script, what the callers see
//! is another, and both are short strings that stand in one row.
//!
//! What a run of the body does, one letter each; `F(150)` takes 150 ms:
//!
//! | letter | outcome |
//! |---|---|
//! | `S` | success |
//! | `R` | an `Ok` that says "not yet" (the value 0) |
//! | `F` | a network fault |
//! | `B` | a final fault |
//! | `C(404)` | an HTTP status |
//! | `Q(1000)` | a fault that asks to be left alone for 1000 ms |
//! | `H` | hangs |
//! | `P` | panics |
//!
//! What callers see, one letter a call: `S`, `R`, `F` (the error of the last run, untouched), `T`
//! (a timeout), `X` (refused by the circuit), `V` (the value of a fallback), `D` (polled once and dropped), `P` (panicked),
//! `W(250)` (its caller gave up after 250 ms). Time passes by `+500ms`, `+6s`, `+2m`.

use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use resil::event::{Event, StopReason, Subscription};
use resil::{CircuitState, Error, breaker};
use tokio::time::{advance, sleep, timeout};

use crate::support::{Fault, Record, ms, poll_once};

/// The value of a fallback.
pub(crate) const INSTEAD: u32 = 999;

/// A step of a script: its letter, and the number beside it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Step(pub(crate) char, pub(crate) Option<u64>);

/// `"FF(20) S +5s"` as steps; time passing is `'+'` with milliseconds.
pub(crate) fn steps(script: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for word in script.split_whitespace() {
        if let Some(time) = word.strip_prefix('+') {
            let unit = time.trim_start_matches(|c: char| c.is_ascii_digit());
            let n: u64 = time[..time.len() - unit.len()].parse().unwrap();
            let factor = match unit {
                "ms" => 1,
                "s" => 1_000,
                "m" => 60_000,
                _ => panic!("no unit: {word}"),
            };
            steps.push(Step('+', Some(n * factor)));
            continue;
        }
        let mut rest = word;
        while let Some(letter) = rest.chars().next() {
            rest = &rest[letter.len_utf8()..];
            let mut number = None;
            if let Some((inside, after)) = rest.strip_prefix('(').and_then(|r| r.split_once(')')) {
                number = Some(inside.parse().unwrap());
                rest = after;
            }
            steps.push(Step(letter, number));
        }
    }
    steps
}

/// The body of the function under test.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) record: Record,
    script: Vec<Step>,
    /// Runs that were dropped in the middle.
    pub(crate) cut: Cell<u32>,
}

struct CutGuard<'a>(Option<&'a Cell<u32>>);
impl Drop for CutGuard<'_> {
    fn drop(&mut self) {
        if let Some(cut) = self.0 {
            cut.set(cut.get() + 1);
        }
    }
}

impl Body {
    pub(crate) fn new(script: &str) -> Self {
        Self {
            record: Record::new(),
            script: steps(script),
            cut: Cell::new(0),
        }
    }

    /// The next run.
    pub(crate) async fn run(&self) -> Result<u32, Fault> {
        let n = self.record.attempt();
        let step = self.script.get(n as usize - 1).copied();
        let Step(letter, number) = step.expect("the body ran more often than the case says");
        let mut guard = CutGuard(Some(&self.cut));
        match (letter, number) {
            ('H', _) => pending().await,
            ('P', _) => {
                guard.0 = None;
                panic!("the body's own");
            }
            ('S' | 'R' | 'F' | 'B', Some(takes)) => sleep(ms(takes)).await,
            _ => {}
        }
        guard.0 = None;
        outcome(n, Step(letter, number))
    }

    /// What the last run answered.
    fn last(&self) -> Result<u32, Fault> {
        let n = self.record.count();
        outcome(u32::try_from(n).unwrap(), self.script[n - 1])
    }
}

fn outcome(n: u32, Step(letter, number): Step) -> Result<u32, Fault> {
    match letter {
        'S' => Ok(n),
        'R' => Ok(0),
        'F' => Err(Fault::Network(n)),
        'B' => Err(Fault::Final),
        'C' => Err(Fault::Http(u16::try_from(number.unwrap()).unwrap())),
        'Q' => Err(Fault::Busy(ms(number.unwrap()))),
        other => panic!("`{other}` has no outcome"),
    }
}

/// One row: what it says and where that is from, the body, and what happened meanwhile.
pub(crate) struct Case {
    says: &'static str,
    source: &'static str,
    pub(crate) body: Body,
    events: Arc<Mutex<Vec<Event>>>,
    _subscription: Subscription,
    seen: RefCell<String>,
}

impl Case {
    pub(crate) fn new(says: &'static str, source: &'static str, body: &str) -> Self {
        let events = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&events);
        // Events are told in the task that they happen in, and each test has a thread of its own.
        let here = std::thread::current().id();
        let subscription = resil::event::subscribe(move |e| {
            if std::thread::current().id() == here {
                sink.lock().unwrap().push(e.clone());
            }
        });
        Self {
            says,
            source,
            body: Body::new(body),
            events,
            _subscription: subscription,
            seen: RefCell::default(),
        }
    }

    fn why(&self) -> String {
        format!(
            "{} ({}); seen {}; runs at {:?}",
            self.says,
            self.source,
            self.seen.borrow(),
            self.body.record.times()
        )
    }

    /// Calls as often as `calls` has letters, and holds what each call sees to its letter.
    pub(crate) async fn play<F>(&self, calls: &str, call: impl Fn() -> F)
    where
        F: Future<Output = Result<u32, Fault>>,
    {
        for Step(want, number) in steps(calls) {
            if want == '+' {
                advance(ms(number.unwrap())).await;
                continue;
            }
            let got = match (want, number) {
                ('D', _) => match poll_once(pin!(call()).as_mut()).await {
                    Poll::Pending => 'D',
                    Poll::Ready(out) => self.letter(&out),
                },
                ('W', Some(after)) => match timeout(ms(after), call()).await {
                    Err(_) => 'W',
                    Ok(out) => self.letter(&out),
                },
                _ => match caught(call()).await {
                    None => 'P',
                    Some(out) => self.letter(&out),
                },
            };
            self.seen.borrow_mut().push(got);
            assert_eq!(got, want, "{}", self.why());
        }
        let (ran, scripted) = (self.body.record.count(), self.body.script.len());
        assert_eq!(ran, scripted, "runs of the body: {}", self.why());
    }

    fn letter(&self, out: &Result<u32, Fault>) -> char {
        match out {
            Err(Fault::Resil(Error::CircuitOpen { .. })) => 'X',
            Err(Fault::Resil(Error::Timeout { .. })) => 'T',
            Err(Fault::Resil(e)) => panic!("{e}: {}", self.why()),
            Ok(INSTEAD) => 'V',
            Ok(n) => {
                assert_eq!(out, &self.body.last(), "{}", self.why());
                if *n == 0 { 'R' } else { 'S' }
            }
            Err(_) => {
                assert_eq!(out, &self.body.last(), "{}", self.why());
                'F'
            }
        }
    }

    /// Calls once, and holds what comes out to the outcome of that run: a copy's, which need not be the
    /// last one's. All runs of the script were begun.
    pub(crate) async fn answered_by(
        &self,
        run: u32,
        call: impl Future<Output = Result<u32, Fault>>,
    ) {
        let out = call.await;
        let step = self.body.script[run as usize - 1];
        let wanted = outcome(run, step);
        assert_eq!(out, wanted, "{}", self.why());
        let (ran, scripted) = (self.body.record.count(), self.body.script.len());
        assert_eq!(ran, scripted, "runs of the body: {}", self.why());
    }

    fn count(&self, which: fn(&Event) -> bool) -> usize {
        self.events
            .lock()
            .unwrap()
            .iter()
            .filter(|e| which(e))
            .count()
    }

    // What a row may say beside its letters.

    /// When the runs of the body began, in milliseconds.
    pub(crate) fn at<const N: usize>(&self, times: [u64; N]) {
        assert_eq!(self.body.record.times(), times, "{}", self.why());
    }

    /// From when to when each run began after the one before it; timers round up to 1 ms.
    pub(crate) fn gaps<const N: usize>(&self, gaps: [(u64, u64); N]) {
        let times = self.body.record.times();
        assert_eq!(times.len(), N + 1, "{}", self.why());
        for (pair, (low, high)) in times.windows(2).zip(gaps) {
            let gap = pair[1] - pair[0];
            assert!((low..=high + 1).contains(&gap), "{gap}: {}", self.why());
        }
    }

    /// How long all calls took, in milliseconds.
    pub(crate) fn took(&self, elapsed: u64) {
        assert_eq!(self.body.record.elapsed(), elapsed, "{}", self.why());
    }

    /// How many events told of a retry.
    pub(crate) fn retries(&self, n: usize) {
        let told = self.count(|e| matches!(e, Event::Retry { .. }));
        assert_eq!(told, n, "{}", self.why());
    }

    /// The delays that those events told.
    pub(crate) fn delays<const N: usize>(&self, delays: [u64; N]) {
        let told: Vec<Duration> = (self.events.lock().unwrap().iter())
            .filter_map(|e| match e {
                Event::Retry { delay, .. } => Some(*delay),
                _ => None,
            })
            .collect();
        assert_eq!(told, delays.map(ms), "{}", self.why());
    }

    /// Why no attempt followed, call by call.
    pub(crate) fn stops<const N: usize>(&self, reasons: [StopReason; N]) {
        let told: Vec<StopReason> = (self.events.lock().unwrap().iter())
            .filter_map(|e| match e {
                Event::RetryStopped { reason, .. } => Some(*reason),
                _ => None,
            })
            .collect();
        assert_eq!(told, reasons, "{}", self.why());
    }

    /// How many copies were started beside the first.
    pub(crate) fn hedges(&self, n: usize) {
        let told = self.count(|e| matches!(e, Event::Hedged { .. }));
        assert_eq!(told, n, "{}", self.why());
    }

    /// How many timeouts fired.
    pub(crate) fn timeouts(&self, n: usize) {
        let told = self.count(|e| matches!(e, Event::TimedOut { .. }));
        assert_eq!(told, n, "{}", self.why());
    }

    /// How many runs were dropped in the middle.
    pub(crate) fn cut(&self, n: u32) {
        assert_eq!(self.body.cut.get(), n, "{}", self.why());
    }

    /// How often a breaker changed its state.
    pub(crate) fn changes(&self, n: usize) {
        let told = self.count(|e| matches!(e, Event::CircuitChanged { .. }));
        assert_eq!(told, n, "{}", self.why());
    }

    /// The state of a breaker.
    pub(crate) fn state(&self, name: &str, state: CircuitState) {
        assert_eq!(breaker(name).state(), state, "{}", self.why());
    }

    /// What a breaker has counted: calls and failures.
    pub(crate) fn counts(&self, name: &str, calls: u64, failures: u64) {
        let counts = breaker(name).counts();
        let got = (counts.calls, counts.failures);
        assert_eq!(got, (calls, failures), "{}", self.why());
    }

    /// Failures in a row that a breaker has counted.
    pub(crate) fn row(&self, name: &str, failures: u32) {
        let got = breaker(name).counts().failures_in_a_row;
        assert_eq!(got, failures, "{}", self.why());
    }
}

/// The output, or nothing if it panicked.
async fn caught<F: Future>(f: F) -> Option<F::Output> {
    let mut f = pin!(f);
    poll_fn(
        |cx| match catch_unwind(AssertUnwindSafe(|| f.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Some),
            Err(_) => Poll::Ready(None),
        },
    )
    .await
}

/// Rows: `id: says, source; attributes body => calls, checks;`. Each is a test of that name.
macro_rules! cases {
    ($($id:ident: $says:literal, $source:literal;
       $(#[$($attr:tt)*])+
       $body:literal => $calls:literal $(, $check:ident $args:tt)*;)+) => {$(
        #[tokio::test(start_paused = true)]
        async fn $id() {
            $(#[$($attr)*])+
            async fn call(body: &$crate::stage::Body) -> Result<u32, $crate::support::Fault> {
                body.run().await
            }
            let case = $crate::stage::Case::new($says, $source, $body);
            case.play($calls, || call(&case.body)).await;
            $(case.$check $args;)*
        }
    )+};
}
pub(crate) use cases;
