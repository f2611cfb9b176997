//! Checks of the function itself, one `check_*` fn each.

mod borrow;
mod copied;
mod made_elsewhere;
mod plain;
mod reserved;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{ReturnType, Type};

use self::borrow::check_borrow_out;
use self::copied::check_unique_arguments;
use self::made_elsewhere::made_elsewhere;
use self::plain::check_blocking;
pub(crate) use self::plain::is_plain;
pub(crate) use self::reserved::check_names;
use crate::diag::Diag;
use crate::facts::Facts;
use crate::input::{Binding, Input};
use crate::return_type::{is_stream, outcome_type, result_arguments, returns_future};
use crate::splice::{Block, behind_the_block};
use crate::stack::Stack;

/// Reports an item that is no function.
pub(crate) fn not_a_function(stack: &Stack, item: &TokenStream, diag: &Diag) {
    let Some(attribute) = stack.first() else {
        return;
    };
    let word = kind_of_item(item);
    let what = word
        .as_ref()
        .map_or_else(|| "this is none".to_owned(), |w| format!("this is `{w}`"));
    let message = format!(
        "`#[{attribute}]` belongs on an `async fn`, and {what}\n\
         help: write it above `async fn name(..) -> Result<T, E> {{ .. }}`"
    );
    match word {
        Some(word) => diag.error(word, message),
        None => diag.error_at(attribute.span(), message),
    }
}

/// Returns the keyword of an item: `struct`, `impl`.
fn kind_of_item(item: &TokenStream) -> Option<Ident> {
    const KINDS: [&str; 11] = [
        "struct",
        "enum",
        "union",
        "impl",
        "trait",
        "mod",
        "static",
        "const",
        "type",
        "use",
        "macro_rules",
    ];
    item.clone().into_iter().find_map(|t| match t {
        TokenTree::Ident(word) if KINDS.iter().any(|kind| word == kind) => Some(word),
        _ => None,
    })
}

/// Reports everything that is wrong with the function's shape.
pub(crate) fn check(
    input: &Input,
    block: Option<&Block>,
    bindings: &[Binding],
    facts: &[Facts],
    stack: &Stack,
    diag: &Diag,
) {
    let attribute = stack.first().map(ToString::to_string).unwrap_or_default();
    if check_stream(input, &attribute, diag) {
        return;
    }
    let has_body = check_body(input, &attribute, diag);
    // A function that can't be async is not told to become it.
    if check_qualifiers(input, &attribute, diag) && has_body {
        check_async(input, block, &attribute, stack, diag);
        if block.is_some_and(Block::is_plain) {
            check_blocking(input, facts, diag);
        }
    }
    check_result(input, diag);
    let outcome = outcome_type(input.output(), block.is_some_and(Block::is_boxed));
    if facts.iter().any(|layer| layer.replays) {
        check_recorded(outcome.as_ref(), diag);
    }
    if let Some(layer) = facts.iter().find(|layer| layer.copies.is_some()) {
        let place = place_of(layer, stack);
        check_mutable_arguments(input, bindings, facts, &COPIED, &place, diag);
        check_unique_arguments(input, layer.policy, diag);
    } else if let Some(layer) = facts.iter().find(|layer| layer.runs_again()) {
        let place = place_of(layer, stack);
        check_mutable_arguments(input, bindings, facts, &REPEATED, &place, diag);
        check_borrow_out(input, outcome.as_ref(), diag);
    }
}

/// Says where an option of the layer is written: beside the name of the stack that has brought it.
fn place_of(layer: &Facts, stack: &Stack) -> String {
    let policy = layer.policy;
    match stack.origin() {
        Some(origin) if origin.holds(layer.span) => {
            format!("`{policy}(..)` beside the stack `{}`", origin.name())
        }
        _ => format!("`#[{policy}(..)]`"),
    }
}

/// Reports a stream and returns whether the function returns one: it has many outcomes, and no
/// single future for a policy to wrap.
fn check_stream(input: &Input, attribute: &str, diag: &Diag) -> bool {
    let Some(ty) = input.output().filter(|ty| is_stream(ty)) else {
        return false;
    };
    diag.error(
        ty,
        format!(
            "`{}` returns a stream, and `#[{attribute}]` acts on the one `Result` of a future\n\
             help: write it on the `async fn` that opens the stream, and on one that takes the next \
             item: `async fn next(stream: &mut S) -> Result<Option<T>, E>`",
            input.sig.ident
        ),
    );
    true
}

/// Checks that the function is not `const`, `extern` or variadic, as such a function can't be
/// async.
fn check_qualifiers(input: &Input, attribute: &str, diag: &Diag) -> bool {
    let name = &input.sig.ident;
    let fault = |at: &dyn ToTokens, kind: &str| {
        diag.error(
            at.to_token_stream(),
            format!(
                "`#[{attribute}]` on {kind}, which can't be async\n\
                 help: write `async fn {name}`"
            ),
        );
    };
    let qualifiers = &input.sig;
    if let Some(word) = &qualifiers.constness {
        fault(word, "a `const fn`");
    }
    if let Some(abi) = &qualifiers.abi {
        fault(abi, "an `extern` fn");
    }
    if let Some(dots) = &qualifiers.variadic {
        fault(dots, "a variadic fn");
    }
    qualifiers.constness.is_none() && qualifiers.abi.is_none() && qualifiers.variadic.is_none()
}

/// Checks that the function has a body. A trait's method without one has no code to wrap.
fn check_body(input: &Input, attribute: &str, diag: &Diag) -> bool {
    if input.body.is_none() {
        diag.error(
            &input.sig.ident,
            format!(
                "`#[{attribute}]` on a method without a body has nothing to guard\n\
                 help: write it on the method of each `impl`, or give this one a default body"
            ),
        );
    }
    input.body.is_some()
}

/// Checks that the function is async, or has one of the shapes that other attributes give to an
/// async fn.
fn check_async(input: &Input, block: Option<&Block>, attribute: &str, stack: &Stack, diag: &Diag) {
    if input.sig.asyncness.is_some() {
        return;
    }
    let Some(body) = &input.body else { return };
    if let Some(block) = block {
        if let Some(word) = block.early_return() {
            diag.error(
                word,
                format!(
                    "this `return` leaves `{0}` before the block that `#[{attribute}]` is around\n\
                     help: write `async fn {0}(..)`, or return from inside the `async` block",
                    input.sig.ident
                ),
            );
        }
        return;
    }
    let name = &input.sig.ident;
    let future = input.output().is_some_and(returns_future);
    let message = match (stack.was_async, stack.strangers.as_slice()) {
        (true, [.., stranger]) => {
            diag.error(
                stranger,
                format!(
                    "`#[{stranger}]` below `#[{attribute}]` takes `async` away from `{name}`\n\
                     help: put the body into an `async fn` of its own, with `#[{attribute}]` on \
                     that, and call it from `{name}`"
                ),
            );
            return;
        }
        _ if future => {
            let block = |inner: &str| match input.output() {
                Some(Type::ImplTrait(_)) => format!("async move {{ {inner} }}"),
                _ => format!("Box::pin(async move {{ {inner} }})"),
            };
            if let Some(method) = behind_the_block(body.stream()) {
                diag.error(
                    &method,
                    format!(
                        "`.{method}(..)` behind the async block of `{name}` may change its outcome, \
                         which `#[{attribute}]` would not see\n\
                         help: write it inside: `{}`",
                        block(&format!("async {{ .. }}.{method}(..).await"))
                    ),
                );
                return;
            }
            let inner = made_elsewhere(body.stream());
            let inner = inner.map_or_else(|| "..".to_owned(), |made| format!("{made}.await"));
            format!(
                "`#[{attribute}]` can't find the async block of `{name}`\n\
                 help: write `async fn {name}(..)`, or end the body with `{}`",
                block(&inner)
            )
        }
        _ => format!(
            "`#[{attribute}]` needs an `async fn`, and `{name}` is none\n\
             help: write `async fn {name}`; if an attribute above took `async` away, put the body into \
             an `async fn` of its own, with `#[{attribute}]` on that, and call it from `{name}`"
        ),
    };
    diag.error(input.sig.fn_token, message);
}

/// Checks that the function returns a `Result`, as a policy acts on the error. Aliases are left to
/// the compiler.
fn check_result(input: &Input, diag: &Diag) {
    match &input.sig.output {
        ReturnType::Default => diag.error(
            &input.sig.ident,
            format!(
                "`{0}` returns nothing, and a policy acts on the error of a `Result`\n\
                 help: write `-> Result<(), E>`",
                input.sig.ident
            ),
        ),
        ReturnType::Type(_, ty) => {
            let plain = match &**ty {
                Type::Tuple(_) | Type::Reference(_) | Type::Array(_) | Type::Never(_) => true,
                Type::ImplTrait(_) => !returns_future(ty),
                Type::Path(p) => p.path.get_ident().is_some_and(|i| {
                    let primitives = [
                        "bool", "char", "f32", "f64", "i32", "i64", "String", "u8", "u32", "u64",
                        "usize",
                    ];
                    primitives.iter().any(|p| i == p)
                }),
                _ => false,
            } || is_option(ty);
            if plain {
                diag.error(
                    ty,
                    format!(
                        "`{0}` returns no `Result`, and a policy acts on the error of one\n\
                         help: write `-> Result<{1}, E>`",
                        input.sig.ident,
                        tidy(&ty.to_token_stream())
                    ),
                );
            }
        }
    }
}

fn is_option(ty: &Type) -> bool {
    matches!(ty, Type::Path(p) if p.path.segments.last().is_some_and(|s| s.ident == "Option"))
}

/// Formats tokens as a person would write them.
fn tidy(tokens: &TokenStream) -> String {
    let mut text = tokens.to_string();
    for (from, to) in [
        (" <", "<"),
        ("< ", "<"),
        (" >", ">"),
        (" ,", ","),
        ("& ", "&"),
        (" ::", "::"),
        (":: ", "::"),
    ] {
        text = text.replace(from, to);
    }
    text
}

/// The words about a function whose body runs more than once.
struct RunsAgain {
    /// "a retried function".
    function: &'static str,
    /// What happens to a changed argument.
    why: &'static str,
    /// What the clones are for: "each attempt".
    each: &'static str,
}

const REPEATED: RunsAgain = RunsAgain {
    function: "a retried function",
    why: "what one attempt changes would carry over to the next",
    each: "each attempt",
};

const COPIED: RunsAgain = RunsAgain {
    function: "a hedged function",
    why: "two copies that run at once can't both change it",
    each: "each copy",
};

/// Checks that no argument is `mut`, unless it is cloned. Changes to it would carry over from one run to
/// another. `place` is where the option `clone` belongs.
fn check_mutable_arguments(
    input: &Input,
    bindings: &[Binding],
    facts: &[Facts],
    words: &RunsAgain,
    place: &str,
    diag: &Diag,
) {
    let RunsAgain {
        function,
        why,
        each,
    } = words;
    let cloned: Vec<&Ident> = facts.iter().flat_map(|layer| &layer.clones).collect();
    for b in bindings {
        if let Some(span) = b.mutable
            && !cloned.contains(&&b.ident)
        {
            let name = &b.ident;
            diag.error_at(
                span,
                format!(
                    "`mut {name}` in {function}: {why}\n\
                     help: write `clone({name})` in {place} for a fresh clone {each}, or remove `mut`"
                ),
            );
        }
    }
    if let Some(word) = input.mut_self() {
        diag.error(
            word,
            format!(
                "`mut self` in {function}: {why}\n\
                 help: write `self` and, inside the body, work on a clone of it: `let mut this = self.clone();`"
            ),
        );
    }
}

/// Checks that a success to record does not borrow: a replay is read from bytes. Behind an alias
/// the compiler says so.
fn check_recorded(outcome: Option<&TokenStream>, diag: &Diag) {
    let Some(success) = outcome.and_then(|ret| result_arguments(ret)?.into_iter().next()) else {
        return;
    };
    if let Type::Reference(reference) = &success {
        let owned = match &*reference.elem {
            Type::Path(p) if p.path.is_ident("str") => "String".to_owned(),
            Type::Slice(s) => format!("Vec<{}>", tidy(&s.elem.to_token_stream())),
            other => tidy(&other.to_token_stream()),
        };
        diag.error(
            reference,
            format!(
                "the result of an idempotent function is recorded and replayed, and a borrowed one cannot be\n\
                 help: return an owned value: `{owned}`"
            ),
        );
    }
}
