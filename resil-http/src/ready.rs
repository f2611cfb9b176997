//! tower's rule for a service that is cloned: the one that was found ready is the one that is called.

use std::mem;

/// Moves the service out that was found ready, to go with a request, and leaves a clone, which has nothing reserved.
pub(crate) fn take_ready<S: Clone>(service: &mut S) -> S {
    let clone = service.clone();
    mem::replace(service, clone)
}
