//! A rate limit: governor.

use std::num::NonZero;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use super::forever;
use crate::harness::Contestant;
use crate::work::{Fault, work};

fn governor(quota: Quota) -> &'static DefaultDirectRateLimiter {
    forever(RateLimiter::direct(quota))
}

fn around(quota: Quota) -> Contestant {
    Contestant::ready("governor", move || {
        let limit = governor(quota);
        move |n| async move {
            limit.check().map_err(|_| Fault::Refused)?;
            work(n).await
        }
    })
}

pub(crate) fn let_in() -> Vec<Contestant> {
    let billion = NonZero::new(1_000_000_000).expect("not zero");
    vec![around(Quota::per_second(billion))]
}

pub(crate) fn refused() -> Vec<Contestant> {
    vec![around(Quota::per_hour(NonZero::<u32>::MIN))]
}
