//! The instances of a generic function in the keys of stores outside of memory.

use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};

use resil_runtime::__private::stores::{Instance, KeySays, Scope, Types};

/// Returns whether a key whose expression names the types in `key` tells the instance with these
/// `types` apart from all others.
pub(crate) fn tells_apart(key: KeySays, types: Types) -> bool {
    let this = match (types.this(), types.of_trait()) {
        (None, _) => true,
        (Some(_), Some(of)) => key.this && (key.parameter || !of.has_arguments),
        (Some(_), None) => key.this || key.parameter,
    };
    this && (key.arguments || types.arguments().is_empty())
}

/// Returns the text of a scope, which is hashed. Its fields are separated by `#`, which no name
/// contains.
pub(crate) fn text(scope: Scope) -> String {
    let mut text = match scope.site {
        0 => scope.name.to_owned(),
        // An address means something in this process alone. No other meets it: a store that
        // outlives the process refuses a site without a name.
        site => format!("{}#{site:x}", scope.name),
    };
    if let Some(Instance { names, id }) = scope.instance {
        let [this, arguments] = names;
        // A `String` takes all that is written.
        let _ = write!(text, "#{this}#{arguments}");
        if let Some(id) = id {
            let mut hasher = DefaultHasher::new();
            id.hash(&mut hasher);
            let _ = write!(text, "#{:x}", hasher.finish());
        }
    }
    text
}
