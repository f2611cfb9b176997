//! Shared stacks as a company has them in a crate of their own.

use std::time::Duration;

/// How long an attempt takes at most.
pub const ATTEMPT: Duration = Duration::from_millis(800);

/// The limits of other places.
pub mod limits {
    use std::time::Duration;

    /// How long a report takes at most.
    pub const REPORT: Duration = Duration::from_secs(60);
}

/// Whether the other side may have another answer later.
pub fn may_pass(status: u16) -> bool {
    status >= 500
}

resil::stack! {
    /// How the providers of payments are called.
    pub PAY = #[circuit(name = "shared-policies:pay")]
        #[timeout(5s)]
        #[retry(max = 4, constant, base = 10ms, jitter = none)]
        #[timeout($crate::ATTEMPT)];

    /// How reports are asked for. An error is final unless `$crate::may_pass` says otherwise.
    pub REPORT = #[timeout($crate::limits::REPORT)]
        #[retry(max = 3, constant, base = 1ms, on(e if $crate::may_pass(e.status())))];
}

/// Stacks that share their names with those of the root.
pub mod internal {
    resil::stack! {
        /// Calls within the company.
        pub PAY = #[retry(max = 2, constant, base = 1ms)];
    }
}

/// Names that this crate gives on.
pub mod prelude {
    pub use crate::internal::PAY as INTERNAL;
    pub use crate::{PAY, REPORT};
}
