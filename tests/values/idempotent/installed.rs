//! The default store of the process, in a process of its own: any other test's first call has used the
//! store in memory.

use std::process::Command;

use resil::idempotency::store::Memory;
use resil::idempotency::{IdempotentPolicy, InstallError, KeyOf, Shared, install};
use resil::{Error, idempotent};

use crate::support::Record;

/// Set in the process that installs a store.
const ALONE: &str = "RESIL_INSTALLS_A_STORE";

/// Runs the test of that name by itself, with `does` in its environment.
fn alone(test: &str, does: &str) {
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test])
        .env(ALONE, does)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn values_use_the_installed_store() {
    if std::env::var_os(ALONE).is_none_or(|does| does != "install") {
        return alone(
            "idempotent::installed::values_use_the_installed_store",
            "install",
        );
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
    if std::env::var_os(ALONE).is_none_or(|does| does != "use") {
        return alone(
            "idempotent::installed::a_value_that_was_run_has_used_the_store_in_memory",
            "use",
        );
    }
    const ONCE: IdempotentPolicy = IdempotentPolicy::new();
    ONCE.run(&1, || async { Ok::<(), Error>(()) })
        .await
        .unwrap();
    let refused = install(Shared::new(Memory::default()));
    assert_eq!(refused, Err(InstallError::InUse));
}
