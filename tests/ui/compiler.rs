//! The compiler whose messages the `.stderr` files quote.

use std::env;
use std::process::Command;

/// CONTRIBUTING.md says how to move it.
const RUSTC: &str = "1.95";

/// Fails on any other compiler: each of them words its own errors differently.
pub(crate) fn assert_pinned() {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output();
    let version = version.expect("rustc runs").stdout;
    let version = String::from_utf8_lossy(&version);
    assert!(
        version.starts_with(&format!("rustc {RUSTC}.")) || env::var_os("RESIL_UI_ANY").is_some(),
        "the expected messages are those of rustc {RUSTC}, and this is {}: run with RESIL_UI_ANY=1 \
         to compare them all the same. CONTRIBUTING.md says how to move to another compiler.",
        version.trim()
    );
}
