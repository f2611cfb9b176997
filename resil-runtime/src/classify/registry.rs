//! The error types whose class is found when another error wraps them.
//!
//! A chain of errors can only be searched for types that are named, so each type has to be known
//! beforehand. `#[derive(Classify)]` makes its type known when the program is loaded; [`register`]
//! is for types that no derive can make known: those with a written `impl Classify`, and the
//! instances of a generic type. Both are bounded by the types of the program.

use std::any::{Any, TypeId};
use std::error::Error as StdError;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::OnceLock;

use super::class::{Class, Classify};
use super::downcast::{class_of, class_of_value};

/// Returns the class of an error if it is of one certain type.
type Ask = fn(&(dyn StdError + 'static)) -> Option<Class>;

/// The same for a value that need not be an error.
type AskValue = fn(&dyn Any) -> Option<Class>;

/// A type that [`register`] was called for. The list only grows, at its end, and is read without a
/// lock: so nothing is held while the user's `Classify` runs.
struct Registered {
    id: TypeId,
    ask: Ask,
    ask_value: AskValue,
    next: OnceLock<Box<Registered>>,
}

static FIRST: OnceLock<Box<Registered>> = OnceLock::new();

/// Makes the class of `T` known for errors that wrap it: an `anyhow::Error`, an `eyre::Report`, a
/// `Box<dyn Error>`, with context or as a source.
///
/// Types with `#[derive(Classify)]` are known already, unless they have type parameters. Call this
/// function once, when the program starts, for each type with a written `impl Classify` and for
/// each instance of a generic type; a further call for the same type does nothing.
///
/// ```
/// use resil_runtime::{Class, Classify, classify};
///
/// #[derive(Debug)]
/// struct Declined;
/// impl std::fmt::Display for Declined {
///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
///         f.write_str("the card was declined")
///     }
/// }
/// impl std::error::Error for Declined {}
/// impl Classify for Declined {
///     fn classify(&self) -> Class {
///         Class::Permanent
///     }
/// }
///
/// let error: Box<dyn std::error::Error> = Box::new(Declined);
/// assert_eq!(classify::find(&*error), None);
/// classify::register::<Declined>();
/// assert_eq!(classify::find(&*error), Some(Class::Permanent));
/// ```
pub fn register<T: Classify + StdError + 'static>() {
    let id = TypeId::of::<T>();
    let mut link = &FIRST;
    loop {
        let here = link.get_or_init(|| {
            Box::new(Registered {
                id,
                ask: class_of::<T>,
                ask_value: class_of_value::<T>,
                next: OnceLock::new(),
            })
        });
        if here.id == id {
            return;
        }
        link = &here.next;
    }
}

/// Returns the class of an error whose type is registered.
pub(super) fn registered(error: &(dyn StdError + 'static)) -> Option<Class> {
    let mut link = &FIRST;
    while let Some(here) = link.get() {
        if let Some(class) = (here.ask)(error) {
            return Some(class);
        }
        link = &here.next;
    }
    inventory::iter::<Derived>
        .into_iter()
        .find_map(|derived| (derived.0)(error))
}

/// Returns the class of a value whose type is registered.
pub(super) fn registered_value(error: &dyn Any) -> Option<Class> {
    let mut link = &FIRST;
    while let Some(here) = link.get() {
        if let Some(class) = (here.ask_value)(error) {
            return Some(class);
        }
        link = &here.next;
    }
    inventory::iter::<Derived>
        .into_iter()
        .find_map(|derived| (derived.1)(error))
}

/// A type with `#[derive(Classify)]`.
#[derive(Debug)]
pub struct Derived(Ask, AskValue);

inventory::collect!(Derived);

impl Derived {
    /// Creates the entry of `T`, the type that `ask` asks for.
    pub const fn new<T: Classify + 'static>(ask: Ask) -> Self {
        Self(ask, class_of_value::<T>)
    }
}

/// Asks an error whether it is a `T`, if `T` can be an error in a chain: as in
/// [`Probe`](super::probe::Probe), the derive names no bounds.
#[derive(Debug)]
pub struct Link<T>(NoLink<T>);

/// The second step of [`Link`]: `T` is no error type, so it is never in a chain.
#[derive(Debug)]
pub struct NoLink<T>(PhantomData<fn(T)>);

impl<T> Link<T> {
    /// Creates the question whether an error is a `T`.
    #[expect(clippy::new_without_default, reason = "generated code calls it")]
    pub const fn new() -> Self {
        Self(NoLink(PhantomData))
    }
}

impl<T: Classify + StdError + 'static> Link<T> {
    /// Returns the class of `error` if it is a `T`.
    pub fn __resil_class(&self, error: &(dyn StdError + 'static)) -> Option<Class> {
        class_of::<T>(error)
    }
}

impl<T> NoLink<T> {
    /// Returns `None`.
    #[expect(clippy::unused_self, reason = "called as the method of `Link` is")]
    pub fn __resil_class(&self, _: &(dyn StdError + 'static)) -> Option<Class> {
        None
    }
}

impl<T> Deref for Link<T> {
    type Target = NoLink<T>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
