//! The names of the macros that stacks are.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use proc_macro2::Ident;

/// Returns a name for the macro behind the stack `name`. The macros of `pub` stacks share the root of
/// the crate, so each place in the source has a name of its own.
pub(super) fn hidden(name: &Ident) -> Ident {
    let word = name.to_string();
    let word = word.trim_start_matches("r#");
    let place = if proc_macro::is_available() {
        let span = name.span().unwrap();
        // Without the folder: one source has the same names wherever it is built.
        let file = span.file();
        let file = file.rsplit(['/', '\\']).next().unwrap_or_default();
        format!("{word} {file}:{}:{}", span.line(), span.column())
    } else {
        word.to_owned()
    };
    let hash = fnv(&place);
    // Two files may have one name, and a `macro_rules!` may write two stacks at one place.
    let text = match before(hash) {
        0 => format!("__resil_{word}_{hash:016x}"),
        n => format!("__resil_{word}_{hash:016x}_{n}"),
    };
    Ident::new(&text, name.span())
}

/// Counts the stacks that were defined at that place before.
fn before(hash: u64) -> u32 {
    static SEEN: Mutex<Option<HashMap<u64, u32>>> = Mutex::new(None);
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    let seen = seen.get_or_insert_default().entry(hash).or_default();
    *seen += 1;
    *seen - 1
}

/// The hash FNV-1a: the same in every build, so that nothing is compiled again for it.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
