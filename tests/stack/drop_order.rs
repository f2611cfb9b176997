//! When values are dropped in an annotated function: as in the function without attributes, in each
//! edition. (`tests/edition-2021` builds this file in that edition, in which the temporaries of a
//! body's last expression outlive its locals.)

use std::cell::RefCell;
use std::sync::{Arc, Mutex};

use resil::{Error, retry, timeout};

thread_local! {
    static DROPPED: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

struct Loud(&'static str);

impl Loud {
    fn answer(&self) -> Result<u8, Error> {
        let breaker = resil::breaker(self.0);
        breaker.try_acquire().map(|_permit| 1)
    }
}

impl Drop for Loud {
    fn drop(&mut self) {
        DROPPED.with(|d| d.borrow_mut().push(self.0));
    }
}

fn dropped() -> Vec<&'static str> {
    DROPPED.with(|d| std::mem::take(&mut *d.borrow_mut()))
}

macro_rules! same {
    ($($name:ident: $(#[$attr:meta])*;)*) => {$(
        #[tokio::test(start_paused = true)]
        async fn $name() {
            async fn plain(used: Loud) -> Result<u8, Error> {
                let _local = Loud("local");
                let _ = &used;
                Loud("temporary").answer()
            }
            $(#[$attr])*
            async fn annotated(used: Loud) -> Result<u8, Error> {
                let _local = Loud("local");
                let _ = &used;
                Loud("temporary").answer()
            }
            assert_eq!(plain(Loud("argument")).await, Ok(1));
            let expected = dropped();
            assert_eq!(expected.len(), 3);
            assert_eq!(annotated(Loud("argument")).await, Ok(1));
            assert_eq!(dropped(), expected);
        }
    )*};
}

same! {
    under_a_retry: #[retry];
    under_a_retry_that_runs_once: #[retry(max = 1)];
    under_a_timeout: #[timeout(1s)];
    under_a_stack: #[resil::circuit] #[timeout(9s)] #[retry] #[timeout(1s)];
}

// What borrows a clone in the last expression is dropped before it, as what borrows an argument is.
#[tokio::test(start_paused = true)]
async fn a_temporary_that_borrows_a_clone() {
    #[retry(base = 1ms, clone(queue))]
    async fn pop(queue: Arc<Mutex<Vec<u8>>>) -> Result<u8, Error> {
        queue
            .lock()
            .unwrap()
            .pop()
            .map_or_else(|| Loud("none").answer(), Ok)
    }
    assert_eq!(pop(Arc::new(Mutex::new(vec![7]))).await, Ok(7));
}
