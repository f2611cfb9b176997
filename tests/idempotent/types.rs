//! LANGUAGE.md, section 6: types do not share silently. Where one function stands for many (a trait's
//! default method, a method of `impl<T>`, a generic function) each `Self` and each type parameter has
//! keys of its own.

use std::marker::PhantomData;

use resil::idempotent;

use super::support::{Fault, Record};

struct Visa;
struct Master;

/// Who made it, and in which run.
type Made = Result<(String, u32), Fault>;

trait Named {
    const NAME: &'static str;
}
impl Named for Visa {
    const NAME: &'static str = "visa";
}
impl Named for Master {
    const NAME: &'static str = "master";
}
/// Told apart by what is not in their names.
impl<const N: usize> Named for [u8; N] {
    const NAME: &'static str = "bytes";
}

fn made<T: Named + ?Sized>(r: &Record) -> Made {
    Ok((T::NAME.to_owned(), r.attempt()))
}

fn is(out: Made, name: &str, run: u32) {
    assert_eq!(out, Ok((name.to_owned(), run)));
}

trait Provider: Named {
    #[idempotent(key = id)]
    async fn create(&self, r: &Record, id: u32) -> Made {
        made::<Self>(r)
    }

    #[idempotent(name = "types.no-receiver", key = id)]
    async fn create_by_type(r: &Record, id: u32) -> Made {
        made::<Self>(r)
    }
}
impl Provider for Visa {}
impl Provider for Master {}
impl Provider for [u8; 1] {}
impl Provider for [u8; 2] {}

#[tokio::test(start_paused = true)]
async fn a_default_method_has_keys_for_each_self() {
    let r = Record::new();
    is(Visa.create(&r, 7).await, "visa", 1);
    is(Master.create(&r, 7).await, "master", 2);
    is(Visa.create(&r, 7).await, "visa", 1);
    is(Master.create(&r, 7).await, "master", 2);
    is([0; 1].create(&r, 7).await, "bytes", 3);
    is([0; 2].create(&r, 7).await, "bytes", 4);
    is([9; 1].create(&r, 7).await, "bytes", 3);
}

#[tokio::test(start_paused = true)]
async fn so_it_has_without_a_receiver_and_with_a_name() {
    let r = Record::new();
    is(Visa::create_by_type(&r, 7).await, "visa", 1);
    is(Master::create_by_type(&r, 7).await, "master", 2);
    is(Visa::create_by_type(&r, 7).await, "visa", 1);
}

#[async_trait::async_trait]
trait DynProvider: Send + Sync {
    fn name(&self) -> &'static str;

    #[idempotent(key = id)]
    async fn create_dyn(&self, r: &Record, id: u32) -> Made {
        Ok((self.name().to_owned(), r.attempt()))
    }
}
#[async_trait::async_trait]
impl DynProvider for Visa {
    fn name(&self) -> &'static str {
        Visa::NAME
    }
}
#[async_trait::async_trait]
impl DynProvider for Master {
    fn name(&self) -> &'static str {
        Master::NAME
    }
}

#[tokio::test(start_paused = true)]
async fn a_default_method_of_async_trait_has_too() {
    let r = Record::new();
    let all: [Box<dyn DynProvider>; 2] = [Box::new(Visa), Box::new(Master)];
    is(all[0].create_dyn(&r, 7).await, "visa", 1);
    is(all[1].create_dyn(&r, 7).await, "master", 2);
    is(all[0].create_dyn(&r, 7).await, "visa", 1);
}

struct Client<T>(PhantomData<T>);

impl<T: Named> Client<T> {
    const NEW: Self = Self(PhantomData);

    #[idempotent(key = id)]
    async fn create(&self, r: &Record, id: u32) -> Made {
        made::<T>(r)
    }

    #[idempotent(key = id)]
    async fn create_by_type(r: &Record, id: u32) -> Made {
        made::<T>(r)
    }

    #[idempotent(name = "types.client", key = id)]
    async fn create_for<U>(r: &Record, id: u32, _: U) -> Made {
        made::<T>(r)
    }
}

#[tokio::test(start_paused = true)]
async fn a_method_of_a_generic_impl_has_keys_for_each_of_its_types() {
    let r = Record::new();
    is(Client::<Visa>::NEW.create(&r, 7).await, "visa", 1);
    is(Client::<Master>::NEW.create(&r, 7).await, "master", 2);
    is(Client::<Visa>::NEW.create(&r, 7).await, "visa", 1);
    is(Client::<Visa>::create_by_type(&r, 7).await, "visa", 3);
    is(Client::<Master>::create_by_type(&r, 7).await, "master", 4);
    is(Client::<Visa>::create_by_type(&r, 7).await, "visa", 3);
    is(Client::<Visa>::create_for(&r, 7, ()).await, "visa", 5);
    is(Client::<Master>::create_for(&r, 7, ()).await, "master", 6);
    is(Client::<Visa>::create_for(&r, 7, 1).await, "visa", 7);
    is(Client::<Visa>::create_for(&r, 7, ()).await, "visa", 5);
}

trait Blanket {
    async fn blanket(&self, r: &Record, id: u32) -> Made;
}
impl<T: Named> Blanket for T {
    #[idempotent(key = id)]
    async fn blanket(&self, r: &Record, id: u32) -> Made {
        made::<T>(r)
    }
}

#[tokio::test(start_paused = true)]
async fn a_blanket_impl_has_keys_for_each_type() {
    let r = Record::new();
    is(Visa.blanket(&r, 7).await, "visa", 1);
    is(Master.blanket(&r, 7).await, "master", 2);
    is(Visa.blanket(&r, 7).await, "visa", 1);
}

trait Of<T: Named> {
    #[idempotent(key = id)]
    async fn create(&self, r: &Record, id: u32) -> Made {
        made::<T>(r)
    }
}
impl Of<Visa> for () {}
impl Of<Master> for () {}

#[tokio::test(start_paused = true)]
async fn the_parameters_of_a_trait_count() {
    let r = Record::new();
    is(<() as Of<Visa>>::create(&(), &r, 7).await, "visa", 1);
    is(<() as Of<Master>>::create(&(), &r, 7).await, "master", 2);
    is(<() as Of<Visa>>::create(&(), &r, 7).await, "visa", 1);
}

#[tokio::test(start_paused = true)]
async fn a_parameter_that_is_not_in_the_result_counts() {
    #[idempotent(key = id)]
    async fn create<T: Named + ?Sized>(r: &Record, id: u32) -> Made {
        made::<T>(r)
    }
    #[idempotent(key = id)]
    async fn sized<const N: usize, const UP: bool>(r: &Record, id: u32) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    #[idempotent(key = id)]
    async fn of_some(r: &Record, id: u32, _: impl Fn() -> u8) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    let r = Record::new();
    is(create::<Visa>(&r, 7).await, "visa", 1);
    is(create::<Master>(&r, 7).await, "master", 2);
    is(create::<Visa>(&r, 7).await, "visa", 1);
    is(create::<[u8; 1]>(&r, 7).await, "bytes", 3);
    is(create::<[u8; 2]>(&r, 7).await, "bytes", 4);
    assert_eq!(sized::<1, false>(&r, 7).await, Ok(5));
    assert_eq!(sized::<2, false>(&r, 7).await, Ok(6));
    assert_eq!(sized::<1, true>(&r, 7).await, Ok(7));
    assert_eq!(sized::<1, false>(&r, 7).await, Ok(5));
    // Two closures of one function have one name, and are two types.
    let (one, two) = (|| 1, || 2);
    assert_eq!(of_some(&r, 7, one).await, Ok(8));
    assert_eq!(of_some(&r, 7, two).await, Ok(9));
    assert_eq!(of_some(&r, 7, one).await, Ok(8));
}

/// Types of one name, in two blocks of one function.
#[tokio::test(start_paused = true)]
async fn types_that_read_the_same_are_two() {
    #[idempotent(key = id)]
    async fn create<T>(r: &Record, id: u32) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    let r = Record::new();
    let first = {
        struct Local;
        create::<Local>(&r, 7).await
    };
    let second = {
        struct Local;
        create::<Local>(&r, 7).await
    };
    assert_eq!((first, second), (Ok(1), Ok(2)));
}

#[tokio::test(start_paused = true)]
async fn a_lifetime_is_no_type() {
    struct Text<'a>(&'a str);
    impl<'a> Text<'a> {
        #[idempotent(key = self.0)]
        async fn send(&self, r: &Record, _: &'a str) -> Result<u32, Fault> {
            Ok(r.attempt())
        }
    }
    let r = Record::new();
    let owned = String::from("a");
    assert_eq!(Text("a").send(&r, "").await, Ok(1));
    assert_eq!(Text(&owned).send(&r, &owned).await, Ok(1));
}

/// A name is the user's own word: what shares it shares keys, type for type.
#[tokio::test(start_paused = true)]
async fn functions_of_one_name_share_keys_type_for_type() {
    #[idempotent(name = "types.shared", key = id)]
    async fn one<T: Named>(r: &Record, id: u32) -> Made {
        made::<T>(r)
    }
    #[idempotent(name = "types.shared", key = id)]
    async fn two<T: Named>(r: &Record, id: u32) -> Made {
        made::<T>(r)
    }
    let r = Record::new();
    is(one::<Visa>(&r, 7).await, "visa", 1);
    is(two::<Visa>(&r, 7).await, "visa", 1);
    is(two::<Master>(&r, 7).await, "master", 2);
    is(one::<Master>(&r, 7).await, "master", 2);
}

/// Of two plain functions, be they methods of two types, nothing changes.
#[tokio::test(start_paused = true)]
async fn impls_for_one_type_each_share_what_they_name_alike() {
    trait Charge {
        async fn charge(&self, r: &Record, id: u32) -> Result<u32, Fault>;
    }
    impl Charge for Visa {
        #[idempotent(name = "types.plain", key = id)]
        async fn charge(&self, r: &Record, id: u32) -> Result<u32, Fault> {
            Ok(r.attempt())
        }
    }
    impl Charge for Client<Master> {
        #[idempotent(name = "types.plain", key = id)]
        async fn charge(&self, r: &Record, id: u32) -> Result<u32, Fault> {
            Ok(r.attempt())
        }
    }
    #[idempotent(name = "types.plain", key = id)]
    async fn charge(r: &Record, id: u32) -> Result<u32, Fault> {
        Ok(r.attempt())
    }
    let r = Record::new();
    assert_eq!(Visa.charge(&r, 7).await, Ok(1));
    assert_eq!(Client::<Master>::NEW.charge(&r, 7).await, Ok(1));
    assert_eq!(charge(&r, 7).await, Ok(1));
}
