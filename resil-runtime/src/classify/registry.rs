//! The error types whose class is found where another error wraps them.
//!
//! A chain of errors can only be asked for types that are named, so each type that is to be found
//! has to be known beforehand. `#[derive(Classify)]` makes its type known when the program is
//! loaded; [`register`] makes known what no derive can: an `impl Classify` by hand, and the
//! instances of a generic type. Both are bounded by the types of the program.

use std::any::TypeId;
use std::error::Error as StdError;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::OnceLock;

use super::chain::class_of;
use super::{Class, Classify};

/// Asks an error whether it is of one type, and for its class if it is.
type Ask = fn(&(dyn StdError + 'static)) -> Option<Class>;

/// A type that was registered by hand. The list only grows, by its last link: it is read without a
/// lock, so that nothing is held while the user's `Classify` runs.
struct Registered {
    id: TypeId,
    ask: Ask,
    next: OnceLock<Box<Registered>>,
}

static FIRST: OnceLock<Box<Registered>> = OnceLock::new();

/// Makes the class of `T` known where another error wraps it: in an `anyhow::Error`, an
/// `eyre::Report`, a `Box<dyn Error>`, with context or as a source.
///
/// Types with `#[derive(Classify)]` are known already, unless they have type parameters. Call it
/// once, when the program starts, for an `impl Classify` by hand and for each instance of a generic
/// type; a further call for the same type does nothing.
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

/// A type with `#[derive(Classify)]`.
#[derive(Debug)]
pub struct Derived(Ask);

inventory::collect!(Derived);

impl Derived {
    /// The type that `ask` asks for.
    pub const fn new(ask: Ask) -> Self {
        Self(ask)
    }
}

/// Asks an error whether it is a `T`, where `T` can be one: as in [`Probe`](super::Probe), the
/// derive names no bounds.
#[derive(Debug)]
pub struct Link<T>(NoLink<T>);

/// The second step of [`Link`]: `T` is no error type, and never in a chain.
#[derive(Debug)]
pub struct NoLink<T>(PhantomData<fn(T)>);

impl<T> Link<T> {
    /// Asks for `T`.
    #[expect(clippy::new_without_default, reason = "generated code calls it")]
    pub const fn new() -> Self {
        Self(NoLink(PhantomData))
    }
}

impl<T: Classify + StdError + 'static> Link<T> {
    /// The class of `error`, if it is a `T`.
    pub fn __resil_class(&self, error: &(dyn StdError + 'static)) -> Option<Class> {
        class_of::<T>(error)
    }
}

impl<T> NoLink<T> {
    /// Nothing.
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
