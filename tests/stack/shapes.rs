//! The rarer shapes of function, after those of `signatures`: each compiles under a full stack
//! with every warning denied, and runs until its third attempt answers.
//!
//! `async unsafe fn` is `tests/ui/stack/pass/async_unsafe_fn.rs`: this package forbids unsafe code.

#![deny(warnings)]
#![allow(
    clippy::manual_async_fn,
    reason = "a future by hand is one of the shapes"
)]

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use resil::{circuit, idempotent, retry, timeout};

#[derive(Debug, thiserror::Error)]
enum E {
    #[error("not yet")]
    NotYet,
    #[error(transparent)]
    Resil(#[from] resil::Error),
}

/// Fails until it was asked three times.
#[derive(Default)]
struct Flaky(AtomicU32);

impl Flaky {
    async fn third(&self) -> Result<u32, E> {
        let tries = self.0.fetch_add(1, SeqCst) + 1;
        if tries < 3 { Err(E::NotYet) } else { Ok(tries) }
    }
}

fn send<T: Send>(t: T) -> T {
    t
}

// A future by hand.

#[idempotent(key = n)]
#[circuit]
#[timeout(5s)]
#[retry(base = 1ms)]
#[timeout(1s)]
fn opaque_future(f: &Flaky, n: u32) -> impl Future<Output = Result<u32, E>> + Send {
    async move { Ok(f.third().await? + n) }
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

#[idempotent(key = n)]
#[circuit]
#[timeout(5s)]
#[retry(base = 1ms)]
#[timeout(1s)]
fn aliased(f: &Flaky, n: u32) -> BoxFuture<'_, Result<u32, E>> {
    Box::pin(async move { Ok(f.third().await? + n) })
}

#[tokio::test]
async fn futures_by_hand() {
    assert_eq!(send(opaque_future(&Flaky::default(), 1)).await.unwrap(), 4);
    assert_eq!(send(aliased(&Flaky::default(), 1)).await.unwrap(), 4);
}

// Methods of generic impls, their values out of the type's own constants.

trait Limits {
    const MAX: u32;
    const LIMIT: Duration;
}

struct Patient;

impl Limits for Patient {
    const MAX: u32 = 3;
    const LIMIT: Duration = Duration::from_secs(1);
}

struct Hasty;

impl Limits for Hasty {
    const MAX: u32 = 2;
    const LIMIT: Duration = Duration::from_secs(1);
}

struct Of<T> {
    flaky: Flaky,
    limits: std::marker::PhantomData<T>,
}

impl<T: Limits + Sync> Of<T> {
    const WHOLE: Duration = Duration::from_secs(5);

    fn new() -> Self {
        Self {
            flaky: Flaky::default(),
            limits: std::marker::PhantomData,
        }
    }

    #[idempotent(key = name)]
    #[circuit]
    #[timeout(Self::WHOLE)]
    #[retry(max = T::MAX, base = 1ms)]
    #[timeout(T::LIMIT)]
    async fn read<N: serde::Serialize + Sync>(&self, name: &N) -> Result<u32, E> {
        self.flaky.third().await
    }

    #[circuit]
    #[timeout(Self::WHOLE)]
    #[retry(max = T::MAX, base = 1ms)]
    #[timeout(T::LIMIT)]
    async fn write(&mut self, log: &mut Vec<u32>) -> Result<usize, E> {
        log.push(T::MAX);
        self.flaky.third().await?;
        Ok(log.len())
    }
}

#[tokio::test]
async fn methods_of_generic_impls() {
    assert_eq!(send(Of::<Patient>::new().read(&"a")).await.unwrap(), 3);
    let hasty = Of::<Hasty>::new();
    assert!(matches!(hasty.read(&"b").await, Err(E::NotYet)));
    let mut log = Vec::new();
    assert_eq!(Of::<Patient>::new().write(&mut log).await.unwrap(), 3);
    assert!(Of::<Hasty>::new().write(&mut log).await.is_err());
    assert_eq!(log, [3, 3, 3, 2, 2]);
}

// Native `async fn` in a trait, with and without a default body.

trait Fetch {
    const LIMIT: Duration = Duration::from_secs(1);

    fn flaky(&self) -> &Flaky;

    async fn fetch(&self, name: &str) -> Result<u32, E>;

    #[idempotent(key = name)]
    #[circuit]
    #[timeout(5s)]
    #[retry(base = 1ms)]
    #[timeout(Self::LIMIT)]
    async fn provided(&self, name: &str) -> Result<u32, E> {
        self.flaky().third().await
    }

    #[circuit]
    #[timeout(5s)]
    #[retry(base = 1ms)]
    async fn changed(&mut self, log: &mut Vec<u8>) -> Result<usize, E> {
        log.push(1);
        self.flaky().third().await?;
        Ok(log.len())
    }
}

impl Fetch for Flaky {
    fn flaky(&self) -> &Flaky {
        self
    }

    #[idempotent(key = name)]
    #[circuit]
    #[timeout(5s)]
    #[retry(base = 1ms)]
    #[timeout(Self::LIMIT)]
    async fn fetch(&self, name: &str) -> Result<u32, E> {
        self.third().await
    }
}

#[tokio::test]
async fn native_trait_methods() {
    assert_eq!(Flaky::default().fetch("a").await.unwrap(), 3);
    assert_eq!(Flaky::default().provided("a").await.unwrap(), 3);
    assert_eq!(Flaky::default().changed(&mut vec![]).await.unwrap(), 3);
}

mod without_a_prelude {
    //! Nothing is in scope but what is named.
    #![no_implicit_prelude]

    #[::resil::idempotent(key = n)]
    #[::resil::circuit]
    #[::resil::timeout(5s)]
    #[::resil::retry(base = 1ms, on(super::E::NotYet), clone(names))]
    #[::resil::timeout(1s)]
    pub(super) async fn f(
        flaky: &super::Flaky,
        n: u32,
        mut names: ::std::vec::Vec<u32>,
    ) -> ::core::result::Result<u32, super::E> {
        names.push(n);
        flaky.third().await?;
        ::core::result::Result::Ok(names[0])
    }
}

mod shadowed {
    //! Every name that generated code could have meant is another's here.
    #![allow(dead_code, non_camel_case_types, unused_macros)]

    pub(super) enum Result {}
    pub(super) enum Option {}
    pub(super) struct Ok;
    pub(super) struct Err;
    pub(super) struct Some;
    pub(super) struct None;
    pub(super) trait Clone {}
    pub(super) trait Future {}
    pub(super) struct bool;
    pub(super) struct u32;
    mod std {}
    mod core {}
    mod resil {}
    macro_rules! concat {
        () => {};
    }
    macro_rules! line {
        () => {};
    }
    macro_rules! module_path {
        () => {};
    }

    #[::resil::idempotent(key = n)]
    #[::resil::circuit(failures = 5)]
    #[::resil::timeout(5s)]
    #[::resil::retry(base = 1ms, on(super::E::NotYet), clone(names))]
    #[::resil::timeout(1s)]
    pub(super) async fn f(
        flaky: &super::Flaky,
        n: i64,
        mut names: Vec<i64>,
    ) -> ::core::result::Result<i64, super::E> {
        names.push(n);
        flaky.third().await?;
        ::core::result::Result::Ok(names[0])
    }
}

mod named_like_us {
    //! A fn named as each attribute is, with the attribute in scope.
    use super::{E, Flaky};
    use resil::{circuit, idempotent, retry, timeout};

    macro_rules! named {
        ($($name:ident)*) => {$(
            #[idempotent(key = n)]
            #[circuit]
            #[timeout(5s)]
            #[retry(base = 1ms)]
            #[timeout(1s)]
            pub(super) async fn $name(f: &Flaky, n: u32) -> Result<u32, E> {
                Ok(f.third().await? + n)
            }
        )*};
    }
    named!(circuit idempotent r#async);

    #[circuit]
    #[timeout(5s)]
    #[retry(base = 1ms)]
    #[timeout(1s)]
    pub(super) async fn retry(f: &Flaky, retry: u32, timeout: u32) -> Result<u32, E> {
        Ok(f.third().await? + retry + timeout)
    }

    #[idempotent(key = (resil, core))]
    #[timeout(5s)]
    #[retry(base = 1ms)]
    pub(super) async fn timeout(f: &Flaky, resil: u32, core: u32) -> Result<u32, E> {
        Ok(f.third().await? + resil + core)
    }
}

#[tokio::test]
async fn what_is_in_scope_does_not_matter() {
    let f = Flaky::default;
    assert_eq!(
        send(without_a_prelude::f(&f(), 7, vec![])).await.unwrap(),
        7
    );
    assert_eq!(send(shadowed::f(&f(), 8, vec![])).await.unwrap(), 8);
    assert_eq!(send(named_like_us::retry(&f(), 1, 1)).await.unwrap(), 5);
    assert_eq!(send(named_like_us::timeout(&f(), 1, 1)).await.unwrap(), 5);
    assert_eq!(send(named_like_us::circuit(&f(), 1)).await.unwrap(), 4);
    assert_eq!(send(named_like_us::idempotent(&f(), 1)).await.unwrap(), 4);
    assert_eq!(send(named_like_us::r#async(&f(), 1)).await.unwrap(), 4);
}

// `#[tokio::main]`, on a fn not called `main`: above or below, its runtime is around the policies.

#[retry(base = 1ms)]
#[timeout(5s)]
#[tokio::main(flavor = "current_thread")]
async fn main_below(f: &Flaky) -> Result<u32, E> {
    f.third().await
}

#[tokio::main(flavor = "current_thread")]
#[idempotent(key = n)]
#[circuit]
#[timeout(5s)]
#[retry(base = 1ms)]
#[timeout(1s)]
async fn main_above(f: &Flaky, n: u32) -> Result<u32, E> {
    Ok(f.third().await? + n)
}

#[test]
fn tokio_main_below_and_above() {
    assert_eq!(main_below(&Flaky::default()).unwrap(), 3);
    assert_eq!(main_above(&Flaky::default(), 1).unwrap(), 4);
}

// Parameters that are not always there.

#[idempotent(key = n)]
#[circuit]
#[timeout(5s)]
#[retry(base = 1ms, clone(there))]
#[timeout(1s)]
async fn configured(
    f: &Flaky,
    #[cfg(any())] gone: &mut Missing,
    #[cfg(not(any()))] log: &mut Vec<u8>,
    #[cfg(not(any()))] mut there: Vec<u8>,
    n: u32,
) -> Result<(usize, usize), E> {
    there.push(1);
    log.push(1);
    f.third().await?;
    Ok((log.len(), there.len()))
}

#[tokio::test]
async fn cfg_on_parameters() {
    let (f, mut log) = (Flaky::default(), Vec::new());
    assert_eq!(
        send(configured(&f, &mut log, vec![], 1)).await.unwrap(),
        (3, 1)
    );
}

// A macro that writes a macro that writes the function.

macro_rules! family {
    ($d:tt $make:ident, $limit:literal, $error:ty) => {
        macro_rules! $make {
                    ($d($d name:ident: $d max:expr, $d pattern:pat, $d body:block;)*) => {$d(
                        #[idempotent(key = n)]
                        #[circuit(failures = 5)]
                        #[timeout(5s)]
                        #[retry(max = $d max, base = 1ms, on($d pattern))]
                        #[timeout($limit)]
                        async fn $d name(f: &Flaky, n: u32) -> Result<u32, $error> {
                            let third = f.third().await?;
                            Ok(third + n + $d body)
                        }
                    )*};
                }
    };
}

family!($ nested, 1s, E);
nested! {
    from_nested: 1 + 2, E::NotYet, { 1 };
    from_nested_too: 4, E::NotYet | E::Resil(_), {
        let five = 5;
        five * 2
    };
}

#[tokio::test]
async fn nested_macros() {
    assert_eq!(send(from_nested(&Flaky::default(), 1)).await.unwrap(), 5);
    assert_eq!(
        send(from_nested_too(&Flaky::default(), 1)).await.unwrap(),
        14
    );
}
