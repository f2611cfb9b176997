//! What the paths of functions of all shapes say of their types.

#![allow(
    clippy::extra_unused_type_parameters,
    clippy::needless_lifetimes,
    clippy::new_ret_no_self,
    clippy::redundant_closure_call,
    reason = "shapes of functions, whose names alone are looked at"
)]

use super::*;
use crate::call::PerType;

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
        STATES
            .other(types.instance(), types.this(), || types.function().len())
            .copied()
    };
    assert_eq!(at(Client::<u8>::new()), None, "the first one");
    assert!(STATES.is_first(Client::<u8>::new().expect("generic").instance()));
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
        let types = types.expect("generic");
        assert_eq!(STATES.other(types.instance(), types.this(), || 1), None);
    }
}
