//! Checks that every message of this crate and of `resil-language` is shown somewhere: in `policy/tests/faults.txt`, or in
//! the output of a case of `tests/ui`.
//!
//! A line of a message is looked up by the longest piece of it that is not filled in, which must be
//! shown word for word. All string literals with a space in them count, outside tests, doc comments
//! and panics, so that no new message can be forgotten.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};

/// Files without messages: `document/` writes rustdoc, `splice/shapes.rs` knows the shapes of other
/// macros.
const NO_MESSAGES: [&str; 2] = ["document/", "splice/shapes.rs"];

/// The files in the folder of a policy that write rustdoc.
const ROOMS_OF_DOCS: [&str; 2] = ["words.rs", "worst_case.rs"];

/// The words whose strings are for developers of resil, not for users.
const PANICS: [&str; 6] = [
    "expect",
    "panic",
    "unreachable",
    "assert",
    "assert_eq",
    "debug_assert",
];

/// Messages that no case can show. Two say that an unknown attribute took `async` away, which the
/// tests of `pipeline.rs` show; one says that a literal has no text, and one that a number is no `f64`.
const APART: [&str; 4] = [
    "takes `async` away from `",
    "an attribute above took `async` away",
    "it is empty",
    "` is too large",
];

#[test]
fn every_message_is_shown() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut shown = read(&src.join("policy/tests/faults.txt"));
    shown.push_str(&read(&src.join("apply/tests/faults.txt")));
    for path in files(&src.join("../../tests/ui"), "stderr") {
        shown.push_str(&read(&path));
    }
    let mut count = 0;
    let mut missing = Vec::new();
    let language = src.join("../../resil-language/src");
    let all = [
        (&src, files(&src, "rs")),
        (&language, files(&language, "rs")),
    ];
    let all = all
        .iter()
        .flat_map(|(src, paths)| paths.iter().map(move |path| (*src, path)));
    for (src, path) in all {
        let name = path.strip_prefix(src).expect("below it").to_string_lossy();
        if is_test(&name) || writes_no_messages(&name) {
            continue;
        }
        let tokens: TokenStream = read(path).parse().expect("both crates are Rust");
        let mut texts = Vec::new();
        gather(tokens, &mut texts);
        for text in texts {
            if APART.iter().any(|apart| text.contains(apart)) {
                continue;
            }
            for piece in text.lines().map(longest_piece) {
                count += 1;
                if piece.contains(' ') && !shown.contains(piece.trim()) {
                    missing.push(format!("{name}: {piece:?} of {text:?}"));
                }
            }
        }
    }
    assert!(count > 150, "only {count} texts were found");
    assert!(
        missing.is_empty(),
        "messages that no case shows: write a case in tests/ui, or a line in faults.txt: {missing:#?}"
    );
}

fn writes_no_messages(name: &str) -> bool {
    let is_room = |room: &&str| name.starts_with("policy/") && name.ends_with(*room);
    NO_MESSAGES.iter().any(|n| name.starts_with(n)) || ROOMS_OF_DOCS.iter().any(is_room)
}

fn is_test(name: &str) -> bool {
    name.contains("tests")
        || name.starts_with("snapshots")
        || ["messages.rs", "random_items.rs"].contains(&name)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Gathers the string literals that may be messages.
fn gather(tokens: TokenStream, texts: &mut Vec<String>) {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while let Some(tree) = trees.get(at) {
        at += 1;
        match tree {
            // An attribute. Behind a `#[cfg(test)]` stand tests, up to the braces that end them.
            TokenTree::Punct(p) if p.as_char() == '#' => {
                let bang = matches!(trees.get(at), Some(TokenTree::Punct(p)) if p.as_char() == '!');
                at += usize::from(bang);
                if let Some(TokenTree::Group(attribute)) = trees.get(at) {
                    at += 1;
                    if attribute.stream().to_string().replace(' ', "") == "cfg(test)" {
                        while let Some(tree) = trees.get(at) {
                            at += 1;
                            match tree {
                                TokenTree::Group(g)
                                    if g.delimiter() == proc_macro2::Delimiter::Brace =>
                                {
                                    break;
                                }
                                TokenTree::Punct(p) if p.as_char() == ';' => break,
                                _ => {}
                            }
                        }
                    }
                }
            }
            TokenTree::Ident(word) if PANICS.iter().any(|p| word == p) => {
                let bang = matches!(trees.get(at), Some(TokenTree::Punct(p)) if p.as_char() == '!');
                at += usize::from(bang);
                at += usize::from(matches!(trees.get(at), Some(TokenTree::Group(_))));
            }
            TokenTree::Group(group) => gather(group.stream(), texts),
            TokenTree::Literal(literal) => {
                if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                    texts.push(text.value());
                }
            }
            _ => {}
        }
    }
}

/// Returns the longest piece of a format string that is not filled in.
fn longest_piece(text: &str) -> String {
    let plain = text.replace("{{", "\u{1}").replace("}}", "\u{2}");
    plain
        .split('{')
        .map(|piece| piece.split_once('}').map_or(piece, |(_, after)| after))
        .max_by_key(|piece| piece.len())
        .unwrap_or_default()
        .replace('\u{1}', "{")
        .replace('\u{2}', "}")
}

#[test]
fn pieces_are_what_is_not_filled_in() {
    assert_eq!(
        longest_piece("`{name}` must be {must}, but `{is}`"),
        "` must be "
    );
    assert_eq!(
        longest_piece("write `async fn {{ .. }}`{0}"),
        "write `async fn { .. }`"
    );
    assert_eq!(longest_piece("nothing"), "nothing");
    assert_eq!(longest_piece(""), "");
}
