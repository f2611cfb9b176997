//! D6: a crate whose only dependency is resil, under another name, and that has no features of its
//! own: generated code needs nothing else, and asks for no `cfg` of the user's.
//!
//! A real project, checked by a real cargo: it has the lock file and so the versions of this
//! workspace, which are all on the machine by the time that tests run.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

fn project(name: &str, edition: &str, main: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(dir.join("src")).expect("a folder");
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"{edition}\"\n\n[workspace]\n\n\
         [dependencies]\nrs = {{ path = {root:?}, package = \"resil\" }}\n"
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
#[classify(crate = rs)]
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

#[idempotent(key = (user, order), crate = rs)]
#[circuit(name = "pay")]
#[timeout(5s)]
#[retry(exponential, max = 5, jitter, unless(PayError::Declined))]
#[timeout(800ms)]
pub async fn charge(user: &str, order: u64) -> Result<u64, PayError> {
    if user.is_empty() { Err(PayError::Declined) } else { Ok(order) }
}
"#;

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
fn d6_without_the_default_features() {
    let body = BODY.replace("idempotent, ", "").replace(
        "#[idempotent(key = (user, order), crate = rs)]\n#[circuit(name = \"pay\")]",
        "#[circuit(name = \"pay\", crate = rs)]",
    );
    let dir = project("fresh-bare", "2024", &body);
    let manifest = fs::read_to_string(dir.join("Cargo.toml")).expect("a manifest");
    let manifest = manifest.replace(
        "package = \"resil\" }",
        "package = \"resil\", default-features = false }",
    );
    fs::write(dir.join("Cargo.toml"), manifest).expect("a manifest");
    check(&dir);
}
