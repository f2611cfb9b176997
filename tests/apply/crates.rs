//! Stacks of another crate, by path, by import and under other names.

use shared_policies::prelude::INTERNAL;
use shared_policies::{PAY, REPORT as REPORTS};

use crate::support::{Fault, Record, ms};

#[resil::apply(PAY)]
async fn charge(r: &Record) -> Result<u32, Fault> {
    Err(Fault::Network(r.attempt()))
}

#[resil::apply(shared_policies::PAY, retry(max = 2))]
async fn refund(r: &Record) -> Result<u32, Fault> {
    Err(Fault::Network(r.attempt()))
}

#[resil::apply(::shared_policies::internal::PAY)]
async fn internal(r: &Record) -> Result<u32, Fault> {
    Err(Fault::Network(r.attempt()))
}

#[resil::apply(INTERNAL, retry(max = 5))]
async fn under_another_name(r: &Record) -> Result<u32, Fault> {
    Err(Fault::Network(r.attempt()))
}

#[tokio::test(start_paused = true)]
async fn a_pub_stack_works_in_another_crate_under_each_of_its_names() {
    let calls: [(usize, Call); 4] = [
        (4, Box::new(|r| Box::pin(charge(r)))),
        (2, Box::new(|r| Box::pin(refund(r)))),
        (2, Box::new(|r| Box::pin(internal(r)))),
        (5, Box::new(|r| Box::pin(under_another_name(r)))),
    ];
    for (runs, call) in calls {
        let r = Record::new();
        assert!(call(&r).await.is_err());
        assert_eq!(r.count(), runs);
    }
}

type BoxFuture<'a> = std::pin::Pin<Box<dyn Future<Output = Result<u32, Fault>> + 'a>>;
type Call = Box<dyn Fn(&Record) -> BoxFuture<'_>>;

/// A constant of the same name, which the stack must not see.
#[allow(dead_code, reason = "it must not be seen")]
const ATTEMPT: std::time::Duration = ms(1);

impl Fault {
    fn status(&self) -> u16 {
        match self {
            Self::Http(status) => *status,
            _ => 0,
        }
    }
}

#[resil::apply(REPORTS)]
async fn report(r: &Record, status: u16) -> Result<u32, Fault> {
    r.attempt();
    Err(Fault::Http(status))
}

#[tokio::test(start_paused = true)]
async fn dollar_crate_is_the_crate_of_the_definition() {
    for (status, runs) in [(503, 3), (404, 1)] {
        let r = Record::new();
        assert_eq!(report(&r, status).await, Err(Fault::Http(status)));
        assert_eq!(r.count(), runs, "{status}");
    }

    #[resil::apply(PAY, circuit(name = "apply-crates-hangs"), retry(max = 1))]
    async fn hangs(_: &Record) -> Result<u32, Fault> {
        std::future::pending().await
    }
    let r = Record::new();
    assert!(matches!(
        hangs(&r).await,
        Err(Fault::Resil(resil::Error::Timeout { .. }))
    ));
    // The limit of an attempt, not this module's constant of the same name.
    assert_eq!(r.elapsed(), 800);
}
