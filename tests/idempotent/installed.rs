//! The default store of the process, in a process of its own: any other test's first call has used the
//! store in memory.

use resil::idempotency::store::{ByHand, Memory};
use resil::idempotency::{KeyOf, Shared, forget, install};
use resil::{Error, idempotent};

use crate::support::Record;
use crate::support::alone::{alone, does, passes};

#[tokio::test(start_paused = true)]
async fn a_store_is_installed_once_and_before_the_first_call() {
    if does("install") {
        return installs_a_store().await;
    }
    let this = "installed::a_store_is_installed_once_and_before_the_first_call";
    passes(alone(this, "install"));
}

async fn installs_a_store() {
    #[idempotent(key = u32::from(true), name = "on-the-installed-one")]
    async fn installed(r: &Record) -> Result<u32, Error> {
        Ok(r.attempt())
    }
    install(Shared::new(Memory::default())).expect("nothing was called before");
    assert!(install(Shared::new(Memory::default())).is_err());
    let r = Record::new();
    assert_eq!(installed(&r).await, Ok(1));
    assert_eq!(installed(&r).await, Ok(1));
    let key = KeyOf::new("on-the-installed-one").part(&1);
    assert_eq!(forget(key).await.unwrap(), ByHand::Changed);
    assert_eq!(installed(&r).await, Ok(2));
}
