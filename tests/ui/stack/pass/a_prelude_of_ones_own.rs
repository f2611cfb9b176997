//! A crate whose own names are those of the prelude: `Result` with one parameter, `Ok` of a status,
//! `Some` and `None` of a filter, a module `std`, a macro `matches`.
#![deny(warnings, unused_qualifications)]
#![allow(unused_macros)]
use resil::{circuit, idempotent, retry, timeout};

type Result<T> = ::std::result::Result<T, resil::Error>;

#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
enum Status {
    Ok,
    Err,
}

#[derive(Clone, PartialEq)]
enum Option {
    Some,
    None,
}

mod std {
    pub(crate) mod future {}
    pub(crate) fn drop() {}
}

macro_rules! matches {
    ($($any:tt)*) => {
        false
    };
}

mod probe {
    use super::Option::{self, None, Some};
    use super::Status::{self, Err, Ok};
    use super::*;

    #[idempotent(key = url)]
    #[circuit(failures = 5, key = url)]
    #[timeout(9s)]
    #[retry(base = 1ms, on_ok(Err), clone(filter, runs))]
    #[timeout(1s)]
    pub(crate) async fn status(
        url: &str,
        mut filter: Option,
        runs: &::std::cell::Cell<u32>,
    ) -> Result<Status> {
        std::drop();
        runs.set(runs.get() + 1);
        let wanted = filter == Some;
        filter = None;
        Result::Ok(if wanted && runs.get() == 3 && filter == None {
            Ok
        } else {
            Err
        })
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    let runs = ::std::cell::Cell::new(0);
    assert_eq!(
        probe::status("/", Option::Some, &runs).await,
        Result::Ok(Status::Ok)
    );
    assert_eq!(runs.get(), 3);
}
