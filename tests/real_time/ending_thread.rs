//! Calls that are polled while their thread ends: thread-locals go in an order of their own, and those of
//! resil may be gone by then. The clock of tokio can be paused in no test of this process: once it was,
//! reading it in an ending thread panics inside tokio.

use std::cell::RefCell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};

use resil::{Error, idempotent, trace};

/// Runs `begin` in a thread, and what it returns when the thread's values are dropped: after all
/// thread-locals that `begin` was the first to use.
fn as_a_thread_ends<T, B, E>(begin: B) -> T
where
    T: Send + 'static,
    B: FnOnce() -> E + Send + 'static,
    E: FnOnce() -> T + 'static,
{
    struct AtTheEnd(RefCell<Option<Box<dyn FnOnce()>>>);
    impl Drop for AtTheEnd {
        fn drop(&mut self) {
            if let Some(end) = self.0.take() {
                end();
            }
        }
    }
    thread_local! {
        static LAST: AtTheEnd = const { AtTheEnd(RefCell::new(None)) };
    }
    let (tell, told) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        // Thread-locals are dropped in reverse order of their first use: this one is used first.
        LAST.with(|_| ());
        let end = begin();
        let end = move || drop(tell.send(end()));
        LAST.with(|last| last.0.replace(Some(Box::new(end))));
    });
    thread.join().expect("a thread that ends in peace");
    told.recv().expect("what came at the end")
}

/// The stack of claims is gone.
#[test]
fn a_call_that_is_polled_while_its_thread_ends_is_answered() {
    type Call = Pin<Box<dyn Future<Output = Result<u32, Error>> + Send>>;
    #[idempotent(key = k)]
    async fn flush(k: u32) -> Result<u32, Error> {
        tokio::task::yield_now().await;
        Ok(k)
    }
    fn poll(call: &mut Call) -> Poll<Result<u32, Error>> {
        call.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let runtime = runtime.expect("a runtime");
    let timers = runtime.handle().clone();
    let at_the_end = as_a_thread_ends(move || {
        let _in_runtime = timers.enter();
        let mut call: Call = Box::pin(flush(1));
        assert!(poll(&mut call).is_pending());
        move || poll(&mut call)
    });
    assert!(matches!(at_the_end, Poll::Ready(Ok(1))), "{at_the_end:?}");
}

/// The traces in force are gone.
#[test]
fn a_trace_that_is_polled_while_its_thread_ends_still_answers() {
    fn traced() -> Poll<Result<u32, Error>> {
        let call = pin!(trace(async { Ok(1) }));
        let polled = call.poll(&mut Context::from_waker(Waker::noop()));
        polled.map(|(out, _)| out)
    }
    let at_the_end = as_a_thread_ends(|| {
        assert!(matches!(traced(), Poll::Ready(Ok(1))));
        traced
    });
    assert!(matches!(at_the_end, Poll::Ready(Ok(1))), "{at_the_end:?}");
}
