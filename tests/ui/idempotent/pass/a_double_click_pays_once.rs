//! A key of several parts; the second call replays the first one's receipt, another key is another
//! payment, and the same key with another amount is refused.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;

use resil::{Error, IdempotencyError, idempotent};
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
struct Order {
    id: u64,
    cents: i64,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Receipt {
    number: u32,
    cents: i64,
}

struct Till {
    printed: Cell<u32>,
}

impl Till {
    #[idempotent(name = "pay", key = (user, "payment", order.id), fingerprint = (order, currency))]
    async fn pay(
        &self,
        user: &str,
        order: &Order,
        currency: &'static str,
    ) -> Result<Receipt, Error> {
        self.printed.set(self.printed.get() + 1);
        Ok(Receipt {
            number: self.printed.get(),
            cents: order.cents,
        })
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    let till = Till {
        printed: Cell::new(0),
    };
    let order = Order { id: 7, cents: 995 };
    let first = till.pay("ada", &order, "eur").await;
    assert_eq!(
        first,
        Ok(Receipt {
            number: 1,
            cents: 995
        })
    );
    assert_eq!(till.pay("ada", &order, "eur").await, first);
    assert_eq!(
        till.pay("bob", &order, "eur").await.map(|r| r.number),
        Ok(2)
    );
    let more = Order {
        id: 7,
        cents: 9_950,
    };
    for (order, currency) in [(&more, "eur"), (&order, "usd")] {
        let reused = till.pay("ada", order, currency).await;
        let Err(Error::Idempotency(IdempotencyError::KeyReused { name, .. })) = reused else {
            panic!("another request under this key: {reused:?}");
        };
        assert_eq!(name, "pay");
    }
    assert_eq!(till.printed.get(), 2);
}
