//! Values of fields, in words and numbers.

use std::time::Duration;

use crate::error::RefusalKind;
#[cfg(feature = "chaos")]
use crate::event::injected::InjectedFault;

/// Returns `time` in milliseconds.
pub(super) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// Returns the word for `fault`, that of its setting.
#[cfg(feature = "chaos")]
pub(super) fn fault_word(fault: InjectedFault) -> &'static str {
    match fault {
        InjectedFault::Delay(_) => "delay",
        InjectedFault::Error => "error",
        InjectedFault::Hang => "hang",
        InjectedFault::Panic => "panic",
        InjectedFault::Drop => "drop",
    }
}

/// Returns the word for a refusal of the kind `kind`, as the type of an error.
pub(crate) fn refusal_word(kind: RefusalKind) -> &'static str {
    match kind {
        RefusalKind::Timeout { .. } => "timeout",
        RefusalKind::CircuitOpen { .. } => "circuit_open",
        RefusalKind::BulkheadFull => "bulkhead_full",
        RefusalKind::RateLimited { .. } => "rate_limited",
        RefusalKind::Idempotency => "idempotency",
        RefusalKind::Cancelled => "cancelled",
        RefusalKind::Injected => "injected",
    }
}
