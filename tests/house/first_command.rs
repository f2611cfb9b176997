//! Checks what the README's first command compiles: whoever tries resil waits for it.

use std::collections::BTreeSet;
use std::env;
use std::process::Command;

use serde_json::Value;

/// The crates that `cargo run --example checkout` may compile, those of resil and the shop among them.
const CRATES: usize = 105;

/// By the units that cargo plans, for Linux wherever this runs. A plan is unstable: it needs leave.
#[test]
fn the_first_command_compiles_what_the_shop_needs() {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let out = Command::new(cargo)
        .args(["build", "--example", "checkout", "--locked"])
        .args(["--target", "x86_64-unknown-linux-gnu"])
        .args(["-Zunstable-options", "--unit-graph"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("RUSTC_BOOTSTRAP", "1")
        .output()
        .expect("cargo runs");
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{said}");
    let plan: Value = serde_json::from_slice(&out.stdout).expect("a plan");
    let units = plan["units"].as_array().expect("units");
    let crates: BTreeSet<&str> = units
        .iter()
        .filter_map(|unit| unit["pkg_id"].as_str())
        .collect();
    assert!(
        crates.iter().any(|id| id.contains("#tokio@")),
        "{crates:#?}"
    );
    let count = crates.len();
    assert!(
        count <= CRATES,
        "{count} crates, and not {CRATES}: a dependency of the shop's brings more, or one that only tests of the root \
         need has switched on a feature of one of these:\n{crates:#?}"
    );
}
