//! An `Ok` that is not yet the answer: struct patterns, alternatives inside of them, a guard over a
//! binding. The last one comes back when the attempts run out.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;

use resil::retry;

#[derive(Debug, PartialEq, Clone, Copy)]
enum State {
    Queued,
    Running { percent: u8 },
    Done,
}

#[derive(Debug, PartialEq)]
struct Job {
    id: u32,
    state: State,
}

struct Api {
    states: &'static [State],
    asked: Cell<usize>,
}

impl Api {
    #[retry(
        delays = [1s, 2s, 5s], max = 4,
        on_ok(Job { state: State::Queued | State::Running { .. }, .. })
    )]
    async fn finished(&self, id: u32) -> Result<Job, String> {
        let state = self.states[self.asked.get()];
        self.asked.set(self.asked.get() + 1);
        Ok(Job { id, state })
    }

    #[retry(
        delays = [1s], on_ok(Job { state: State::Running { percent }, .. } if *percent < enough)
    )]
    async fn nearly(&self, id: u32, enough: u8) -> Result<Job, String> {
        let state = self.states[self.asked.get()];
        self.asked.set(self.asked.get() + 1);
        Ok(Job { id, state })
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    use State::{Done, Queued, Running};
    let api = |states| Api {
        states,
        asked: Cell::new(0),
    };
    let done = api(&[Queued, Running { percent: 9 }, Done])
        .finished(7)
        .await;
    assert_eq!(done, Ok(Job { id: 7, state: Done }));
    let last = api(&[Queued; 4]).finished(7).await;
    assert_eq!(
        last,
        Ok(Job {
            id: 7,
            state: Queued
        })
    );
    let most = api(&[Running { percent: 50 }, Running { percent: 90 }])
        .nearly(7, 80)
        .await;
    assert_eq!(
        most,
        Ok(Job {
            id: 7,
            state: Running { percent: 90 }
        })
    );
}
