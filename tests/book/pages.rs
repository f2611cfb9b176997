//! Holds the book together: its contents list each page once, each page is compiled, and no block of code
//! on a page is left out.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The languages of blocks that hold no Rust.
const OTHERS: &[&str] = &["sh", "text", "toml", "yaml"];

/// How a block of Rust may begin. All of these are compiled, and `ignore` is not among them.
const COMPILED: &[&str] = &["rust", "rust,no_run"];

/// A block in the words of another crate: highlighted as Rust, and not compiled. Its first line says
/// whose code it is.
const FOREIGN: &str = "rs";

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/book/src")
}

/// The pages on disk with their texts; the contents are no page.
fn pages() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(src()).unwrap() {
        let path = entry.unwrap().path();
        // A page in a folder would not be found by anything here.
        assert!(path.is_file(), "{}", path.display());
        let name = path.file_name().unwrap().to_str().unwrap();
        let page = name.strip_suffix(".md").expect("pages are Markdown");
        if page != "SUMMARY" {
            found.push((page.to_owned(), fs::read_to_string(&path).unwrap()));
        }
    }
    found
}

#[test]
fn the_contents_and_the_compiled_modules_name_each_page_once() {
    let summary = fs::read_to_string(src().join("SUMMARY.md")).unwrap();
    let listed: Vec<_> = summary
        .split("](")
        .skip(1)
        .map(|rest| rest.split_once(".md)").expect("a link to a page").0)
        .collect();
    let pages = pages();
    let on_disk: BTreeSet<_> = pages.iter().map(|(page, _)| page.as_str()).collect();
    for (what, names) in [("SUMMARY.md", listed), ("lib.rs", book::PAGES.to_vec())] {
        let once: BTreeSet<_> = names.iter().copied().collect();
        assert_eq!(once, on_disk, "{what}");
        assert_eq!(once.len(), names.len(), "{what} names a page twice");
    }
}

#[test]
fn each_block_of_code_is_compiled_or_known_to_be_no_rust_of_ours() {
    let (mut compiled, mut foreign) = (0, 0);
    for (page, text) in pages() {
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let Some(language) = line.strip_prefix("```") else {
                // `build.rs` would not find the end of a block that is set in.
                assert!(!line.trim_start().starts_with("```"), "{page}: {line}");
                continue;
            };
            let mut block = lines.by_ref().take_while(|l| *l != "```");
            let first = block.next().unwrap_or_default();
            if COMPILED.contains(&language) {
                compiled += 1;
            } else if language == FOREIGN {
                let said = page.strip_prefix("from-").expect("another crate's code");
                assert_eq!(first, format!("// {said}"), "{page}");
                foreign += 1;
            } else {
                assert!(OTHERS.contains(&language), "{page}: ```{language}");
            }
            block.for_each(drop);
        }
    }
    assert!(compiled > 60 && foreign > 3, "{compiled}, {foreign}");
}

/// A page is read in one go.
#[test]
fn pages_are_short_and_begin_with_their_title() {
    for (page, text) in pages() {
        assert!(text.starts_with("# "), "{page} has no title");
        let lines = text.lines().count();
        assert!((15..=200).contains(&lines), "{page}: {lines} lines");
    }
}

/// Tests in a snippet are run by `snippets.rs`; elsewhere on a page they would be left out in silence.
#[test]
fn snippets_that_are_tests_are_run() {
    let collected = include_str!(concat!(env!("OUT_DIR"), "/snippets.rs"));
    let tests = |text: &str| text.matches("::test").count();
    let written: usize = pages().iter().map(|(_, text)| tests(text)).sum();
    assert!(written > 5, "{written}");
    assert_eq!(tests(collected), written);
}
