//! What rustc does for a project, counted: its instructions, and the lines of code that it gives LLVM.

use std::fs;
use std::io;
use std::path::PathBuf;

use super::compile::Project;

/// Runs rustc under cachegrind. Cargo also asks it for its version; that run has a file of its own.
const UNDER_CACHEGRIND: &str = r#"#!/bin/sh
rustc=$1
shift
exec valgrind --tool=cachegrind --cache-sim=no --quiet --trace-children=yes \
    --cachegrind-out-file="$RESIL_COUNTS/%p" "$rustc" "$@"
"#;

/// Counts the instructions of rustc in a `cargo check` or a `cargo build`, its threads included, and not those of the
/// linker. What the project depends on is compiled before.
pub(super) fn instructions(project: &Project, command: &str) -> io::Result<f64> {
    run(project, &[command], None)?;
    let wrapper = project.dir.join("under-cachegrind");
    fs::write(&wrapper, UNDER_CACHEGRIND)?;
    executable(&wrapper)?;
    let counts = project.dir.join("counts");
    if counts.exists() {
        fs::remove_dir_all(&counts)?;
    }
    fs::create_dir(&counts)?;
    project.touch()?;
    run(project, &[command], Some((&wrapper, &counts)))?;
    let mut most: f64 = 0.0;
    for file in fs::read_dir(&counts)? {
        let written = fs::read_to_string(file?.path())?;
        let mut lines = written.lines();
        let is_rustc = lines
            .clone()
            .any(|l| l.starts_with("cmd:") && l.contains("--crate-name"));
        let summary = lines.find_map(|l| l.strip_prefix("summary:"));
        if let (true, Some(count)) = (is_rustc, summary.and_then(|s| s.trim().parse().ok())) {
            most = most.max(count);
        }
    }
    if most > 0.0 {
        Ok(most)
    } else {
        Err(io::Error::other("cachegrind counted no run of rustc"))
    }
}

/// Counts the lines of the functions that a debug build gives to LLVM.
pub(super) fn llvm_lines(project: &Project) -> io::Result<f64> {
    let emitted = project.dir.join("emitted.ll");
    let emit = format!("--emit=llvm-ir={}", emitted.display());
    project.touch()?;
    run(
        project,
        &["rustc", "--", &emit, "-Ccodegen-units=1", "-Cdebuginfo=0"],
        None,
    )?;
    let mut is_inside = false;
    let mut lines = 0;
    for line in fs::read_to_string(&emitted)?.lines() {
        is_inside |= line.starts_with("define ");
        lines += u32::from(is_inside);
        is_inside &= !line.starts_with('}');
    }
    Ok(f64::from(lines))
}

fn run(project: &Project, args: &[&str], under: Option<(&PathBuf, &PathBuf)>) -> io::Result<()> {
    let mut cargo = project.cargo(&args[..1]);
    cargo.args(&args[1..]);
    if let Some((wrapper, counts)) = under {
        cargo.env("RUSTC_WORKSPACE_WRAPPER", wrapper);
        cargo.env("RESIL_COUNTS", counts);
    }
    let out = cargo.output()?;
    if out.status.success() {
        Ok(())
    } else {
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        Err(io::Error::other(said))
    }
}

#[cfg(unix)]
fn executable(file: &PathBuf) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755))
}
