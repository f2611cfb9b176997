//! What the expressions of a stack may name: whatever they could name on the function.

use std::time::Duration;

use crate::support::{Fault, Record, ms};

/// Its own module, in which nothing is that the stack names.
mod policies {
    resil::stack! {
        /// Names a constant, an argument and `self`, of the function that it is applied to.
        pub(crate) PER_CALL = #[idempotent(key = (self.tenant, order.id, format!("{order:?}")))]
            #[timeout(limit)]
            #[retry(max = TRIES, constant, base = 1ms, jitter = none, attempt = run, on(Fault::Network(_)))];
    }
}

const TRIES: u32 = 3;

#[derive(Debug)]
struct Order {
    id: u32,
}

struct Shop {
    tenant: u32,
}

impl Shop {
    #[resil::apply(policies::PER_CALL)]
    async fn charge(&self, r: &Record, order: &Order, limit: Duration) -> Result<u32, Fault> {
        r.attempt();
        if run < TRIES {
            return Err(Fault::Network(run));
        }
        Ok(self.tenant * 100 + order.id * 10 + run)
    }
}

#[tokio::test(start_paused = true)]
async fn names_mean_what_they_mean_at_the_function() {
    let r = Record::new();
    let order = Order { id: 4 };
    let shops = [Shop { tenant: 1 }, Shop { tenant: 2 }];
    assert_eq!(shops[0].charge(&r, &order, ms(9)).await, Ok(143));
    assert_eq!(shops[0].charge(&r, &order, ms(9)).await, Ok(143));
    assert_eq!(r.count(), 3, "the second call is a replay");
    assert_eq!(shops[1].charge(&r, &order, ms(9)).await, Ok(243));
    assert_eq!(r.count(), 6);
    // The limit is the argument: no attempt after it.
    let late = shops[1].charge(&r, &Order { id: 5 }, ms(1)).await;
    assert_eq!(late, Err(Fault::Network(1)));
}

/// Functions and stacks out of a macro: the names of the one are those of the other.
macro_rules! fetchers {
    ($stack:ident, $function:ident, $max:expr, $limit:literal) => {
        resil::stack! {
            $stack = #[idempotent(key = id)] #[timeout($limit)] #[retry(max = $max, constant, base = 1ms)];
        }
        #[resil::apply($stack)]
        async fn $function(r: &Record, id: u32) -> Result<u32, Fault> {
            Err(Fault::Network(r.attempt() + id))
        }
    };
}
fetchers!(TWICE, twice, 1 + 1, 5s);
fetchers!(THRICE, thrice, 3, 5s);

macro_rules! under {
    ($stack:path, $function:ident) => {
        #[resil::apply($stack, retry(max = 4))]
        async fn $function(r: &Record, id: u32) -> Result<u32, Fault> {
            Err(Fault::Network(r.attempt() + id))
        }
    };
}
under!(self::TWICE, four_times);

#[tokio::test(start_paused = true)]
async fn names_meet_where_a_macro_writes_them() {
    let r = Record::new();
    assert!(twice(&r, 1).await.is_err());
    assert_eq!(r.count(), 2);
    assert!(thrice(&r, 1).await.is_err());
    assert_eq!(r.count(), 5);
    assert!(four_times(&r, 1).await.is_err());
    assert_eq!(r.count(), 9);
}
