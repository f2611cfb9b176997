//! Collects the snippets of the book that are tests themselves (`#[tokio::test]`). A doctest is compiled
//! without its tests, so that rustdoc would not even look at them. `snippets.rs` includes the result.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

/// The line that opens a block of Rust.
const OPEN: &str = "```rust\n";

fn main() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/book/src");
    println!("cargo::rerun-if-changed={}", pages.display());
    let mut files: Vec<_> = fs::read_dir(&pages)
        .expect("the pages of the book")
        .map(|entry| entry.expect("a page").path())
        .filter(|path| path.extension().is_some_and(|e| e == "md"))
        .collect();
    files.sort();
    let mut out = String::new();
    for file in files {
        println!("cargo::rerun-if-changed={}", file.display());
        let page = file.file_stem().expect("a name").to_string_lossy();
        let text = fs::read_to_string(&file).expect("the text of a page");
        for (n, block) in text.split(OPEN).skip(1).enumerate() {
            let (code, _) = block.split_once("\n```").expect("the end of a block");
            if code.contains("::test") {
                // Hidden lines are compiled too; an attribute (`#[..]`) is none.
                let lines = code.lines().map(|l| match l.trim_start() {
                    "#" => "",
                    trimmed => trimmed.strip_prefix("# ").unwrap_or(l),
                });
                let name = page.replace('-', "_");
                writeln!(out, "mod {name}_{n} {{").expect("a string takes all");
                lines.for_each(|l| writeln!(out, "{l}").expect("a string takes all"));
                writeln!(out, "}}").expect("a string takes all");
            }
        }
    }
    let target = Path::new(&env::var_os("OUT_DIR").expect("cargo sets it")).join("snippets.rs");
    fs::write(target, out).expect("the folder of the build can be written");
}
