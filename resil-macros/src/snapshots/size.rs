//! How many tokens each snapshot has: rustc parses, resolves and checks every one of them for every
//! annotated function.
//!
//! `tokens.txt` beside this file stores the counts; `RESIL_BLESS=1` writes that of a snapshot anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// How far a count may rise above what is stored, in percent.
const SLACK: usize = 3;

/// Counts tokens as rustc does: a pair of delimiters is two, an invisible pair none.
fn count(tokens: TokenStream) -> usize {
    let one = |tree| match tree {
        TokenTree::Group(group) => {
            let delimiters = match group.delimiter() {
                Delimiter::None => 0,
                _ => 2,
            };
            delimiters + count(group.stream())
        }
        TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => 1,
    };
    tokens.into_iter().map(one).sum()
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/snapshots/tokens.txt")
}

#[track_caller]
pub(super) fn check(name: &str, tokens: &TokenStream) {
    // One file for all tests, which run side by side.
    static FILE: Mutex<()> = Mutex::new(());
    let _alone = FILE.lock().unwrap_or_else(PoisonError::into_inner);

    let now = count(tokens.clone());
    let text = fs::read_to_string(path()).unwrap_or_default();
    let line = |line: &str| {
        let (of, count) = line.split_once(' ')?;
        Some((of.to_owned(), count.parse::<usize>().ok()?))
    };
    let mut stored: Vec<(String, usize)> = text.lines().filter_map(line).collect();
    if std::env::var_os("RESIL_BLESS").is_some() {
        stored.retain(|(of, _)| of != name);
        stored.push((name.to_owned(), now));
        stored.sort();
        let lines = stored.iter().map(|(of, count)| format!("{of} {count}\n"));
        let lines: Vec<String> = lines.collect();
        fs::write(path(), lines.concat()).expect("the file can be written");
    }
    let was = stored.iter().find(|(of, _)| of == name).map(|(_, n)| *n);
    let was = was.unwrap_or_else(|| panic!("{name}: {now} tokens; RESIL_BLESS=1 stores them"));
    assert!(
        now * 100 <= was * (100 + SLACK),
        "{name} expands into {now} tokens, and {was} are stored: each costs compile time in every \
         annotated function (RESIL_BLESS=1 stores the count if it has to be)"
    );
}

#[test]
fn a_pair_of_delimiters_is_two_tokens() {
    assert_eq!(count(quote::quote!(a(b, "c") {})), 8);
}
