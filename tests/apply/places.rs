//! Where a stack may be defined, and where it may be applied.

use crate::support::{Fault, Record};

/// Runs into its last attempt and says how many there were.
macro_rules! attempts {
    ($call:expr) => {{
        let r = Record::new();
        assert!($call(&r).await.is_err());
        r.count()
    }};
}

// The definitions are below: order does not matter.
#[resil::apply(policies::OPEN)]
async fn by_path(r: &Record) -> Result<u32, Fault> {
    Err(Fault::Network(r.attempt()))
}

#[resil::apply(crate::places::policies::deep::DEEP)]
async fn by_whole_path(r: &Record) -> Result<u32, Fault> {
    Err(Fault::Network(r.attempt()))
}

#[resil::apply(HERE)]
async fn by_name(r: &Record) -> Result<u32, Fault> {
    Err(Fault::Network(r.attempt()))
}

#[resil::apply(self::RENAMED)]
async fn by_another_name(r: &Record) -> Result<u32, Fault> {
    Err(Fault::Network(r.attempt()))
}

mod policies {
    resil::stack! {
        /// For the crate.
        pub(crate) OPEN = #[retry(max = 2, constant, base = 1ms)];
        pub(super) ABOVE = #[resil::retry(max = 4, constant, base = 1ms)];
        pub(in crate::places) INSIDE = #[::resil::retry(max = 5, constant, base = 1ms)];
    }

    pub(crate) mod deep {
        resil::stack! {
            pub(crate) DEEP = #[retry(max = 3, constant, base = 1ms)];
        }

        #[resil::apply(super::INSIDE)]
        pub(crate) async fn a_parents(
            r: &crate::support::Record,
        ) -> Result<u32, crate::support::Fault> {
            Err(crate::support::Fault::Network(r.attempt()))
        }
    }
}

resil::stack! {
    HERE = #[retry(max = 6, constant, base = 1ms)];
    #[cfg(any())]
    HERE = #[retry(max = 60, constant, base = 1ms)];
}
use policies::ABOVE as RENAMED;
use resil::apply as under;

#[under(RENAMED)]
async fn under_another_attribute_name(r: &Record) -> Result<u32, Fault> {
    Err(Fault::Network(r.attempt()))
}

#[tokio::test(start_paused = true)]
async fn modules_paths_names_and_visibilities() {
    assert_eq!(attempts!(by_path), 2);
    assert_eq!(attempts!(by_whole_path), 3);
    assert_eq!(attempts!(by_name), 6);
    assert_eq!(attempts!(by_another_name), 4);
    assert_eq!(attempts!(under_another_attribute_name), 4);
    assert_eq!(attempts!(policies::deep::a_parents), 5);
}

#[tokio::test(start_paused = true)]
async fn inside_a_function() {
    #[resil::apply(LOCAL)]
    async fn before(r: &Record) -> Result<u32, Fault> {
        Err(Fault::Network(r.attempt()))
    }
    resil::stack! {
        LOCAL = #[retry(max = 2, constant, base = 1ms)];
        pub EXPORTED = #[retry(max = 3, constant, base = 1ms)];
    }
    #[resil::apply(EXPORTED)]
    async fn behind(r: &Record) -> Result<u32, Fault> {
        #[resil::apply(HERE, retry(max = 7))]
        async fn inner(r: &Record) -> Result<u32, Fault> {
            Err(Fault::Network(r.attempt()))
        }
        assert_eq!(attempts!(inner), 7);
        Err(Fault::Network(r.attempt()))
    }
    assert_eq!(attempts!(before), 2);
    assert_eq!(attempts!(behind), 3);
}

/// Stacks of one name in several modules, all of them `pub`: their macros share the crate's root.
#[allow(unreachable_pub, reason = "they are `pub` for that")]
mod same_name {
    macro_rules! module {
        ($module:ident, $max:literal) => {
            pub(super) mod $module {
                resil::stack! {
                    pub PAY = #[retry(max = $max, constant, base = 1ms)];
                }
            }
        };
    }
    module!(two, 2);
    module!(three, 3);
    pub(super) mod four {
        resil::stack! {
            pub PAY = #[retry(max = 4, constant, base = 1ms)];
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_name_in_several_modules() {
    #[resil::apply(same_name::two::PAY)]
    async fn two(r: &Record) -> Result<u32, Fault> {
        Err(Fault::Network(r.attempt()))
    }
    #[resil::apply(same_name::three::PAY)]
    async fn three(r: &Record) -> Result<u32, Fault> {
        Err(Fault::Network(r.attempt()))
    }
    #[resil::apply(same_name::four::PAY)]
    async fn four(r: &Record) -> Result<u32, Fault> {
        Err(Fault::Network(r.attempt()))
    }
    assert_eq!(attempts!(two), 2);
    assert_eq!(attempts!(three), 3);
    assert_eq!(attempts!(four), 4);
}

struct Client<T> {
    seen: T,
}

trait Fetch {
    async fn provided(&self, r: &Record) -> Result<u32, Fault>;

    #[resil::apply(HERE, retry(max = 2))]
    async fn by_default(&mut self, r: &Record) -> Result<u32, Fault> {
        Err(Fault::Network(r.attempt()))
    }
}

impl<T: AsRef<str>> Client<T> {
    #[resil::apply(HERE)]
    async fn inherent<'a, const N: usize>(
        &'a self,
        r: &Record,
        _: [u8; N],
    ) -> Result<&'a str, Fault>
    where
        T: Clone,
    {
        let _: &'a str = self.seen.as_ref();
        Err(Fault::Network(r.attempt()))
    }

    #[resil::apply(HERE, retry(max = 3))]
    async fn associated(r: &Record) -> Result<T, Fault> {
        Err(Fault::Network(r.attempt()))
    }
}

impl<T: AsRef<str>> Fetch for Client<T> {
    #[resil::apply(policies::OPEN)]
    async fn provided(&self, r: &Record) -> Result<u32, Fault> {
        Err(Fault::Network(r.attempt()))
    }
}

#[async_trait::async_trait]
trait Dynamic: Sync {
    async fn provided(&self, r: &Record) -> Result<u32, Fault>;

    #[resil::apply(HERE, retry(max = 4))]
    async fn by_default(&self, r: &Record) -> Result<u32, Fault> {
        Err(Fault::Network(r.attempt()))
    }
}

#[async_trait::async_trait]
impl<T: AsRef<str> + Sync> Dynamic for Client<T> {
    #[tracing::instrument(skip_all)]
    #[resil::apply(policies::OPEN)]
    async fn provided(&self, r: &Record) -> Result<u32, Fault> {
        Err(Fault::Network(r.attempt()))
    }
}

#[tokio::test(start_paused = true)]
async fn methods_traits_and_generics() {
    let mut client = Client { seen: "x" };
    let r = Record::new();
    assert!(client.inherent(&r, [1]).await.is_err());
    assert_eq!(r.count(), 6);
    assert_eq!(attempts!(Client::<String>::associated), 3);
    assert_eq!(attempts!(|r| Fetch::provided(&client, r)), 2);
    let r = Record::new();
    assert!(Fetch::by_default(&mut client, &r).await.is_err());
    assert_eq!(r.count(), 2);
    let client: &dyn Dynamic = &client;
    assert_eq!(attempts!(|r| client.provided(r)), 2);
    assert_eq!(attempts!(|r| client.by_default(r)), 4);
}

#[test]
fn a_function_that_is_not_async() {
    resil::stack! {
        BLOCKING = #[circuit(failures = 9)] #[retry(max = 2, constant, base = 1us)];
    }
    #[resil::apply(BLOCKING, fallback(runs.get()))]
    fn blocking(runs: &std::cell::Cell<u32>) -> Result<u32, Fault> {
        runs.set(runs.get() + 1);
        Err(Fault::Final)
    }
    assert_eq!(blocking(&std::cell::Cell::new(0)), Ok(2));
}

#[resil::apply(HERE)]
#[tokio::test(start_paused = true)]
async fn a_test_above_which_it_stands() -> Result<(), Fault> {
    static RUNS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    match RUNS.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
        3 => Ok(()),
        n => Err(Fault::Network(n)),
    }
}

#[tokio::test(start_paused = true)]
#[resil::apply(HERE)]
#[cfg_attr(all(), resil::timeout(9s))]
async fn a_test_below_which_it_stands() -> Result<(), Fault> {
    static RUNS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    match RUNS.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
        3 => Ok(()),
        n => Err(Fault::Network(n)),
    }
}
