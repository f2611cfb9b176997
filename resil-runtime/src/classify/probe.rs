//! Asking an error for its class without naming a trait.
//!
//! Method resolution tries the methods of the same name from the outermost type inwards, and each
//! has bounds of its own. So an attribute has to name no trait, and a type that implements none
//! still compiles.

use std::error::Error as StdError;
use std::marker::PhantomData;
use std::ops::Deref;
use std::time::Duration;

use super::chain::find;
use super::class::{Class, Classify};

/// Asks an error for its class, if it has one: by [`Classify`], by what it wraps, or not at all.
///
/// A value of it knows the type of the error alone. The error comes with the question: steps that hold a
/// reference cost the borrow checker a lifetime each, in each annotated function.
#[derive(Debug)]
pub struct Probe<E: ?Sized>(ByReference<E>);

/// The second step of [`Probe`]: errors that hide another one and can be sent.
#[derive(Debug)]
pub struct ByReference<E: ?Sized>(ByLocalReference<E>);

/// The third step: the same for `Box<dyn Error>`.
#[derive(Debug)]
pub struct ByLocalReference<E: ?Sized>(Unknown<E>);

/// The last step: nothing is known.
#[derive(Debug)]
pub struct Unknown<E: ?Sized>(PhantomData<E>);

impl<E: ?Sized> Probe<E> {
    /// Returns the probe for the type of an error.
    #[inline]
    pub fn new(_: &E) -> Self {
        Self(ByReference(ByLocalReference(Unknown(PhantomData))))
    }
}

impl<E: Classify + ?Sized> Probe<E> {
    /// Returns the class by [`Classify`].
    pub fn __resil_class(&self, error: &E) -> Option<Class> {
        Some(error.classify())
    }
}

#[expect(
    clippy::unused_self,
    reason = "method resolution finds it by the receiver"
)]
impl<E: AsRef<dyn StdError + Send + Sync + 'static> + ?Sized> ByReference<E> {
    /// Returns the class by the errors that `E` wraps: `anyhow::Error`, `eyre::Report`,
    /// `Box<dyn Error + Send + Sync>`.
    pub fn __resil_class(&self, error: &E) -> Option<Class> {
        find(error.as_ref())
    }
}

#[expect(
    clippy::unused_self,
    reason = "method resolution finds it by the receiver"
)]
impl<E: AsRef<dyn StdError + 'static> + ?Sized> ByLocalReference<E> {
    /// Returns the class by the errors that `E` wraps: `Box<dyn Error>`.
    pub fn __resil_class(&self, error: &E) -> Option<Class> {
        find(error.as_ref())
    }
}

#[expect(
    clippy::unused_self,
    reason = "method resolution finds it by the receiver"
)]
impl<E: ?Sized> Unknown<E> {
    /// Returns `None`: nothing is known.
    pub fn __resil_class(&self, _: &E) -> Option<Class> {
        None
    }
}

impl<E: ?Sized> Deref for Probe<E> {
    type Target = ByReference<E>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<E: ?Sized> Deref for ByReference<E> {
    type Target = ByLocalReference<E>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<E: ?Sized> Deref for ByLocalReference<E> {
    type Target = Unknown<E>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// Asks a field of `#[classify(forward)]` for its class: as [`Probe`] does, except that a type of
/// which nothing is known is a compile error in [`Classify`]'s words.
#[derive(Debug)]
pub struct Forward<'a, E: ?Sized>(ForwardByReference<'a, E>);

/// The second step of [`Forward`].
#[derive(Debug)]
pub struct ForwardByReference<'a, E: ?Sized>(ForwardByLocalReference<'a, E>);

/// The third step.
#[derive(Debug)]
pub struct ForwardByLocalReference<'a, E: ?Sized>(ForwardUnknown<'a, E>);

/// The last step.
#[derive(Debug)]
pub struct ForwardUnknown<'a, E: ?Sized>(&'a E);

impl<'a, E: ?Sized> Forward<'a, E> {
    /// Wraps `error`.
    pub fn new(error: &'a E) -> Self {
        Self(ForwardByReference(ForwardByLocalReference(ForwardUnknown(
            error,
        ))))
    }
}

impl<E: Classify + ?Sized> Forward<'_, E> {
    /// Returns the class by [`Classify`].
    pub fn __resil_class(&self) -> Class {
        (self.0.0.0.0).classify()
    }
}

impl<E: AsRef<dyn StdError + Send + Sync + 'static> + ?Sized> ForwardByReference<'_, E> {
    /// Returns the class by the errors that `E` wraps; transient if they are unknown.
    pub fn __resil_class(&self) -> Class {
        find(self.0.0.0.as_ref()).unwrap_or(Class::Transient)
    }
}

impl<E: AsRef<dyn StdError + 'static> + ?Sized> ForwardByLocalReference<'_, E> {
    /// Returns the class by the errors that `E` wraps; transient if they are unknown.
    pub fn __resil_class(&self) -> Class {
        find(self.0.0.as_ref()).unwrap_or(Class::Transient)
    }
}

impl<E: ?Sized> ForwardUnknown<'_, E> {
    /// Never compiles: method resolution gets here only if `E` does not implement [`Classify`].
    pub fn __resil_class(&self) -> Class
    where
        E: Classify,
    {
        self.0.classify()
    }
}

impl<'a, E: ?Sized> Deref for Forward<'a, E> {
    type Target = ForwardByReference<'a, E>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<'a, E: ?Sized> Deref for ForwardByReference<'a, E> {
    type Target = ForwardByLocalReference<'a, E>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<'a, E: ?Sized> Deref for ForwardByLocalReference<'a, E> {
    type Target = ForwardUnknown<'a, E>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// The type of a field that says how long to wait: `#[throttled(retry_after = field)]`.
#[diagnostic::on_unimplemented(
    message = "`retry_after` takes a field that is a `Duration` or an `Option<Duration>`, and this is `{Self}`",
    label = "this field is no time to wait",
    note = "make the field a `Duration`, or write `impl resil::Classify` by hand"
)]
pub trait RetryAfter {
    /// Returns how long to wait, if it is known.
    fn retry_after(&self) -> Option<Duration>;
}

impl RetryAfter for Duration {
    fn retry_after(&self) -> Option<Duration> {
        Some(*self)
    }
}

impl RetryAfter for Option<Duration> {
    fn retry_after(&self) -> Option<Duration> {
        *self
    }
}
