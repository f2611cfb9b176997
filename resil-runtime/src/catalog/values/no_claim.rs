//! Without the feature `idempotent` no value has a claim.

use crate::catalog::entry::CatalogPolicy;
use crate::stack::Claim;

pub(crate) fn claim(none: &Claim) -> CatalogPolicy {
    match *none {}
}

pub(super) fn may_wait(none: &Claim) -> bool {
    match *none {}
}
