//! What `./test` exports: where the servers and the programs are that some tests need. Shared by all targets that
//! have such tests, so that none of these is left out in silence.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

/// Returns what is exported under this name. If there is nothing, the tests that need it are [`left_out`].
pub(crate) fn exported(name: &str) -> Option<String> {
    let value = std::env::var(name).ok();
    if value.is_none() {
        left_out(&format!("tests that need {name}"));
    }
    value
}

/// Says, once, that tests are left out.
///
/// # Panics
///
/// If `RESIL_TEST_ALL` is set, as it is in CI: there nothing may be left out.
pub(crate) fn left_out(tests: &str) {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let line = format!("LEFT OUT: {tests}. `./test` brings what they need, and runs all.");
    assert!(std::env::var_os("RESIL_TEST_ALL").is_none(), "{line}");
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    if said.insert(tests.to_owned()) {
        // Not `eprintln!`: that is kept from view as long as the test passes.
        let _ = std::io::stderr().write_all(format!("\n{line}\n").as_bytes());
    }
}
