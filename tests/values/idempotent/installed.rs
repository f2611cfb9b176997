//! The default store of the process, in a process of its own: any other test's first call has used the
//! store in memory.

use resil::idempotency::store::Memory;
use resil::idempotency::{IdempotentPolicy, InstallError, KeyOf, Shared, install};
use resil::{Error, idempotent};

use crate::support::Record;
use crate::support::alone::{alone, does, passes};

#[tokio::test(start_paused = true)]
async fn values_use_the_installed_store() {
    if !does("install") {
        let this = "idempotent::installed::values_use_the_installed_store";
        return passes(alone(this, "install"));
    }
    const ONCE: IdempotentPolicy = IdempotentPolicy::new().name("values.installed");
    #[idempotent(name = "values.installed", key = id)]
    async fn annotated(r: &Record, id: u32) -> Result<u32, Error> {
        Ok(r.attempt())
    }
    let store = Shared::new(Memory::default());
    install(store.clone()).expect("nothing was called before");
    let r = Record::new();
    assert_eq!(
        ONCE.run(&1, || async { Ok::<_, Error>(r.attempt()) }).await,
        Ok(1)
    );
    assert_eq!(annotated(&r, 1).await, Ok(1));
    let key = KeyOf::new("values.installed").part(&1);
    assert!(store.lookup(key).await.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_value_that_was_run_has_used_the_store_in_memory() {
    if !does("use") {
        let this = "idempotent::installed::a_value_that_was_run_has_used_the_store_in_memory";
        return passes(alone(this, "use"));
    }
    const ONCE: IdempotentPolicy = IdempotentPolicy::new();
    ONCE.run(&1, || async { Ok::<(), Error>(()) })
        .await
        .unwrap();
    let refused = install(Shared::new(Memory::default()));
    assert_eq!(refused, Err(InstallError::InUse));
}
