//! The process of the server: this test program, started once more, runs the example.

use std::process::exit;

/// Set in the process of a server: the arguments of the example, with tabs between.
pub(crate) const TOLD: &str = "RESIL_SHUTDOWN_SERVER";

/// Does nothing in the test program itself.
#[test]
fn child() {
    let Ok(told) = std::env::var(TOLD) else {
        return;
    };
    let arguments = told.split('\t').map(str::to_owned).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    match runtime.block_on(crate::example::serve(arguments)) {
        Ok(true) => exit(0),
        Ok(false) => exit(1),
        Err(e) => {
            eprintln!("{e}");
            exit(2)
        }
    }
}
