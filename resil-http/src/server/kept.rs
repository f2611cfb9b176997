//! What all services of a layer share.

use std::any::TypeId;
use std::fmt;
use std::mem::needs_drop;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

/// What all services of a layer share, without a count of references where nothing has to be given back in the end.
///
/// axum clones a service for each request. A count that each of them writes to goes from core to core.
pub(super) enum Kept<T: ?Sized + 'static> {
    /// It is kept for ever.
    Forever(&'static T),
    Counted(Arc<T>),
}

/// The most different values of a kind that are kept for ever. A program may make layers without end.
const MOST: usize = 64;

/// Keeps a value for ever, once, however often a program has the same one: `is_same` tells them apart. `all` are those
/// that are kept so; `None` if they are too many.
pub(super) fn forever<T>(
    all: &Mutex<Vec<&'static T>>,
    is_same: impl Fn(&T) -> bool,
    value: impl FnOnce() -> T,
) -> Option<&'static T> {
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = all.iter().find(|known| is_same(known)) {
        return Some(known);
    }
    if all.len() == MOST {
        return None;
    }
    let value = Box::leak(Box::new(value()));
    all.push(value);
    Some(value)
}

/// A function of the user's.
pub(super) struct Function<T: ?Sized + 'static> {
    function: Kept<T>,
    /// Its type: where it has captured nothing, two functions of one type are the same.
    of: TypeId,
}

impl<T: ?Sized> Function<T> {
    /// Keeps a function. One that has captured nothing, as nearly all do, takes no memory, and may stay for ever.
    ///
    /// `known` and `counted` say what it is kept as.
    pub(super) fn new<F: 'static>(
        function: F,
        known: fn(&'static F) -> &'static T,
        counted: fn(Arc<F>) -> Arc<T>,
    ) -> Self {
        let function = if size_of::<F>() == 0 && !needs_drop::<F>() {
            Kept::Forever(known(Box::leak(Box::new(function))))
        } else {
            Kept::Counted(counted(Arc::new(function)))
        };
        Self {
            function,
            of: TypeId::of::<F>(),
        }
    }

    /// Returns whether both have captured nothing, and are the same.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let are_plain = matches!(
            (&self.function, &other.function),
            (Kept::Forever(_), Kept::Forever(_))
        );
        are_plain && self.of == other.of
    }
}

impl<T: ?Sized> Deref for Function<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.function
    }
}

impl<T: ?Sized> Clone for Function<T> {
    fn clone(&self) -> Self {
        Self {
            function: self.function.clone(),
            of: self.of,
        }
    }
}

impl<T: ?Sized> Deref for Kept<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Self::Forever(kept) => kept,
            Self::Counted(kept) => kept,
        }
    }
}

impl<T: ?Sized> Clone for Kept<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Forever(kept) => Self::Forever(kept),
            Self::Counted(kept) => Self::Counted(Arc::clone(kept)),
        }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_kept_once_and_not_without_bound() {
        static ALL: Mutex<Vec<&String>> = Mutex::new(Vec::new());
        for n in (0..10 * MOST).chain(0..10 * MOST) {
            let text = n.to_string();
            let kept = forever(&ALL, |known| *known == text, || text.clone());
            assert_eq!(kept, Some(&text).filter(|_| n < MOST), "{n}");
        }
        assert_eq!(ALL.lock().unwrap().len(), MOST);
    }
}
