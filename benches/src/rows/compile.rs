//! What compiling costs: the dependency tree, and a thousand annotated functions.
//!
//! Each is a project of its own, written here and built by a real cargo, with the versions of this
//! package's lock file.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{rustc, thousand};
use crate::harness::valgrind::on_all_cores;
use crate::harness::{Measured, Outcome, Unit, interleave};

/// The folder of this package.
const HERE: &str = env!("CARGO_MANIFEST_DIR");

/// Features of tokio that every project asks for: what a timer needs. Its `macros` are five more crates, of which a
/// project with resil has four already.
const TOKIO: &str =
    r#"tokio = { version = "1.50", default-features = false, features = ["rt", "time"] }"#;

/// What the names of the rows begin with.
pub const CRATES: &str = "crates with retry, timeout, circuit";
pub const CLEAN_BUILD: &str = "building them, clean";
pub const ONE_FUNCTION: &str = "one function, ";
pub const THOUSAND_FUNCTIONS: &str = "1000 functions, ";

/// All of these.
pub const ROWS: [&str; 4] = [CRATES, CLEAN_BUILD, ONE_FUNCTION, THOUSAND_FUNCTIONS];

/// A project whose only source is `main.rs`.
pub(super) struct Project {
    pub(super) dir: PathBuf,
}

impl Project {
    fn new(name: &str, dependencies: &str, main: &str) -> io::Result<Self> {
        let dir = Path::new(HERE).join("target/projects").join(name);
        fs::create_dir_all(dir.join("src"))?;
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [workspace]\n\n[dependencies]\n{dependencies}\n"
        );
        fs::write(dir.join("Cargo.toml"), manifest)?;
        fs::write(dir.join("src/main.rs"), main)?;
        fs::copy(Path::new(HERE).join("Cargo.lock"), dir.join("Cargo.lock"))?;
        Ok(Self { dir })
    }

    pub(super) fn cargo(&self, args: &[&str]) -> Command {
        let mut cargo = Command::new("cargo");
        // Not those of the `cargo run` that this is running under.
        for name in ["RUSTFLAGS", "CARGO_TARGET_DIR", "CARGO", "RUSTUP_TOOLCHAIN"] {
            cargo.env_remove(name);
        }
        cargo.args(args).arg("--offline").arg("--quiet");
        cargo.current_dir(&self.dir).env("CARGO_INCREMENTAL", "0");
        cargo
    }

    /// Runs cargo: seconds of CPU time of it and all that it starts.
    fn seconds(&self, args: &[&str]) -> io::Result<f64> {
        let cargo = self.cargo(args);
        let mut bash = Command::new("bash");
        bash.args([
            "-c",
            "TIMEFORMAT='resil-benches %U %S'; time \"$@\"",
            "bash",
        ]);
        bash.arg(cargo.get_program()).args(cargo.get_args());
        bash.current_dir(&self.dir);
        for (name, value) in cargo.get_envs() {
            match value {
                Some(value) => bash.env(name, value),
                None => bash.env_remove(name),
            };
        }
        let out = bash.output()?;
        let said = String::from_utf8_lossy(&out.stderr);
        if !out.status.success() {
            let dir = self.dir.display();
            return Err(io::Error::other(format!("{dir}: {said}")));
        }
        let times = said.lines().find_map(|l| l.strip_prefix("resil-benches "));
        let times = times.ok_or_else(|| io::Error::other("bash told no time"))?;
        Ok(times
            .split_whitespace()
            .filter_map(|t| t.parse::<f64>().ok())
            .sum())
    }

    /// Makes cargo compile the project itself anew, and what it depends on not.
    pub(super) fn touch(&self) -> io::Result<()> {
        let main = fs::File::options()
            .write(true)
            .open(self.dir.join("src/main.rs"))?;
        main.set_modified(std::time::SystemTime::now())
    }

    /// Returns the crates that it depends on, by name and version.
    fn crates(&self) -> io::Result<BTreeSet<String>> {
        let tree = ["tree", "-e", "normal,build", "--prefix", "none"];
        let out = self.cargo(&tree).args(["--format", "{p}"]).output()?;
        if !out.status.success() {
            let said = String::from_utf8_lossy(&out.stderr);
            return Err(io::Error::other(said.into_owned()));
        }
        let listed = String::from_utf8_lossy(&out.stdout);
        // The first line is the project itself.
        let crates = listed.lines().skip(1).filter(|l| !l.is_empty());
        let name_and_version = |l: &str| l.split(' ').take(2).collect::<Vec<_>>().join(" ");
        Ok(crates.map(name_and_version).collect())
    }
}

fn resil(features: &str) -> String {
    let root = Path::new(HERE).parent().unwrap_or(Path::new("/"));
    format!("resil = {{ path = \"{}\", {features} }}", root.display())
}

/// Measures what a project depends on: how many crates, and how long they take to compile, so many times.
///
/// # Errors
///
/// If cargo can't do it.
pub fn dependencies(rounds: usize) -> io::Result<Vec<Outcome>> {
    let ours = resil("default-features = false");
    let whole = resil("features = []");
    let all: [(&'static str, &str); 8] = [
        ("tokio", ""),
        ("resil", &ours),
        ("resil, with idempotent", &whole),
        ("backon", "backon = \"1\""),
        ("recloser", "recloser = \"1\""),
        ("failsafe", "failsafe = \"1\""),
        (
            "tower",
            "tower = { version = \"0.5\", features = [\"full\"] }",
        ),
        (
            "backon, failsafe, governor, moka",
            "backon = \"1\"\nfailsafe = \"1\"\ngovernor = \"0.10\"\nmoka = { version = \"0.12\", features = [\"future\"] }",
        ),
    ];
    let mut counts = Vec::new();
    let mut built = Vec::new();
    for (name, dependency) in all {
        let project = Project::new(
            &format!("tree-{}", name.replace([',', ' '], "-")),
            &format!("{TOKIO}\n{dependency}"),
            "fn main() {}\n",
        )?;
        let crates = project.crates()?;
        let of_ours = |name: &&String| name.starts_with("resil");
        let count = crates.len() - crates.iter().filter(of_ours).count();
        counts.push(Measured::new(name, vec![count as f64]));
        if !name.contains("with") {
            built.push((name, project));
        }
    }
    let seconds = interleaved(built.len(), rounds, |at| {
        let (_, project) = &built[at];
        let target = project.dir.join("target");
        if target.exists() {
            fs::remove_dir_all(&target)?;
        }
        project.seconds(&["build"])
    })?;
    let seconds = built.iter().zip(seconds);
    let of = |row: &str, unit, measured| Outcome {
        row: row.to_owned(),
        unit,
        base: "tokio",
        measured,
        unfit: None,
    };
    Ok(vec![
        of(CRATES, Unit::Crates, counts),
        of(
            CLEAN_BUILD,
            Unit::Seconds,
            seconds
                .map(|((name, _), seconds)| Measured::new(name, seconds))
                .collect(),
        ),
    ])
}

/// Gives each a turn a round, as [`interleave`] does, until one fails.
fn interleaved(
    len: usize,
    rounds: usize,
    mut turn: impl FnMut(usize) -> io::Result<f64>,
) -> io::Result<Vec<Vec<f64>>> {
    let mut failed = None;
    let figures = interleave(len, rounds, |at| {
        if failed.is_some() {
            return f64::NAN;
        }
        turn(at).unwrap_or_else(|e| {
            failed = Some(e);
            f64::NAN
        })
    });
    failed.map_or(Ok(figures), Err)
}

/// Returns how many crates resil depends on without `idempotent`, its own left out.
///
/// # Errors
///
/// If cargo can't tell.
pub fn crates_without_idempotent() -> io::Result<usize> {
    let ours = resil("default-features = false");
    let both = format!("{TOKIO}\n{ours}");
    let project = Project::new("tree-resil", &both, "fn main() {}\n")?;
    let crates = project.crates()?;
    Ok(crates.iter().filter(|c| !c.starts_with("resil")).count())
}

/// Measures a thousand functions under each attribute: check, build, and the size of the binary.
///
/// # Errors
///
/// If cargo can't do it.
pub fn thousand_functions(rounds: usize) -> io::Result<Vec<Outcome>> {
    let kinds = thousand::kinds(&resil("default-features = false"));
    let mut projects = Vec::new();
    for kind in &kinds {
        let name = format!("thousand-{}", kind.name.replace([':', ',', ' '], "-"));
        let dependencies = format!("{TOKIO}\n{}", kind.dependencies);
        projects.push(Project::new(&name, &dependencies, &kind.source(1_000))?);
    }
    let mut outcomes = Vec::new();
    for (name, command) in [("check", "check"), ("build", "build")] {
        for project in &projects {
            // What it depends on is compiled here.
            project.seconds(&[command])?;
        }
        let figures = interleaved(projects.len(), rounds, |at| {
            projects[at].touch()?;
            projects[at].seconds(&[command])
        })?;
        outcomes.push(outcome(
            THOUSAND_FUNCTIONS,
            name,
            Unit::Seconds,
            &kinds,
            figures,
        ));
    }
    let mut sizes = Vec::new();
    for project in &projects {
        let name = project.dir.file_name().unwrap_or_default();
        let binary = project.dir.join("target/debug").join(name);
        sizes.push(vec![fs::metadata(binary)?.len() as f64 / 1e6]);
    }
    outcomes.push(outcome(
        THOUSAND_FUNCTIONS,
        "debug binary",
        Unit::Megabytes,
        &kinds,
        sizes,
    ));
    Ok(outcomes)
}

/// Functions in the two sources whose difference is what one of them costs.
const FEW: usize = 2;
const MANY: usize = 22;

/// Measures what one function under each attribute costs rustc: its instructions, without incremental compilation, and
/// the lines of LLVM code of a debug build. They are the same on every run.
///
/// # Errors
///
/// If cargo or valgrind can't do it.
pub fn one_function() -> io::Result<Vec<Outcome>> {
    let kinds = thousand::kinds(&resil("default-features = false"));
    let figures = on_all_cores(&kinds, |_, kind| {
        let dependencies = format!("{TOKIO}\n{}", kind.dependencies);
        let name = format!("one-{}", kind.name.replace([':', ',', ' '], "-"));
        let of = |functions| {
            let project = Project::new(&name, &dependencies, &kind.source(functions))?;
            Ok::<_, io::Error>([
                rustc::instructions(&project, "check")? / 1e6,
                rustc::instructions(&project, "build")? / 1e6,
                rustc::llvm_lines(&project)?,
            ])
        };
        let (few, many) = (of(FEW)?, of(MANY)?);
        Ok([0, 1, 2].map(|at| (many[at] - few[at]) / (MANY - FEW) as f64))
    })?;
    let of = |what, unit, at: usize| {
        let figures = figures.iter().map(|of_kind| vec![of_kind[at]]).collect();
        outcome(ONE_FUNCTION, what, unit, &kinds, figures)
    };
    Ok(vec![
        of("check", Unit::Instructions, 0),
        of("build", Unit::Instructions, 1),
        of("LLVM code", Unit::Lines, 2),
    ])
}

fn outcome(
    family: &str,
    what: &str,
    unit: Unit,
    kinds: &[thousand::Kind],
    figures: Vec<Vec<f64>>,
) -> Outcome {
    let measured = kinds.iter().zip(figures);
    Outcome {
        row: format!("{family}{what}"),
        unit,
        base: "plain",
        measured: measured.map(|(k, f)| Measured::new(k.name, f)).collect(),
        unfit: None,
    }
}
