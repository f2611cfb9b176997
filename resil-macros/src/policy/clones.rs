//! The option `clone(a, b)` of the policies that run the body more than once.

use proc_macro2::Ident;

use crate::diag::help;
use crate::parse::{ParseContext, nearest};

/// Checks that `clone` names arguments: each run makes a new binding of the name. `each` is the word
/// for one run.
pub(super) fn check_clones(names: &[Ident], each: &str, cx: &ParseContext<'_>) {
    for name in names {
        if name == "self" {
            let message = format!("`clone` can't give `self` anew to each {each}: it is no name");
            cx.diag.error(
                name,
                help(message, "write `let mut this = self.clone();` in the body"),
            );
            continue;
        }
        if cx.may_be_argument(name) {
            continue;
        }
        let params: Vec<String> = cx.params.iter().map(ToString::to_string).collect();
        let near = nearest(&name.to_string(), params.iter().map(String::as_str));
        let instead = match near {
            Some(near) => format!("write `clone({near})`"),
            None if params.is_empty() => "remove it: the function has none".to_owned(),
            None => format!("its arguments are `{}`", params.join("`, `")),
        };
        cx.diag.error(
            name,
            help(format!("`{name}` is no argument of the function"), instead),
        );
    }
}
