//! Finds the `async` block of a function that is not async itself, in the future that it ends with.
//!
//! The block may be boxed, cast, in brackets, or bound to a name before, and methods that keep its
//! value may stand behind it. All these stay around the policies. A method that changes the value
//! would hide outcomes from the policies, so that is a fault.

use proc_macro2::{Delimiter, Group, Ident, TokenTree};

use super::shapes::{Tokens, holds};
use crate::tokens::{is_brace, is_ident, is_punct, split_at_commas};

/// Methods and functions that make a future of the same value.
const KEEPS_VALUE: [&str; 16] = [
    // tracing
    "in_current_span",
    "instrument",
    "with_current_subscriber",
    "with_subscriber",
    // futures
    "boxed",
    "boxed_local",
    "fuse",
    "shared",
    // opentelemetry
    "with_context",
    "with_current_context",
    // sentry, fastrace
    "bind_hub",
    "enter_on_poll",
    "in_span",
    // tokio, std
    "unconstrained",
    "into_future",
    "into",
];

/// Functions of a type that make a future of the same value.
const KEEPS_VALUE_OF: [(&str, &str); 6] = [
    ("Box", "pin"),
    ("Box", "new"),
    ("Box", "from"),
    ("Box", "into_pin"),
    ("Pin", "from"),
    ("Pin", "new"),
];

/// The expression that a function's content ends with.
pub(super) enum Tail {
    /// A future: for each group, from the outside to the inside, the index of the next one. The
    /// last one is the `async` block.
    Future(Vec<Step>),
    /// An `async` block with a method behind it that may change its value.
    Behind(Ident),
    /// Something else.
    Other,
}

pub(super) struct Step {
    pub(super) at: usize,
    /// The index of the `return` before the future, if it is in this group.
    pub(super) return_at: Option<usize>,
}

impl Tail {
    pub(super) fn of(content: Tokens) -> Self {
        let mut search = Search::default();
        match (search.block(content), search.behind) {
            (None, _) => Self::Other,
            (Some(()), Some(method)) => Self::Behind(method),
            (Some(()), None) => {
                let levels = search.levels.into_iter();
                Self::Future(levels.map(|level| level.step).collect())
            }
        }
    }
}

/// The search on its way from the function's content to the block.
#[derive(Default)]
struct Search {
    levels: Vec<Level>,
    behind: Option<Ident>,
}

/// The tokens of a group, and the index at which the way goes on.
struct Level {
    tokens: Tokens,
    step: Step,
}

/// The kind of an expression, by its last tokens.
enum Value {
    /// An `async` block, which the last token closes.
    Block,
    /// A call of a method: the end of its receiver, and the method's name if it may change the
    /// value.
    Method(usize, Option<Ident>),
    /// A call of a function that keeps the value of its first argument.
    Call(Group),
    Name(Ident),
    Group(Group),
    /// `.. as T`: the end of the expression that is cast.
    Cast(usize),
}

impl Search {
    /// Searches the content of a block: the expression that it ends with, or returns in its last
    /// statement.
    fn block(&mut self, tokens: Tokens) -> Option<()> {
        let closed = tokens.last().is_some_and(|t| is_punct(t, ';'));
        let end = tokens.len() - usize::from(closed);
        let start = tokens[..end].iter().rposition(|t| is_punct(t, ';'));
        let start = start.map_or(0, |semicolon| semicolon + 1);
        let return_at = tokens[start..end]
            .iter()
            .rposition(|t| is_ident(t, "return"))
            .map(|at| start + at);
        if closed && return_at.is_none() {
            return None;
        }
        let step = Step { at: 0, return_at };
        self.levels.push(Level { tokens, step });
        self.value(return_at.map_or(start, |at| at + 1), end)
    }

    /// Searches the expression that ends at `end` in the last level. It begins at `start`, or
    /// behind a statement in braces without `;`.
    fn value(&mut self, start: usize, mut end: usize) -> Option<()> {
        loop {
            let level = self.levels.last_mut()?;
            let value = level.tokens.get(start..end)?;
            let last = end.checked_sub(1)?;
            match Value::of(value)? {
                Value::Block => {
                    level.step.at = last;
                    return Some(());
                }
                Value::Method(length, changes) => {
                    self.behind = changes.or(self.behind.take());
                    end = start + length;
                }
                Value::Call(arguments) => {
                    level.step.at = last;
                    let first = split_at_commas(arguments.stream()).into_iter().next()?;
                    return self.within(first.tokens.into_iter().collect());
                }
                Value::Name(name) => return self.bound(&name, last),
                Value::Group(group) => {
                    level.step.at = last;
                    let content = group.stream().into_iter().collect();
                    return match group.delimiter() {
                        Delimiter::Parenthesis => self.within(content),
                        Delimiter::Brace | Delimiter::None => self.block(content),
                        Delimiter::Bracket => None,
                    };
                }
                Value::Cast(length) => end = start + length,
            }
        }
    }

    /// Searches an expression that fills its brackets.
    fn within(&mut self, tokens: Tokens) -> Option<()> {
        let end = tokens.len();
        let step = Step {
            at: 0,
            return_at: None,
        };
        self.levels.push(Level { tokens, step });
        self.value(0, end)
    }

    /// Searches the value of the last `let name = ..;` before `end`, in this block or one around
    /// it.
    fn bound(&mut self, name: &Ident, mut end: usize) -> Option<()> {
        loop {
            let tokens = &self.levels.last()?.tokens[..end];
            if let Some((start, semicolon)) = binding(tokens, name) {
                let is_same = !rebinds(&tokens[semicolon + 1..], name);
                return is_same.then(|| self.value(start, semicolon))?;
            }
            if rebinds(tokens, name) {
                return None;
            }
            self.levels.pop();
            end = self.levels.last()?.step.at;
        }
    }
}

impl Value {
    fn of(tokens: &[TokenTree]) -> Option<Self> {
        Some(match tokens {
            [before @ .., a, block]
                if is_ident(a, "async") && is_brace(block) && ends_statement(before) =>
            {
                Self::Block
            }
            [before @ .., a, m, block]
                if is_ident(a, "async")
                    && is_ident(m, "move")
                    && is_brace(block)
                    && ends_statement(before) =>
            {
                Self::Block
            }
            [
                ..,
                dot,
                TokenTree::Ident(method),
                TokenTree::Group(arguments),
            ] if is_punct(dot, '.') && arguments.delimiter() == Delimiter::Parenthesis => {
                let changes = !KEEPS_VALUE.iter().any(|m| method == m);
                Self::Method(tokens.len() - 3, changes.then(|| method.clone()))
            }
            [
                before @ ..,
                TokenTree::Ident(of),
                colon,
                second,
                TokenTree::Ident(function),
                TokenTree::Group(arguments),
            ] if is_punct(colon, ':')
                && is_punct(second, ':')
                && arguments.delimiter() == Delimiter::Parenthesis =>
            {
                let is_path = |t: &&TokenTree| matches!(t, TokenTree::Ident(_)) || is_punct(t, ':');
                let path = before.iter().rev().take_while(is_path).count();
                if !ends_statement(&before[..before.len() - path]) {
                    return None;
                }
                let is = |(ty, f): &(&str, &str)| of == ty && function == f;
                let known = KEEPS_VALUE.iter().any(|f| function == f);
                (known || KEEPS_VALUE_OF.iter().any(is)).then(|| Self::Call(arguments.clone()))?
            }
            [before @ .., TokenTree::Ident(name)] if ends_statement(before) => {
                Self::Name(name.clone())
            }
            [before @ .., TokenTree::Group(group)] if ends_statement(before) => {
                // In `if x { .. } { .. }` and `match x { .. }` the braces are no block of their
                // own.
                let own =
                    group.delimiter() != Delimiter::Brace || !before.last().is_some_and(is_brace);
                own.then(|| Self::Group(group.clone()))?
            }
            _ => Self::Cast(cast(tokens)?),
        })
    }
}

/// Whether an expression may begin behind these tokens: behind a statement in braces, an attribute
/// or nothing.
fn ends_statement(tokens: &[TokenTree]) -> bool {
    match tokens {
        [] => true,
        [.., pound, TokenTree::Group(attribute)]
            if is_punct(pound, '#') && attribute.delimiter() == Delimiter::Bracket =>
        {
            true
        }
        [.., last] => is_brace(last),
    }
}

/// Returns the range of the value in the last complete `let name = ..;`. In `let name = f(name);`
/// the inner `name` belongs to an earlier `let`. A `mut` name may have another value by now, so it
/// does not count.
fn binding(tokens: &[TokenTree], name: &Ident) -> Option<(usize, usize)> {
    let is_bound = |at: usize| {
        let is_name = matches!(&tokens[at], TokenTree::Ident(word) if word == name);
        is_name && at > 0 && is_ident(&tokens[at - 1], "let")
    };
    let end = |at: usize| Some(at + tokens[at..].iter().position(|t| is_punct(t, ';'))?);
    let mut complete = (0..tokens.len()).rev().filter(|at| is_bound(*at));
    let (at, end) = complete.find_map(|at| Some((at, end(at)?)))?;
    let mut depth = 0_usize;
    for i in at + 1..end {
        match &tokens[i] {
            t if is_punct(t, '<') => depth += 1,
            t if is_punct(t, '>') && !is_punct(&tokens[i - 1], '-') => {
                depth = depth.saturating_sub(1);
            }
            t if depth == 0 && is_punct(t, '=') => return Some((i + 1, end)),
            _ => {}
        }
    }
    None
}

/// Whether these statements may give `name` another value: by a pattern, a `let` without a value,
/// or a macro that gets the name.
fn rebinds(tokens: &[TokenTree], name: &Ident) -> bool {
    let named = |t: &TokenTree| holds(std::slice::from_ref(t), &name.to_string());
    let by_let = |at: usize| {
        let ends = |t: &TokenTree| is_punct(t, '=') || is_punct(t, ';');
        let pattern = tokens[at + 1..].iter().take_while(|t| !ends(t));
        let complete = |t: &TokenTree| is_punct(t, ';') || is_brace(t);
        pattern.clone().any(named) && tokens[at + 1..].iter().any(complete)
    };
    (0..tokens.len()).any(|at| match &tokens[at] {
        TokenTree::Ident(word) if word == "let" => by_let(at),
        TokenTree::Group(_) => at > 0 && is_punct(&tokens[at - 1], '!') && named(&tokens[at]),
        _ => false,
    })
}

/// Finds the `as` of `.. as Pin<Box<..>>`.
fn cast(tokens: &[TokenTree]) -> Option<usize> {
    let mut depth = 0_usize;
    for at in (1..tokens.len()).rev() {
        match &tokens[at] {
            t if is_punct(t, '>') => {
                let arrow = is_punct(&tokens[at - 1], '-') || is_punct(&tokens[at - 1], '=');
                depth += usize::from(!arrow);
            }
            t if is_punct(t, '<') => depth = depth.checked_sub(1)?,
            t if depth == 0 && is_ident(t, "as") => return Some(at),
            _ => {}
        }
    }
    None
}
