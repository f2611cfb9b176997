//! Finds the name of resil in the user's crate, if no `crate = ..` gives it.
//!
//! A dependency may be renamed: `rs = { package = "resil" }`. A macro is not told so, but it runs
//! inside rustc. Whatever builds the crate, the arguments of rustc have the name:
//! `--extern rs=../libresil-1f2e.rmeta`. If they don't, as in an editor's macro server, the name is
//! `::resil`. An `extern crate rs as resil;` in the root of the crate makes that work.

use std::ffi::OsString;
use std::sync::OnceLock;

use proc_macro2::{Delimiter, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::quote;
use syn::parse::Parser;

use crate::tokens::{Segment, collect, flat, is_equals, split_at_commas};

const NAME: &str = "resil";
/// The option that gives the name.
const CRATE: &str = "crate";

/// Returns the path of resil: `::resil`, or the name that the dependency has in the user's crate.
pub(crate) fn path() -> TokenStream {
    static FOUND: OnceLock<String> = OnceLock::new();
    let name = FOUND.get_or_init(|| name_in(arguments()));
    let ident = syn::parse_str::<Ident>(name);
    let ident = ident.unwrap_or_else(|_| Ident::new_raw(name, Span::call_site()));
    quote!(::#ident)
}

/// Whether the tokens can be the path of resil.
pub(crate) fn is_crate_path(path: &TokenStream) -> bool {
    syn::Path::parse_mod_style.parse2(path.clone()).is_ok() && path.to_string() != CRATE
}

/// Returns the path in `crate = path` or `crate(path)`; the word `crate` itself if no path is
/// written.
pub(crate) fn in_option(option: &TokenStream) -> Option<TokenStream> {
    let trees = flat(option);
    let path = match trees.as_slice() {
        [TokenTree::Ident(word)] if word == CRATE => TokenStream::new(),
        [TokenTree::Ident(word), TokenTree::Group(path)]
            if word == CRATE && path.delimiter() == Delimiter::Parenthesis =>
        {
            path.stream()
        }
        [TokenTree::Ident(word), _, path @ ..] if word == CRATE && is_equals(&trees, 1) => {
            collect(path)
        }
        _ => return None,
    };
    Some(if path.is_empty() {
        option.clone()
    } else {
        path
    })
}

/// Takes each `crate = path` and `crate(path)` out of the arguments of a layer, with its comma.
pub(crate) fn take_crates(args: TokenStream, krates: &mut Vec<TokenStream>) -> TokenStream {
    let (before, mut others) = (krates.len(), TokenStream::new());
    for Segment { tokens, comma } in split_at_commas(args.clone()) {
        if let Some(path) = in_option(&tokens) {
            krates.push(path);
        } else {
            others.extend(tokens);
            // The comma keeps its span, as a message may be about it.
            others.extend(comma.map(|span| {
                let mut comma = Punct::new(',', Spacing::Alone);
                comma.set_span(span);
                TokenTree::from(comma)
            }));
        }
    }
    // Without a `crate` the tokens stay as they are written.
    if krates.len() == before { args } else { others }
}

/// Returns the arguments of the rustc that the macro runs in.
fn arguments() -> Vec<String> {
    let text = |argument: OsString| argument.to_string_lossy().into_owned();
    let arguments: Vec<String> = std::env::args_os().map(text).collect();
    let arguments = if arguments.is_empty() {
        // glibc passes the arguments to a dynamic library, musl does not.
        let line = std::fs::read("/proc/self/cmdline").unwrap_or_default();
        let parts = line.split(|byte| *byte == 0);
        parts
            .map(|part| String::from_utf8_lossy(part).into_owned())
            .collect()
    } else {
        arguments
    };
    // cargo writes the arguments into a file if there are too many of them.
    let in_file = |argument: String| match argument.strip_prefix('@') {
        Some(path) => {
            let lines = std::fs::read_to_string(path).unwrap_or_default();
            lines.lines().map(str::to_owned).collect()
        }
        None => vec![argument],
    };
    arguments.into_iter().flat_map(in_file).collect()
}

/// Returns the name of the one crate that was compiled as `resil`; `resil` if there are several, or
/// none.
fn name_in(arguments: Vec<String>) -> String {
    let mut names = Vec::new();
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let given = match argument.strip_prefix("--extern") {
            Some("") => arguments.next(),
            Some(rest) => rest.strip_prefix('=').map(str::to_owned),
            None => None,
        };
        names.extend(given.as_deref().and_then(extern_name).map(str::to_owned));
    }
    names.dedup();
    match names.as_slice() {
        [name] => name.clone(),
        _ => NAME.to_owned(),
    }
}

/// Returns `rs` of `rs=/target/libresil-1f2e.rmeta`. A crate given as `noprelude:rs=..` can't be
/// named by a path.
fn extern_name(given: &str) -> Option<&str> {
    let (name, file) = given.split_once('=')?;
    let name = match name.split_once(':') {
        Some((options, name)) => {
            let mut options = options.split(',');
            (!options.any(|option| option == "noprelude")).then_some(name)?
        }
        None => name,
    };
    let file = file.rsplit(['/', '\\']).next()?;
    let compiled = file.strip_prefix("lib").unwrap_or(file);
    let end = compiled.find(['-', '.'])?;
    (compiled[..end] == *NAME).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(arguments: &str) -> String {
        name_in(arguments.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn the_dependency_is_found_by_the_file_that_it_is() {
        for (arguments, expected) in [
            ("rustc --crate-name shop src/lib.rs", "resil"),
            ("--extern rs=/t/deps/libresil-0a1b.rmeta", "rs"),
            ("--extern=rs=/t/deps/libresil-0a1b.rlib", "rs"),
            (r"--extern rs=C:\t\deps\libresil-0a1b.rlib", "rs"),
            ("--extern rs=bazel-out/libresil.rlib", "rs"),
            ("--extern priv:rs=/t/libresil-0a1b.so", "rs"),
            ("--extern priv,noprelude:rs=/t/libresil-0a1b.so", "resil"),
            // Others of like names, and a folder.
            ("--extern m=/t/libresil_macros-0a1b.so", "resil"),
            ("--extern r=/t/libresil_runtime-0a1b.rmeta", "resil"),
            ("--extern s=/t/libresilience-0a1b.rmeta", "resil"),
            ("--extern t=/libresil-0/libtokio-0a1b.rmeta", "resil"),
            ("--extern resil", "resil"),
            // The name `resil` comes first. Of two other names nobody can tell which is meant.
            ("--extern resil=/t/libresil-0a.rmeta", "resil"),
            (
                "--extern a=/t/libresil-0a.rlib --extern a=/t/libresil-0a.rlib",
                "a",
            ),
            (
                "--extern a=/t/libresil-0a.rlib --extern resil=/t/libresil-1b.rlib",
                "resil",
            ),
            (
                "--extern a=/t/libresil-0a.rlib --extern b=/t/libresil-1b.rlib",
                "resil",
            ),
            (
                "-L a=/t/libresil-0a.rlib --externs a=/t/libresil-0a.rlib",
                "resil",
            ),
            ("--extern", "resil"),
        ] {
            assert_eq!(name(arguments), expected, "{arguments}");
        }
    }

    #[test]
    fn of_this_test_they_are_read() {
        assert_eq!(path().to_string(), quote!(::resil).to_string());
    }
}
