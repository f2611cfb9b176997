//! The state that a handle, a permit or a wait keeps.

use std::ops::Deref;

use crate::sync::Arc;

/// The state of a name, or of a key, which keeps its place as long as somebody holds it.
#[derive(Debug)]
pub(crate) enum Held<T: 'static> {
    Named(&'static T),
    Keyed(Arc<T>),
}

impl<T> Deref for Held<T> {
    type Target = T;
    fn deref(&self) -> &T {
        match self {
            Self::Named(state) => state,
            Self::Keyed(state) => state,
        }
    }
}

impl<T> Clone for Held<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Named(state) => Self::Named(state),
            Self::Keyed(state) => Self::Keyed(Arc::clone(state)),
        }
    }
}
