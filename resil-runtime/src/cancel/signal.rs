//! The shutdown by a signal.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::shutdown::{Begun, Shutdown, shutdown};

/// Begins the shutdown of the process when it gets SIGTERM or SIGINT. The second of them exits at once,
/// whatever is in flight, with 128 and the number of the signal as the code: 143 for SIGTERM, 130 for
/// SIGINT.
///
/// It takes effect as it is called, and need not be awaited. The returned future is ready when the
/// shutdown has begun, for `with_graceful_shutdown`:
///
/// ```no_run
/// # async fn serve(until: impl Future<Output = ()>) {}
/// # async fn run() {
/// use std::time::Duration;
/// use resil_runtime::cancel::{drain, shutdown_on_signal};
///
/// serve(shutdown_on_signal()).await;
/// let left = drain(Duration::from_secs(20)).await;
/// assert!(left.is_empty(), "{left}");
/// # }
/// ```
///
/// From then on the process ignores what the signals do by default, also after the runtime has ended. A
/// task of the current runtime listens. So the second signal can't end a process whose runtime is blocked;
/// SIGKILL can.
///
/// # Panics
///
/// Panics if the handlers can't be installed, and outside a tokio runtime with the I/O driver.
#[track_caller]
pub fn shutdown_on_signal() -> Begun {
    let signals = Signals::new();
    let mut signals = signals.expect("the handlers of SIGTERM and SIGINT can be installed");
    tokio::spawn(async move {
        signals.next().await;
        shutdown();
        let number = signals.next().await;
        std::process::exit(128 + number);
    });
    Shutdown::process().begun()
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for one of them, and returns its number.
    async fn next(&mut self) -> i32 {
        let (terminate, interrupt) = (&mut self.terminate, &mut self.interrupt);
        std::future::poll_fn(|cx| {
            let terminated = terminate.poll_recv(cx).map(|_| SignalKind::terminate());
            if terminated.is_ready() {
                return terminated;
            }
            interrupt.poll_recv(cx).map(|_| SignalKind::interrupt())
        })
        .await
        .as_raw_value()
    }
}
