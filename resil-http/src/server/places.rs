//! The places of a request whose handler may go on without it.
//!
//! A handler under an `Idempotency-Key` runs to its end in a task of its own. A client that hangs up, or a deadline that
//! ends the wait for it, must not make room for another one: then there would be more handlers than places.

use std::mem::take;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, Weak};

use http::{Extensions, HeaderMap, Method, Request};
use resil_runtime::bulkhead::BulkheadPlace;

use crate::names::IDEMPOTENCY_KEY;

/// A place that a request shares with the task of its handler.
pub(super) type SharedPlace = Arc<Mutex<BulkheadPlace>>;

/// Whether a layer of this process has keys for requests that only read.
static READS_HAVE_KEYS: AtomicBool = AtomicBool::new(false);

/// The places that a task of the handler may keep: one of each bulkhead around it. They are in the extensions of the
/// request, which does not keep them itself.
#[derive(Debug, Clone, Default)]
struct Offered(Vec<Weak<Mutex<BulkheadPlace>>>);

/// Notes that a layer has keys for these methods.
pub(super) fn have_keys(methods: &[Method]) {
    if methods.iter().any(only_reads) {
        READS_HAVE_KEYS.store(true, Relaxed);
    }
}

/// Returns whether the handler of a request may go on without it.
pub(super) fn may_go_on<B>(request: &Request<B>) -> bool {
    // Most requests have no key, and to look for one takes longer than to look at the method.
    (!only_reads(request.method()) || READS_HAVE_KEYS.load(Relaxed)) && has_key(request.headers())
}

fn only_reads(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

fn has_key(headers: &HeaderMap) -> bool {
    headers.contains_key(&IDEMPOTENCY_KEY)
}

/// Shares a place with a task of the handler, if there will be one.
pub(super) fn offer(place: BulkheadPlace, extensions: &mut Extensions) -> SharedPlace {
    let place = Arc::new(Mutex::new(place));
    let offered = extensions.get_or_insert_default::<Offered>();
    offered.0.push(Arc::downgrade(&place));
    place
}

/// Returns the places that a task of the handler keeps until it drops them.
pub(super) fn keep(extensions: &mut Extensions) -> Vec<SharedPlace> {
    let mut offered = extensions.remove::<Offered>().unwrap_or_default();
    let kept = take(&mut offered.0).into_iter();
    kept.filter_map(|place| place.upgrade()).collect()
}
