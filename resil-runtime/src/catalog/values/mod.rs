//! The layers of a policy that is run as a value: the same words and the same worst case that an attribute
//! has, told from the numbers themselves.

#[cfg_attr(not(feature = "idempotent"), path = "no_claim.rs")]
mod claim;
mod settings;
mod words;
mod worst_case;

pub(super) use self::claim::claim;
pub(super) use self::settings::settings;
pub(super) use self::words::words;
pub(super) use self::worst_case::worst_case;
