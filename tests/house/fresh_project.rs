//! D6: checks crates whose only dependency is resil, under another name, and that have no features of
//! their own. Generated code needs nothing else, asks for no `cfg` of the user's, and finds the name by
//! itself.
//!
//! They are real projects, checked by a real cargo. They have the lock file of this workspace, and so
//! versions that are on the machine by the time that tests run.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

fn project(name: &str, edition: &str, main: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(dir.join("src")).expect("a folder");
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"{edition}\"\n\n[workspace]\n\n\
         [dependencies]\nrs = {{ path = \"{}\", package = \"resil\" }}\n",
        root.display()
    );
    fs::write(dir.join("Cargo.toml"), manifest).expect("a manifest");
    fs::write(dir.join("src/lib.rs"), main).expect("a source");
    fs::copy(root.join("Cargo.lock"), dir.join("Cargo.lock")).expect("a lock file");
    dir
}

fn check(dir: &Path) {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let out = Command::new(cargo)
        .args(["check", "--offline", "--quiet"])
        .current_dir(dir)
        // One target folder for all of them: what they depend on is built once.
        .env(
            "CARGO_TARGET_DIR",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("fresh"),
        )
        .env_remove("RUSTFLAGS")
        .output()
        .expect("cargo runs");
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{said}");
    assert!(!said.contains("warning"), "{said}");
}

const BODY: &str = r#"
#![deny(warnings)]
#![warn(unexpected_cfgs)]
use rs::{circuit, idempotent, retry, timeout};

#[derive(Debug, rs::Classify)]
pub enum PayError {
    #[permanent]
    Declined,
    #[classify(forward)]
    Resil(rs::Error),
}

impl From<rs::Error> for PayError {
    fn from(e: rs::Error) -> Self {
        Self::Resil(e)
    }
}

#[idempotent(key = (user, order))]
#[circuit(name = "pay")]
#[timeout(5s)]
#[retry(exponential, max = 5, jitter, unless(PayError::Declined))]
#[timeout(800ms)]
pub async fn charge(user: &str, order: u64) -> Result<u64, PayError> {
    if user.is_empty() { Err(PayError::Declined) } else { Ok(order) }
}
"#;

/// Replaces each of `changes` in the text of a file.
fn change(file: &Path, changes: &[(&str, &str)]) {
    let mut text = fs::read_to_string(file).expect("a file");
    for (from, to) in changes {
        assert!(text.contains(from), "`{from}` is not in {text}");
        text = text.replace(from, to);
    }
    fs::write(file, text).expect("a file");
}

#[test]
fn d6_a_project_with_nothing_but_resil_under_another_name() {
    for (name, edition) in [
        ("fresh-2018", "2018"),
        ("fresh-2021", "2021"),
        ("fresh-2024", "2024"),
    ] {
        check(&project(name, edition, BODY));
    }
}

#[test]
fn d6_the_name_comes_from_the_workspace() {
    let dir = project("fresh-workspace", "2024", BODY);
    let own = "[workspace]\n\n[dependencies]\nrs = {";
    let inherited = "[dependencies]\nrs = { workspace = true }\n\n[workspace.dependencies]\nrs = {";
    change(&dir.join("Cargo.toml"), &[(own, inherited)]);
    check(&dir);
}

#[test]
fn d6_the_name_is_told_to_an_attribute() {
    let told = [
        ("(user, order))", "(user, order), crate = rs)"),
        ("pub enum", "#[classify(crate = ::rs)]\npub enum"),
    ];
    let dir = project("fresh-told", "2024", BODY);
    change(&dir.join("src/lib.rs"), &told);
    check(&dir);
}

/// By a crate that hands resil on, which the compiler knows by another name: `extern crate` says
/// it once for the whole crate, in its root.
#[test]
fn d6_the_name_is_told_once_in_the_root() {
    let inner = format!(
        "pub mod api {{{}}}",
        BODY.replace("#![", "//").replace("rs::", "resil::")
    );
    let root = format!("#![deny(warnings)]\nextern crate fresh_middle as resil;\n\n{inner}");
    let middle = project("fresh-middle", "2024", "pub use rs::*;");
    let dir = project("fresh-root", "2024", &root);
    let path = format!("fresh-middle = {{ path = {middle:?} }}\n");
    let manifest = fs::read_to_string(dir.join("Cargo.toml")).expect("a manifest");
    let (own, _) = manifest.split_once("rs = ").expect("a dependency");
    fs::write(dir.join("Cargo.toml"), format!("{own}{path}")).expect("a manifest");
    change(&middle.join("Cargo.toml"), &[("[workspace]\n", "")]);
    check(&dir);
}

#[test]
fn d6_without_the_default_features() {
    let body = BODY.replace("idempotent, ", "").replace(
        "#[idempotent(key = (user, order))]\n#[circuit(name = \"pay\")]",
        "#[circuit(name = \"pay\")]",
    );
    let dir = project("fresh-bare", "2024", &body);
    let bare = (
        "package = \"resil\" }",
        "package = \"resil\", default-features = false }",
    );
    change(&dir.join("Cargo.toml"), &[bare]);
    check(&dir);
}
