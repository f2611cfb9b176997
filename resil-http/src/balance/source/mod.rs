//! What follows endpoints that change: DNS, and a stream of changes. Each tells a [`Sink`] what it hears.

pub(super) mod changes;
pub(super) mod dns;

use super::endpoint::Endpoint;

/// What a source tells.
#[derive(Debug)]
pub(super) enum Update {
    /// These are the endpoints from now on.
    Known(Vec<Endpoint>),
    /// Something is wrong, in words; the endpoints stay as they are.
    Wrong(String),
}

/// What a source tells its updates to.
pub(super) trait Sink {
    /// Takes an update. Returns false if nobody is left who would use it.
    fn tell(&self, update: Update) -> bool;
}
