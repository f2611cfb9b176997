//! What Envoy says of itself in the headers of an answer.

use ::http::HeaderMap;
use resil_runtime::Class;
use resil_runtime::classify::retry_after;

/// Returns the class of a failure of an Envoy that is overloaded; `None` if it does not say so.
///
/// It drops the request before it goes upstream: the connection pool is full, or the route is in maintenance. It is no
/// fault of this request, but one more at once would meet the same limit.
pub(super) fn overloaded(headers: &HeaderMap) -> Option<Class> {
    headers
        .contains_key("x-envoy-overloaded")
        .then(|| Class::Throttled {
            retry_after: retry_after(headers),
        })
}
