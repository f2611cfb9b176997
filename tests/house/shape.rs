//! Checks the shape of the crates: no files depend on each other in a circle, no lower module names a
//! higher one, and no file is longer than [`LINES`].

use std::fs;
use std::path::{Path, PathBuf};

use crate::graph::{Graph, circles, code_of, sources};

/// `(crate, module below, modules above)`: what is below never names what is above.
const UPWARDS: &[(&str, &str, &[&str])] = &[
    (
        "resil-macros",
        "parse",
        &["policy", "check", "expand", "document"],
    ),
    ("resil-runtime", "error", POLICIES),
    ("resil-runtime", "event", POLICIES),
    ("resil-runtime", "clock", POLICIES),
    ("resil-runtime", "cancel", POLICIES),
    ("resil-runtime", "deadline", POLICIES),
    ("resil-runtime", "call", POLICIES),
    ("resil-runtime", "classify", POLICIES),
];

const POLICIES: &[&str] = &[
    "bulkhead",
    "circuit",
    "fallback",
    "hedge",
    "idempotency",
    "rate_limit",
    "retry",
    "timeout",
    "private",
];

/// A file tells one story, in at most so many lines.
const LINES: usize = 400;

fn crates() -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for entry in fs::read_dir(root).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        if name.starts_with("resil-") {
            found.push((name, folder.join("src")));
        }
    }
    assert!(found.len() > 1, "{found:?}");
    found
}

fn src(krate: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join(krate).join("src")
}

#[test]
fn no_files_depend_on_each_other_in_a_circle() {
    let mut found = Vec::new();
    for (krate, src) in crates() {
        let graph = Graph::read(&src);
        assert!(graph.files() > 10, "{krate}: the files were found");
        for circle in circles(&graph) {
            found.extend([krate.clone(), graph.show(&circle)]);
        }
    }
    assert!(
        found.is_empty(),
        "files that depend on each other in a circle:\n{}",
        found.join("\n")
    );
}

#[test]
fn no_arrow_runs_upwards() {
    let is_in = |file: &str, module: &str| {
        let rest = file.strip_prefix(module);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    let mut found = Vec::new();
    for &(krate, below, above) in UPWARDS {
        let src = src(krate);
        let mut files = sources(&src).into_iter();
        assert!(
            files.any(|(file, _)| is_in(&file.join("::"), below)),
            "{krate} has no `{below}`"
        );
        for (from, to, by) in Graph::read(&src).edges() {
            let is_above = above.iter().any(|above| is_in(to, above));
            if is_in(from, below) && is_above {
                found.push(format!("{krate}: {from} names {to} ({by})"));
            }
        }
    }
    assert!(found.is_empty(), "arrows that run upwards: {found:#?}");
}

#[test]
fn the_runtime_and_the_stores_know_nothing_of_macros() {
    for (krate, src) in crates() {
        if krate == "resil-macros" {
            continue;
        }
        for (file, text) in sources(&src) {
            let named = code_of(&text).contains("resil_macros");
            assert!(!named, "{krate}: {} names the macros", file.join("::"));
        }
    }
}

/// Where `#krate` is the path of resil in a `quote!`, and a path that begins with `::` is in one too.
#[test]
fn generated_code_names_core_and_private_alone() {
    let mut named = 0;
    for (file, text) in sources(&src("resil-macros")) {
        let code = code_of(&text);
        let file = file.join("::");
        for (at, _) in code.match_indices("#krate::") {
            let path = &code[at + "#krate::".len()..];
            assert!(path.starts_with("__private"), "{file}: {path:.40}");
            named += 1;
        }
        for (at, _) in code.match_indices("::") {
            let before = code[..at].chars().next_back().unwrap_or(' ');
            let path = &code[at + 2..];
            let begins = before.is_whitespace() || "([{<&,=!*;|".contains(before);
            if begins && path.starts_with(char::is_alphabetic) {
                assert!(path.starts_with("core::"), "{file}: ::{path:.40}");
                named += 1;
            }
        }
    }
    assert!(named > 10, "the paths were found");
}

#[test]
fn a_file_tells_one_story() {
    let mut found = Vec::new();
    for (krate, src) in crates() {
        long(&src, &mut |path, lines| {
            let path = path.strip_prefix(&src).unwrap();
            found.push(format!("{krate}/src/{}: {lines}", path.display()));
        });
    }
    assert!(found.is_empty(), "files above {LINES} lines: {found:#?}");
}

/// The files below a folder that are too long, with their lines; those of tests count too.
fn long(folder: &Path, tell: &mut dyn FnMut(&Path, usize)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            long(&path, tell);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            if lines > LINES {
                tell(&path, lines);
            }
        }
    }
}
