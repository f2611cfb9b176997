//! The expression of a `#[fallback]`: with the head of a closure or without, and what its tokens tell
//! of its type.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Expr, Pat, ReturnType};

use crate::parse::Value;
use crate::tokens::{flat, inside, is_ident, is_punct, mentions, open, shown};

/// The expression that takes the place of an error.
pub(crate) struct Expression {
    /// The pattern in the head `|error|`; `None` if nothing asks for the error.
    pub(crate) head: Option<TokenStream>,
    pub(crate) value: TokenStream,
    pub(crate) form: Form,
    /// As the user wrote it.
    pub(crate) written: TokenStream,
}

/// The type of the expression, as far as its tokens tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The function's `Result`, or an expression that never ends.
    Result,
    /// The success in that `Result`.
    Success,
    /// Either; the type decides.
    Either,
}

impl Expression {
    /// Reads the expression; faults go to the sink.
    pub(super) fn read(value: &Value<'_>) -> Option<Self> {
        let written = value.tokens.clone();
        let Ok(Expr::Closure(closure)) = syn::parse2::<Expr>(open(written.clone())) else {
            check_is_no_function(value)?;
            value.expr()?;
            check_is_no_future(value, &written)?;
            return Some(Self::of(None, written.clone(), written));
        };
        let body = closure.body.to_token_stream();
        let heads: Vec<&Pat> = closure.inputs.iter().collect();
        let fault = |what: &str, write: String| {
            value.refuse_with(what, &[write]);
        };
        let head = match heads.as_slice() {
            [] => {
                fault("`||` has no error in it", shown(&body));
                return None;
            }
            [head] => head.to_token_stream(),
            [..] => {
                fault(
                    "the head of its closure has one argument, the error",
                    format!("|error| {}", shown(&body)),
                );
                return None;
            }
        };
        let plain = || format!("|{}| {}", shown(&head), shown(&body));
        if closure.asyncness.is_some() {
            fault("`async` is for nothing: it may `.await` as it is", plain());
            return None;
        }
        if closure.capture.is_some() {
            fault(
                "`move` is for nothing: it is no closure that is kept",
                plain(),
            );
            return None;
        }
        if let ReturnType::Type(..) = closure.output {
            fault("its type is known: it is the function's", plain());
            return None;
        }
        check_is_no_future(value, &body)?;
        let binds = !matches!(heads.as_slice(), [Pat::Wild(_)]);
        Some(Self::of(binds.then_some(head), body, written))
    }

    fn of(head: Option<TokenStream>, value: TokenStream, written: TokenStream) -> Self {
        let form = form_of(&value);
        Self {
            head,
            value,
            form,
            written,
        }
    }

    /// Whether it may wait for something.
    pub(super) fn takes_time(&self) -> bool {
        mentions(&self.value, &|tree| is_ident(tree, "await"))
    }
}

/// Reports `#[fallback(cached)]`: the name of a function, where a call of it is meant. An argument, a
/// constant and a static are values.
fn check_is_no_function(value: &Value<'_>) -> Option<()> {
    let Ok(Expr::Path(path)) = syn::parse2::<Expr>(open(value.tokens.clone())) else {
        return Some(());
    };
    let last = path.path.segments.last()?;
    let name = last.ident.to_string();
    let is_value = name.starts_with(char::is_uppercase)
        || name == "self"
        || path
            .path
            .get_ident()
            .is_some_and(|i| value.cx.may_be_argument(i));
    if is_value {
        return Some(());
    }
    let shown = shown(&value.tokens);
    value.refuse_with(
        &format!("`{shown}` is the name of a function"),
        &[format!("{shown}()"), format!("|error| {shown}(error)")],
    );
    None
}

/// Reports `async { .. }`: the value would be a future.
fn check_is_no_future(value: &Value<'_>, body: &TokenStream) -> Option<()> {
    let Ok(Expr::Async(block)) = syn::parse2::<Expr>(open(body.clone())) else {
        return Some(());
    };
    let inner = block.block.to_token_stream();
    value.refuse_with(
        "an `async` block is a future, and the expression may `.await` as it is",
        &[format!("|error| {}", shown(&inner))],
    );
    None
}

/// Judges the type of an expression by how its last part looks.
///
/// Where the tokens tell, the value is expected to be of that type, as in a `return`: so
/// `Default::default()`, `x.into()` and `Ok(Box::new(x))` know what they are to be.
pub(super) fn form_of(value: &TokenStream) -> Form {
    if let Some(block) = inside(value, Delimiter::Brace) {
        return form_of(&tail_of(&block));
    }
    let trees = flat(value);
    match trees.as_slice() {
        [TokenTree::Ident(word), ..] if word == "return" => Form::Result,
        [TokenTree::Ident(word), bang, ..]
            if is_punct(bang, '!')
                && ["panic", "todo", "unimplemented", "unreachable"]
                    .iter()
                    .any(|name| word == name) =>
        {
            Form::Result
        }
        [.., last] if is_punct(last, '?') => Form::Success,
        [.., TokenTree::Ident(name), TokenTree::Group(arguments)]
            if arguments.delimiter() == Delimiter::Parenthesis =>
        {
            let path = &trees[..trees.len() - 2];
            let is_path = |t: &TokenTree| matches!(t, TokenTree::Ident(_)) || is_punct(t, ':');
            let is_method = path.last().is_some_and(|t| is_punct(t, '.'));
            if (name == "Ok" || name == "Err") && path.iter().all(is_path) {
                Form::Result
            } else if is_method && (name == "into" || name == "unwrap_or_default")
                || name == "default" && is_path_of(path, "Default")
            {
                Form::Success
            } else {
                Form::Either
            }
        }
        _ => Form::Either,
    }
}

/// Whether the tokens end with `name::`.
fn is_path_of(path: &[TokenTree], name: &str) -> bool {
    matches!(path, [.., of, first, second]
        if is_ident(of, name) && is_punct(first, ':') && is_punct(second, ':'))
}

/// Returns the expression that a block ends with.
fn tail_of(block: &TokenStream) -> TokenStream {
    let statements = syn::parse::Parser::parse2(syn::Block::parse_within, block.clone());
    match statements.unwrap_or_default().pop() {
        Some(syn::Stmt::Expr(tail, None) | syn::Stmt::Expr(tail @ Expr::Return(_), Some(_))) => {
            tail.to_token_stream()
        }
        Some(syn::Stmt::Macro(tail)) if tail.semi_token.is_none() => tail.to_token_stream(),
        _ => TokenStream::new(),
    }
}
