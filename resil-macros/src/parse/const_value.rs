//! Values that configure a policy: literals, which are checked now, and const expressions, which
//! rustc checks where the generated code puts them.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;

use super::spelling::is_const_block;
use super::suggest::{intended_duration, unit_literal};
use super::syntax::{Syntax, syntax_of};
use super::value::Value;
use super::{duration, messages};
use crate::tokens::is_punct;

/// A value that is fixed when the function is compiled.
#[derive(Clone, Debug)]
pub(crate) enum Const<T> {
    /// A value that the macro knows.
    Literal { value: T, tokens: TokenStream },
    /// An expression that is checked in a `const` item, which `cargo check` evaluates.
    Item { tokens: TokenStream },
    /// An expression that may depend on a generic, so that only an inline const can hold it.
    Inline { tokens: TokenStream },
}

impl<T> Const<T> {
    /// Returns the value of a literal; `None` for an expression, about which the rules are silent.
    pub(crate) fn literal(&self) -> Option<&T> {
        match self {
            Self::Literal { value, .. } => Some(value),
            Self::Item { .. } | Self::Inline { .. } => None,
        }
    }

    /// Whether the value is an expression that a `const` item can hold.
    pub(crate) fn is_named_constant(&self) -> bool {
        matches!(self, Self::Item { .. })
    }

    /// Whether the value may depend on a generic, so that instances of the function differ in it.
    pub(crate) fn may_be_generic(&self) -> bool {
        matches!(self, Self::Inline { .. })
    }

    /// Returns the user's own tokens. Those of a literal may not be Rust (`5s`, `50%`), those of an
    /// expression are.
    pub(crate) fn tokens(&self) -> &TokenStream {
        match self {
            Self::Literal { tokens, .. } | Self::Item { tokens } | Self::Inline { tokens } => {
                tokens
            }
        }
    }
}

impl Value<'_> {
    /// Reads the value as a const expression.
    pub(crate) fn const_expr<T>(&self) -> Option<Const<T>> {
        self.check_expr()?;
        let inside_const_block = is_const_block(&self.tokens);
        if let Some(argument) = self.argument(&self.tokens) {
            let sample = self.write(self.example);
            self.cx.diag.error(
                &argument,
                messages::names_argument(self.name, &argument, &sample),
            );
            return None;
        }
        let tokens = self.tokens.clone();
        Some(
            if inside_const_block || may_be_generic(&tokens, self.cx.generics) {
                Const::Inline { tokens }
            } else {
                Const::Item { tokens }
            },
        )
    }

    /// Checks that the tokens are an expression that Rust can read.
    pub(crate) fn check_expr(&self) -> Option<()> {
        if let Syntax::Number(number) = syntax_of(&self.tokens)
            && duration::looks_like_one(&number.text)
        {
            self.refuse_as_found();
            return None;
        }
        if let Some(duration) = intended_duration(&self.tokens) {
            self.refuse_duration(&duration);
            return None;
        }
        if let Some((literal, text)) = unit_literal(&self.tokens) {
            let message = messages::unit_in_expression(self.name, &literal.to_string(), &[text]);
            self.cx.diag.error(literal, message);
            return None;
        }
        match syn::parse2::<syn::Expr>(self.tokens.clone()) {
            // `max = x = 5`: no option takes an assignment.
            Ok(syn::Expr::Assign(_)) | Err(_) => {
                self.refuse("this is none");
                None
            }
            Ok(_) => Some(()),
        }
    }

    /// Finds the first token that names an argument of the function, or `self`.
    fn argument(&self, tokens: &TokenStream) -> Option<Ident> {
        let mut bound = Vec::new();
        collect_lets(tokens, &mut bound);
        find_free(tokens, &|word| {
            (word == "self" || self.cx.params.contains(word)) && !bound.contains(word)
        })
    }
}

/// Whether an expression may depend on a generic of the function or of its `impl`, or on `Self`.
///
/// An attribute can't see the generics of an `impl`, so every associated const of a type counts
/// (`Foo::MAX`), and every type argument. A call of a type's function does not count
/// (`Duration::from_millis(50)`): on a generic it could not be const.
fn may_be_generic(tokens: &TokenStream, generics: &[Ident]) -> bool {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    trees.iter().enumerate().any(|(at, tree)| match tree {
        TokenTree::Group(group) => {
            let after_const =
                at > 0 && matches!(&trees[at - 1], TokenTree::Ident(w) if w == "const");
            after_const || may_be_generic(&group.stream(), generics)
        }
        TokenTree::Ident(word) if is_first_segment(&trees, at) => {
            word == "Self" || generics.contains(word) || is_associated_const(&trees, at)
        }
        // A turbofish or a qualified path.
        TokenTree::Punct(punct) if punct.as_char() == '<' => {
            at == 0 || is_punct(&trees[at - 1], ':')
        }
        _ => false,
    })
}

/// Whether the name at `at` is a type with a constant behind it: `Foo::MAX`.
fn is_associated_const(trees: &[TokenTree], at: usize) -> bool {
    let mut last = at;
    while let [colon, second, TokenTree::Ident(_), ..] = &trees[last + 1..]
        && is_punct(colon, ':')
        && is_punct(second, ':')
    {
        last += 3;
    }
    let capital = |tree: &TokenTree| tree.to_string().starts_with(char::is_uppercase);
    last > at && capital(&trees[at]) && capital(&trees[last])
}

/// Whether the token at `at` follows neither `::` nor the dot of a field. The dots of a range don't
/// count.
fn is_first_segment(trees: &[TokenTree], at: usize) -> bool {
    let before = |n: usize| at.checked_sub(n).map(|i| &trees[i]);
    let after_path =
        before(1).is_some_and(|t| is_punct(t, ':')) && before(2).is_some_and(|t| is_punct(t, ':'));
    let after_dot =
        before(1).is_some_and(|t| is_punct(t, '.')) && !before(2).is_some_and(|t| is_punct(t, '.'));
    !after_path && !after_dot
}

/// Finds the first variable for which `is_it` holds. A field, a method, a later segment of a path,
/// a module, and the name of a field in a struct literal are no variables.
fn find_free(tokens: &TokenStream, is_it: &dyn Fn(&Ident) -> bool) -> Option<Ident> {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    trees.iter().enumerate().find_map(|(at, tree)| match tree {
        TokenTree::Group(group) => find_free(&group.stream(), is_it),
        TokenTree::Ident(word) if is_first_segment(&trees, at) => {
            let next_is = |c| trees.get(at + 1).is_some_and(|next| is_punct(next, c));
            (!next_is(':') && !next_is('!') && is_it(word)).then(|| word.clone())
        }
        _ => None,
    })
}

/// Collects the names that a `let` inside the expression binds: they hide an argument of the same
/// name.
fn collect_lets(tokens: &TokenStream, bound: &mut Vec<Ident>) {
    let mut after_let = false;
    for tree in tokens.clone() {
        match tree {
            TokenTree::Group(group) => collect_lets(&group.stream(), bound),
            TokenTree::Ident(word) if word == "let" => after_let = true,
            TokenTree::Ident(word) if after_let && word != "mut" => {
                bound.push(word);
                after_let = false;
            }
            _ => {}
        }
    }
}

impl<T> ToTokens for Const<T> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.tokens().clone());
    }
}
