//! Stores by expression, by path and by name; one name in two versions of the program.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;
use std::sync::LazyLock;

use resil::idempotency::store::Memory;
use resil::idempotency::{Shared, install_named};
use resil::{Error, IdempotencyError, idempotent};

static INVOICES: LazyLock<Shared> = LazyLock::new(|| Shared::new(Memory::default()));
const SECOND: u32 = 2;

struct Shop {
    store: Shared,
    sold: Cell<u32>,
}

impl Shop {
    fn new(namespace: &str) -> Self {
        let store = Shared::new(Memory::default()).namespace(namespace);
        Self {
            store,
            sold: Cell::new(0),
        }
    }

    fn sell(&self) -> u32 {
        self.sold.set(self.sold.get() + 1);
        self.sold.get()
    }

    #[idempotent(name = "sale", key = basket, store = self.store)]
    async fn sale(&self, basket: u32) -> Result<u32, Error> {
        Ok(self.sell())
    }

    #[idempotent(name = "sale", key = basket, store(&self.store), version(SECOND))]
    async fn sale_of_the_new_release(&self, basket: u32) -> Result<u32, Error> {
        Ok(self.sell())
    }

    #[idempotent(name = "invoice", key = basket, store = INVOICES)]
    async fn invoice(&self, basket: u32) -> Result<u32, Error> {
        Ok(self.sell())
    }

    #[idempotent(name = "gift", key = basket, store = "gifts")]
    async fn gift(&self, basket: u32) -> Result<u32, Error> {
        Ok(self.sell())
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    install_named("gifts", Shared::new(Memory::default())).expect("the first of that name");
    let (one, two) = (Shop::new("one"), Shop::new("two"));
    assert_eq!(
        (one.sale(1).await, one.sale(1).await, two.sale(1).await),
        (Ok(1), Ok(1), Ok(1))
    );
    let newer = one.sale_of_the_new_release(1).await;
    let Err(Error::Idempotency(IdempotencyError::Undecodable { name, .. })) = newer else {
        panic!("a result of another version: {newer:?}");
    };
    assert_eq!(name, "sale");
    assert_eq!((one.invoice(1).await, two.invoice(1).await), (Ok(2), Ok(2)));
    assert_eq!((two.gift(1).await, one.gift(1).await), (Ok(2), Ok(2)));
    resil::idempotency::drain().await;
}
