//! The types that an instance of an annotated function was compiled for.
//!
//! All instances of a generic function share its statics, and so do all types that use one default
//! method of a trait. The attribute on a method cannot tell them apart: it sees neither the `impl`
//! nor the `trait` around the method. rustc can: in a function's body it names a closure with all
//! type arguments in force, `<app::Visa as app::Pay>::charge::{{closure}}`, and an item without
//! any, `app::Pay::charge::__RESIL_FN_`. If both names are equal but for the last word, nothing is
//! generic. In an optimised build the compiler makes that comparison, and it costs nothing.

use std::any::type_name;

/// The end of the path of a closure. The item's name, `__RESIL_FN_`, is as long as `{{closure}}`.
const CLOSURE: &str = "::{{closure}}";

/// The types that one instance of a function was compiled for. A function that has only one
/// instance has no such value.
#[derive(Debug, Clone, Copy)]
#[doc(hidden)]
pub struct Types {
    declared: &'static str,
    instance: &'static str,
    #[cfg(feature = "idempotent")]
    id: std::any::TypeId,
}

impl Types {
    /// Returns the types of the function in whose body `D` is declared and the closure `I` stands,
    /// both in one block; `None` if the function has only one instance.
    #[inline(always)]
    pub fn of<D, I>(_: &I) -> Option<Self> {
        Self::of_names(
            type_name::<D>(),
            type_name::<I>(),
            #[cfg(feature = "idempotent")]
            typeid::of::<I>,
        )
    }

    // Built without optimisation, it is compiled once and not for each function.
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn of_names(
        declared: &'static str,
        instance: &'static str,
        #[cfg(feature = "idempotent")] id: fn() -> std::any::TypeId,
    ) -> Option<Self> {
        if differ_in_the_last_word_alone(declared, instance) {
            return None;
        }
        Some(Self {
            declared,
            instance,
            #[cfg(feature = "idempotent")]
            id: id(),
        })
    }

    /// Returns the path of a closure in the function's body, with all type arguments in force.
    #[inline(always)]
    pub(crate) fn instance(self) -> &'static str {
        self.instance
    }

    /// Returns `Self`, as the path to the function names it, where the instance depends on it:
    /// `<app::Visa as app::Pay>`, `app::Client<u32>`.
    pub fn this(self) -> Option<&'static str> {
        let this = Path::of(self.instance).this;
        (this != Path::of(self.declared).this).then_some(this)
    }

    /// Returns path and name of the function, with `Self` and without its own arguments:
    /// `<app::Visa as app::Pay>::charge`.
    pub fn function(self) -> &'static str {
        Path::of(self.instance).function
    }
}

/// Returns `Self`, as the path of `closure`, a closure in an annotated function, names it; without a
/// `Self`, the path of the module or of the function around it.
// The models make budgets without a site.
#[cfg(not(loom))]
pub(crate) fn this_of(closure: &'static str) -> &'static str {
    Path::of(closure).this
}

#[cfg(feature = "idempotent")]
impl Types {
    /// Returns the function's own arguments, `<u32, 3>`; empty if it has none.
    pub fn arguments(self) -> &'static str {
        Path::of(self.instance).arguments
    }

    /// Returns an id that no other instance in this process has.
    pub(crate) fn id(self) -> std::any::TypeId {
        self.id
    }

    /// Returns whether no other types can have the same names. The closures of one function share a
    /// name, and so do types in its blocks. Quoted characters among the arguments are not parsed,
    /// so a name with any counts as shared.
    pub(crate) fn are_named(self) -> bool {
        let is_plain = |names: &str| !names.contains(['{', '\'', '"']);
        self.this().is_none_or(is_plain) && is_plain(self.arguments())
    }

    /// Returns whether the function is a default method of a trait, so that `Self` is shown with
    /// the trait and its arguments (`<app::Visa as app::Pay<u32>>`).
    pub fn of_trait(self) -> Option<OfTrait> {
        let this = self.this()?;
        let is_default = this.starts_with('<') && !self.declared.starts_with('<');
        is_default.then(|| OfTrait {
            has_arguments: this.ends_with(">>"),
        })
    }
}

/// See [`Types::of_trait`].
#[cfg(feature = "idempotent")]
#[derive(Debug, PartialEq, Eq)]
pub struct OfTrait {
    /// Whether the trait has arguments.
    pub has_arguments: bool,
}

#[cfg_attr(debug_assertions, inline)]
#[cfg_attr(not(debug_assertions), inline(always))]
fn differ_in_the_last_word_alone(declared: &str, instance: &str) -> bool {
    const LAST: usize = CLOSURE.len();
    let (declared, instance) = (declared.as_bytes(), instance.as_bytes());
    declared.len() == instance.len()
        && match declared.len().checked_sub(LAST) {
            Some(rest) => declared[..rest] == instance[..rest],
            None => true,
        }
}

/// The parts of the path to a function.
struct Path {
    /// The path before the function's name.
    this: &'static str,
    /// The path and the function's name.
    function: &'static str,
    /// The function's own arguments.
    #[cfg_attr(
        not(any(feature = "idempotent", test)),
        expect(dead_code, reason = "for keys alone")
    )]
    arguments: &'static str,
}

impl Path {
    /// Parses the path of an item in the function's body.
    fn of(inside: &'static str) -> Self {
        let mut path = inside.rfind("::").map_or(inside, |at| &inside[..at]);
        while let Some(outer) = path.strip_suffix(CLOSURE) {
            path = outer;
        }
        let (function, arguments) = path.split_at(start_of_arguments(path));
        let this = function.rfind("::").map_or("", |at| &function[..at]);
        Self {
            this,
            function,
            arguments,
        }
    }
}

/// Returns the index at which the arguments at the end of `path` begin; its length if there are
/// none.
fn start_of_arguments(path: &str) -> usize {
    let bytes = path.as_bytes();
    if !path.ends_with('>') {
        return path.len();
    }
    let mut depth = 0_u32;
    for at in (0..bytes.len()).rev() {
        match bytes[at] {
            // The arrow of a `fn() -> u8` is no bracket.
            b'>' if at > 0 && bytes[at - 1] == b'-' => {}
            b'>' => depth += 1,
            b'<' if depth == 1 => return at,
            b'<' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    // Only a quoted bracket among the arguments leads here.
    0
}

#[cfg(test)]
mod tests;
