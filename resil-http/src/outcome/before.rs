//! Which refusals of resil come before a request is sent.

use resil_runtime::Error;

/// Returns whether a refusal comes before the request is sent. The wait that was cancelled may be one after an attempt,
/// and what a timeout has cut may have been sent.
pub(crate) fn came_before(refusal: &Error) -> bool {
    matches!(
        refusal,
        Error::CircuitOpen { .. }
            | Error::BulkheadFull { .. }
            | Error::RateLimited { .. }
            | Error::Injected { .. }
    )
}
