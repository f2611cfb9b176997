//! The `# Resilience` section that a documented function gets: its stack in words, and what it may
//! come to at worst.

mod circuit;
mod code;
mod decided;
mod retry;
#[cfg(test)]
mod tests;
mod worst;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Meta};

use self::code::{duration, limit, written};
use crate::input::Input;
use crate::policy::{Idempotent, Layer};

/// The section as a doc attribute, where the function has docs at all.
pub(crate) fn section(input: &Input, layers: &[Layer]) -> TokenStream {
    if !input.attrs.iter().any(is_docs) {
        return TokenStream::new();
    }
    let lines: Vec<String> = layers
        .iter()
        .enumerate()
        .map(|(i, layer)| format!("{}. {}", i + 1, sentence(layer)))
        .collect();
    let decided = decided::sentence(input, layers).map_or_else(String::new, |s| s + "\n\n");
    let text = format!(
        "\n# Resilience\n\nThe policies around the body, outermost first:\n\n{}\n\n{decided}{}",
        lines.join("\n"),
        worst::sentence(layers)
    );
    quote!(#[doc = #text])
}

/// `/// ..`, which is `#[doc = ".."]`. A list (`alias`, `hidden`) says nothing of the function, and
/// a section of ours in its place would silence `missing_docs`. rustc has put `#[doc]` or nothing
/// for each `cfg_attr` before we come.
fn is_docs(attr: &Attribute) -> bool {
    matches!(&attr.meta, Meta::NameValue(doc) if doc.path.is_ident("doc"))
}

fn sentence(layer: &Layer) -> String {
    match layer {
        Layer::Timeout(t) => match &t.limit {
            Some(d) => format!("**timeout**: {}", limit(d)),
            None => "**timeout**".to_owned(),
        },
        Layer::Retry(r) => format!("**retry**: {}", retry::words(r)),
        Layer::Circuit(c) => format!("**circuit**{}", circuit::words(c)),
        Layer::Idempotent(i) => format!("**idempotent**: {}", idempotent(i)),
    }
}

fn idempotent(i: &Idempotent) -> String {
    let key: Vec<String> = i
        .key
        .iter()
        .flatten()
        .map(crate::tokens::shown_whole)
        .collect();
    let ttl = i.ttl.as_ref().map_or_else(|| "`24h`".to_owned(), duration);
    let conflict = if i.conflict_reject {
        "a second caller meanwhile is refused"
    } else {
        "a second caller meanwhile waits"
    };
    let forgotten = i.forget_ok.as_ref().map_or_else(String::new, |p| {
        let ok = format!("Ok({})", crate::tokens::shown_whole(&p.written));
        format!("; not for {}, which frees the key", code::code(&ok))
    });
    format!(
        "by {}, replayed for {ttl}; {conflict}{forgotten}",
        code::code(&key.join(", "))
    )
}

/// `as P says, but ..`: a policy to start from, and the options that depart from it.
fn departing(policy: &TokenStream, options: &[String]) -> String {
    let but = if options.is_empty() { "" } else { ", but " };
    format!("as {} says{but}{}", written(policy), options.join(", "))
}
