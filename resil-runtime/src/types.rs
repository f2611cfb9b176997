//! For which types an instance of an annotated function was built.
//!
//! All instances of a generic function share its statics, and so do all types that use one default
//! method of a trait. The attribute on a method can't tell: it sees neither the `impl` nor the
//! `trait` around it. rustc can: in a function's body it names a closure with all type arguments in
//! force, `<app::Visa as app::Pay>::charge::{{closure}}`, and an item without any,
//! `app::Pay::charge::__RESIL_FN_`. Where both read the same but for the last word, nothing is
//! generic; in an optimised build that comparison is made by the compiler, and costs nothing.

use std::any::type_name;
use std::sync::OnceLock;

/// What the path of a closure ends with. The item's name, `__RESIL_FN_`, is as long.
const CLOSURE: &str = "::{{closure}}";

/// The types that one instance of a function was built for. There is none of these where a function
/// has one instance only.
#[derive(Debug, Clone, Copy)]
#[doc(hidden)]
pub struct Types {
    declared: &'static str,
    instance: &'static str,
    #[cfg(feature = "idempotent")]
    id: std::any::TypeId,
}

impl Types {
    /// Of the function in whose body `D` is declared and the closure `I` stands, both in one block;
    /// `None` if that has one instance only.
    #[inline(always)]
    pub fn of<D, I>(_: &I) -> Option<Self> {
        let (declared, instance) = (type_name::<D>(), type_name::<I>());
        (!differ_in_the_last_word_alone(declared, instance)).then(|| Self {
            declared,
            instance,
            #[cfg(feature = "idempotent")]
            id: typeid::of::<I>(),
        })
    }

    /// `Self`, as the path to the function names it, where the instance depends on it:
    /// `<app::Visa as app::Pay>`, `app::Client<u32>`.
    pub fn this(self) -> Option<&'static str> {
        let this = Path::of(self.instance).this;
        (this != Path::of(self.declared).this).then_some(this)
    }

    /// Path and name of the function, with `Self` and without its own arguments:
    /// `<app::Visa as app::Pay>::charge`.
    pub fn function(self) -> &'static str {
        Path::of(self.instance).function
    }
}

#[cfg(feature = "idempotent")]
impl Types {
    /// The function's own arguments, `<u32, 3>`; empty if it has none.
    pub fn arguments(self) -> &'static str {
        Path::of(self.instance).arguments
    }

    /// No other instance has it, in this process.
    pub(crate) fn id(self) -> std::any::TypeId {
        self.id
    }

    /// Whether other types can't have these names: closures of one function share theirs, and so do
    /// types in its blocks. A quoted character among the arguments is not read at all.
    pub(crate) fn are_named(self) -> bool {
        let is_plain = |names: &str| !names.contains(['{', '\'', '"']);
        self.this().is_none_or(is_plain) && is_plain(self.arguments())
    }

    /// Whether `Self` comes into a default method of a trait, and with it the trait's own arguments
    /// (`<app::Visa as app::Pay<u32>>`).
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

#[inline(always)]
fn differ_in_the_last_word_alone(declared: &str, instance: &str) -> bool {
    const LAST: usize = CLOSURE.len();
    let (declared, instance) = (declared.as_bytes(), instance.as_bytes());
    declared.len() == instance.len()
        && match declared.len().checked_sub(LAST) {
            Some(rest) => declared[..rest] == instance[..rest],
            None => true,
        }
}

/// The path to a function, taken apart.
struct Path {
    /// What stands before the name.
    this: &'static str,
    /// That and the name.
    function: &'static str,
    /// The function's own arguments.
    #[cfg_attr(
        not(feature = "idempotent"),
        expect(dead_code, reason = "for keys alone")
    )]
    arguments: &'static str,
}

impl Path {
    /// Of what stands in the function's body.
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

/// Where the arguments begin that a path ends with.
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
    // A quoted bracket among them.
    0
}

/// State of a site that each `Self` type has for itself. There are as many as the program has
/// instances.
#[derive(Debug)]
pub(crate) struct PerType<S: 'static> {
    /// The instance that came first: the site's own state is that of its `Self`.
    first: OnceLock<First>,
    others: OnceLock<&'static Other<S>>,
}

#[derive(Debug)]
struct First {
    instance: &'static str,
    this: Option<&'static str>,
}

#[derive(Debug)]
struct Other<S: 'static> {
    this: &'static str,
    state: S,
    next: OnceLock<&'static Self>,
}

impl<S> PerType<S> {
    pub(crate) const fn new() -> Self {
        Self {
            first: OnceLock::new(),
            others: OnceLock::new(),
        }
    }

    /// Whether `types` are those that came first: the common case, told by where their name lies.
    #[inline]
    pub(crate) fn is_first(&self, types: Types) -> bool {
        let first = self.first.get();
        first.is_some_and(|first| std::ptr::eq(first.instance, types.instance))
    }

    /// The state for the `Self` of `types`, made if there is none; `None`: the site's own.
    #[inline(never)]
    pub(crate) fn other(&self, types: Types, make: impl Fn() -> S) -> Option<&'static S> {
        let this = types.this();
        let first = self.first.get_or_init(|| First {
            instance: types.instance,
            this,
        });
        // `None`: the types are the function's own arguments alone.
        let this = this.filter(|this| first.this != Some(this))?;
        let mut place = &self.others;
        loop {
            let other = *place.get_or_init(|| {
                Box::leak(Box::new(Other {
                    this,
                    state: make(),
                    next: OnceLock::new(),
                }))
            });
            if other.this == this {
                return Some(&other.state);
            }
            place = &other.next;
        }
    }
}

#[cfg(test)]
#[allow(
    clippy::extra_unused_type_parameters,
    clippy::needless_lifetimes,
    clippy::new_ret_no_self,
    clippy::redundant_closure_call,
    reason = "shapes of functions, whose names alone are looked at"
)]
mod tests {
    use super::*;

    macro_rules! types {
        () => {{
            #[allow(non_camel_case_types, dead_code)]
            struct __RESIL_FN_;
            Types::of::<__RESIL_FN_, _>(&|| ())
        }};
    }

    struct Visa;
    struct Client<T>(T);

    trait Pay {
        fn pay() -> Option<Types> {
            types!()
        }
        fn with<T, const N: usize>() -> Option<Types> {
            types!()
        }
    }
    impl Pay for Visa {}
    impl<T> Pay for Client<T> {}

    trait Of<T> {
        fn of() -> Option<Types> {
            types!()
        }
    }
    impl<T> Of<T> for Visa {}

    trait Plain {
        fn plain(&self) -> Option<Types>;
    }
    impl Plain for Visa {
        fn plain(&self) -> Option<Types> {
            types!()
        }
    }
    impl Plain for fn(u8) -> u8 {
        fn plain(&self) -> Option<Types> {
            types!()
        }
    }
    impl<T> Plain for Client<T> {
        fn plain(&self) -> Option<Types> {
            types!()
        }
    }

    impl Visa {
        fn own<'a>(_: &'a str) -> Option<Types> {
            (|| (|| types!())())()
        }
    }
    impl<T> Client<T> {
        fn new() -> Option<Types> {
            types!()
        }
        fn with<U>() -> Option<Types> {
            types!()
        }
    }

    fn free() -> Option<Types> {
        types!()
    }
    fn generic<T: ?Sized, const C: char>() -> Option<Types> {
        types!()
    }
    fn outer<T>() -> Option<Types> {
        fn inner() -> Option<Types> {
            types!()
        }
        inner()
    }

    #[test]
    fn what_has_one_instance_has_no_types() {
        let id: fn(u8) -> u8 = |n| n;
        for none in [free(), Visa::own(""), Visa.plain(), id.plain()] {
            assert!(none.is_none(), "{none:?}");
        }
        // A function inside a generic one is none.
        assert!(outer::<u8>().is_none());
    }

    /// `Self`, the function and its own arguments, without the path to this module.
    fn seen(types: Option<Types>) -> (Option<String>, String, String) {
        let types = types.expect("it is generic");
        let plain = |s: &str| s.replace(concat!(module_path!(), "::"), "");
        let Path { arguments, .. } = Path::of(types.instance);
        let function = plain(types.function());
        (types.this().map(plain), function, plain(arguments))
    }

    #[track_caller]
    fn is(types: Option<Types>, this: &str, function: &str, arguments: &str) {
        let (t, f, a) = seen(types);
        assert_eq!(
            (t.as_deref().unwrap_or(""), &*f, &*a),
            (this, function, arguments)
        );
    }

    #[test]
    fn a_path_is_taken_apart() {
        is(Visa::pay(), "<Visa as Pay>", "<Visa as Pay>::pay", "");
        is(
            Client::<fn(u8) -> u8>::pay(),
            "<Client<fn(u8) -> u8> as Pay>",
            "<Client<fn(u8) -> u8> as Pay>::pay",
            "",
        );
        let with = <Client<u8> as Pay>::with::<Client<Vec<u8>>, 3>();
        let this = "<Client<u8> as Pay>";
        is(
            with,
            this,
            "<Client<u8> as Pay>::with",
            "<Client<alloc::vec::Vec<u8>>, 3>",
        );
        let of = <Visa as Of<u8>>::of();
        is(of, "<Visa as Of<u8>>", "<Visa as Of<u8>>::of", "");
        is(Client::<u8>::new(), "Client<u8>", "Client<u8>::new", "");
        is(
            Client::<u8>::with::<fn(u8) -> fn() -> u8>(),
            "Client<u8>",
            "Client<u8>::with",
            "<fn(u8) -> fn() -> u8>",
        );
        let plain = Client(1_u8).plain();
        is(
            plain,
            "<Client<u8> as Plain>",
            "<Client<u8> as Plain>::plain",
            "",
        );
        is(generic::<str, 'x'>(), "", "generic", "<str, 'x'>");
    }

    #[cfg(feature = "idempotent")]
    #[test]
    fn whose_default_method_it_is() {
        let of = |types: Option<Types>| types.and_then(Types::of_trait);
        let has_arguments = |types| of(types).map(|o| o.has_arguments);
        assert_eq!(has_arguments(Visa::pay()), Some(false));
        assert_eq!(has_arguments(Client::<Vec<u8>>::pay()), Some(false));
        assert_eq!(has_arguments(<Visa as Of<u8>>::of()), Some(true));
        assert_eq!(has_arguments(Client(1_u8).plain()), None);
        assert_eq!(has_arguments(Client::<u8>::new()), None);
        assert_eq!(has_arguments(generic::<str, 'x'>()), None);
    }

    #[cfg(feature = "idempotent")]
    #[test]
    fn types_that_others_may_be_called_like() {
        fn of<T>(_: T) -> bool {
            Client::<T>::new().expect("generic").are_named()
        }
        assert!(of(1_u8));
        assert!(!of(|| 1));
        assert!(!generic::<str, '>'>().expect("generic").are_named());
        let (a, b) = (Client::<u8>::new(), Client::<i8>::new());
        let (a, b) = (a.expect("generic"), b.expect("generic"));
        assert_ne!(a.id(), b.id());
    }

    #[test]
    fn each_self_has_a_state_of_its_own() {
        static STATES: PerType<usize> = PerType::new();
        let at = |types: Option<Types>| {
            let types = types.expect("generic");
            STATES.other(types, || types.function().len()).copied()
        };
        assert_eq!(at(Client::<u8>::new()), None, "the first one");
        assert!(STATES.is_first(Client::<u8>::new().expect("generic")));
        let (second, third) = (at(Client::<u16>::new()), at(Client::<[u8; 17]>::new()));
        assert!(second.is_some() && third > second);
        assert_eq!(at(Client::<u16>::new()), second);
        assert_eq!(at(Client::<[u8; 17]>::new()), third);
        assert_eq!(at(Client::<u8>::with::<u8>()), None, "the first `Self`");
        assert_eq!(at(Client::<u8>::new()), None);
    }

    #[test]
    fn arguments_of_the_function_alone_share_a_state() {
        static STATES: PerType<u8> = PerType::new();
        for types in [generic::<str, 'a'>(), generic::<u8, 'b'>()] {
            assert_eq!(STATES.other(types.expect("generic"), || 1), None);
        }
    }
}
