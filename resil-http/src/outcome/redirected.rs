//! What an answer says that came after a redirect.

use ::http::Extensions;

use super::Verdict;

/// Stands in the extensions of an answer that came after a redirect.
#[cfg(feature = "client")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct AfterRedirect;

/// Returns what the verdict on an answer with these extensions means for a request that does harm twice.
///
/// After a redirect the answer is one to another request. It says nothing of the first one, which was sent and perhaps
/// executed.
pub(super) fn of_first_request(verdict: Verdict, extensions: &Extensions) -> Verdict {
    match verdict {
        Verdict::Failure {
            class,
            may_repeat: true,
        } if came_after_redirect(extensions) => Verdict::Failure {
            class,
            may_repeat: false,
        },
        verdict => verdict,
    }
}

/// Returns whether the client of this crate says so.
#[cfg(feature = "client")]
fn came_after_redirect(extensions: &Extensions) -> bool {
    extensions.get::<AfterRedirect>().is_some()
}

/// Nobody says so.
#[cfg(not(feature = "client"))]
fn came_after_redirect(_: &Extensions) -> bool {
    false
}
