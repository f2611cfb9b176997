//! `#[tokio::main]` above or below the layers: either way its runtime is around all of them, as a layer
//! that waits needs one.

use std::collections::HashSet;
use std::sync::Mutex;

use resil::retry;
use tokio::runtime::{Handle, Id};

use super::support::Fault;

/// The runtime of each attempt, of which the third succeeds.
struct Seen(Mutex<Vec<Id>>);

impl Seen {
    const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    fn third(&self) -> Result<(), Fault> {
        let mut seen = self.0.lock().unwrap();
        seen.push(Handle::current().id());
        if seen.len() < 3 {
            Err(Fault::Final)
        } else {
            Ok(())
        }
    }

    fn runtimes(&self) -> usize {
        let seen = self.0.lock().unwrap();
        assert_eq!(seen.len(), 3);
        seen.iter().collect::<HashSet<_>>().len()
    }
}

#[tokio::main(flavor = "current_thread")]
#[retry(delays = [0s])]
async fn above(seen: &Seen) -> Result<(), Fault> {
    seen.third()
}

#[retry(delays = [0s])]
#[tokio::main(flavor = "current_thread")]
async fn below(seen: &Seen) -> Result<(), Fault> {
    seen.third()
}

#[test]
fn its_runtime_is_one_for_all_attempts_wherever_it_is_written() {
    let seen = Seen::new();
    above(&seen).unwrap();
    assert_eq!(seen.runtimes(), 1, "above");
    let seen = Seen::new();
    below(&seen).unwrap();
    assert_eq!(seen.runtimes(), 1, "below");
}
