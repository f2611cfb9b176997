//! Holds the book to the form that mdBook reads: it refuses keys of `book.toml` that it doesn't know, and
//! takes a line of `SUMMARY.md` that it can't read for the end of the contents.

use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

/// The tables of `book.toml` with the keys that mdBook 0.5 knows in them, as far as a book needs them.
const KEYS: &[(&str, &[&str])] = &[
    ("", &["book", "build", "output", "preprocessor", "rust"]),
    (
        "book",
        &[
            "authors",
            "description",
            "language",
            "src",
            "text-direction",
            "title",
        ],
    ),
    (
        "build",
        &[
            "build-dir",
            "create-missing",
            "extra-watch-dirs",
            "use-default-preprocessors",
        ],
    ),
    ("rust", &["edition"]),
    ("output", &["html"]),
    (
        "output.html",
        &[
            "additional-css",
            "additional-js",
            "cname",
            "code",
            "curly-quotes",
            "default-theme",
            "edit-url-template",
            "fold",
            "git-repository-icon",
            "git-repository-url",
            "hash-files",
            "input-404",
            "mathjax-support",
            "no-section-label",
            "playground",
            "preferred-dark-theme",
            "print",
            "redirect",
            "search",
            "site-url",
            "smart-punctuation",
            "theme",
        ],
    ),
    (
        "output.html.playground",
        &[
            "copy-js",
            "copyable",
            "editable",
            "line-numbers",
            "runnable",
        ],
    ),
];

fn book() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/book")
}

fn check(name: &str, table: &Table) {
    let (_, known) = KEYS
        .iter()
        .find(|(known, _)| *known == name)
        .unwrap_or_else(|| panic!("mdBook has no table `{name}`"));
    for (key, value) in table {
        assert!(
            known.contains(&key.as_str()),
            "mdBook has no `{key}` in `[{name}]`"
        );
        if let Value::Table(inner) = value {
            let inside = if name.is_empty() {
                key.clone()
            } else {
                format!("{name}.{key}")
            };
            check(&inside, inner);
        }
    }
}

#[test]
fn book_toml_has_keys_that_mdbook_knows() {
    let text = fs::read_to_string(book().join("book.toml")).unwrap();
    let config: Table = text.parse().unwrap();
    check("", &config);
    let src = config["book"]["src"].as_str().unwrap();
    assert!(book().join(src).join("SUMMARY.md").is_file());
    let edition = config["rust"]["edition"].as_str().unwrap();
    assert!(["2015", "2018", "2021", "2024"].contains(&edition));
}

/// A line is a title, a rule, or one link to a page: by itself before and behind the numbered chapters, in a
/// list among them.
#[test]
fn each_line_of_the_contents_is_one_that_mdbook_reads() {
    let src = book().join("src");
    let summary = fs::read_to_string(src.join("SUMMARY.md")).unwrap();
    let (mut numbered, mut behind, mut depth) = (0, false, 0);
    for (n, line) in summary.lines().enumerate() {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        if text.is_empty() || text == "---" {
            continue;
        }
        if let Some(title) = text.strip_prefix("# ") {
            assert!(indent == 0 && !title.is_empty(), "line {}", n + 1);
            continue;
        }
        let link = match text.strip_prefix("- ") {
            Some(link) => {
                assert!(
                    !behind,
                    "line {}: a numbered chapter behind an unnumbered one",
                    n + 1
                );
                assert!(indent <= depth + 4, "line {}: indented by {indent}", n + 1);
                depth = indent;
                numbered += 1;
                link
            }
            None => {
                assert_eq!(indent, 0, "line {}: an unnumbered chapter", n + 1);
                behind = numbered > 0;
                text
            }
        };
        let (title, page) = link
            .strip_prefix('[')
            .and_then(|link| link.strip_suffix(')'))
            .and_then(|link| link.split_once("]("))
            .unwrap_or_else(|| panic!("line {}: {line}", n + 1));
        assert!(!title.is_empty(), "line {}", n + 1);
        assert!(
            src.join(page).is_file(),
            "line {}: there is no {page}",
            n + 1
        );
    }
    assert!(numbered > 10, "the contents were read");
}
