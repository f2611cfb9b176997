//! Runs a test in a process of its own, where no other one has done anything before it.

use std::process::Command;

/// Set in that process: what the test does there.
const DOES: &str = "ALONE_IN_A_TEST";

/// Returns whether this is the process in which a test does `what`.
pub(crate) fn does(what: &str) -> bool {
    std::env::var_os(DOES).is_some_and(|does| does == what)
}

/// Returns the command that runs the test of this name by itself, to do `what`. It has none of the variables that say where
/// the servers of other tests are: they begin as settings of resil's do.
pub(crate) fn alone(test: &str, what: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("RESIL_TEST_") {
            command.env_remove(name);
        }
    }
    command.args(["--exact", test]).env(DOES, what);
    command
}

/// Runs it. Panics unless that one test passes.
pub(crate) fn passes(mut command: Command) {
    let ran = command.output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && said.contains("1 passed"), "{said}");
}
