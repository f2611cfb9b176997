//! Names in a pattern that no value matches: the value's own type, another type, a predicate, and
//! constants that are compared with a part of the value.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{Pat, Path, Token, Type};

use crate::parse::context::ParseContext;
use crate::parse::messages;
use crate::parse::spelling::is_constant_name;
use crate::parse::table::PatternSubject;
use crate::parse::value::Value;
use crate::tokens::{flat, is_punct, shown};

/// Names that are types when they stand behind a module: no variant or constant has them.
const TYPES: [&str; 4] = ["ErrorKind", "Report", "Status", "StatusCode"];

/// Errors that hold any other error and tell its type.
const HOLD_ANY: [&str; 3] = ["anyhow::Error", "eyre::Report", "eyre::Error"];

/// Errors that are told apart by the answer of a method: the error, the type of the answer, the
/// method, and what to write around the constant.
const ASKED_BY: [AskedBy; 3] = [
    AskedBy {
        error: "io::Error",
        part: "ErrorKind",
        method: "kind()",
        around: ["", ""],
        sample: "e if e.kind() == std::io::ErrorKind::TimedOut",
    },
    AskedBy {
        error: "Status",
        part: "Code",
        method: "code()",
        around: ["", ""],
        sample: "e if e.code() == tonic::Code::Unavailable",
    },
    AskedBy {
        error: "reqwest::Error",
        part: "StatusCode",
        method: "status()",
        around: ["Some(", ")"],
        sample: "e if e.is_connect()",
    },
];

struct AskedBy {
    error: &'static str,
    part: &'static str,
    method: &'static str,
    around: [&'static str; 2],
    sample: &'static str,
}

impl AskedBy {
    /// Finds the row by the name of the error.
    fn of(error: &TokenStream) -> Option<&'static Self> {
        ASKED_BY.iter().find(|by| is_called(error, by.error))
    }
}

/// The value that a pattern is matched against, with its declared type.
struct Matched<'a> {
    subject: PatternSubject,
    own: Option<&'a TokenStream>,
}

impl<'a> Matched<'a> {
    fn of(cx: &'a ParseContext<'_>, subject: PatternSubject) -> Self {
        let own = match subject.variant {
            "Ok" => cx.success.as_ref(),
            _ => cx.error.as_ref(),
        };
        Self { subject, own }
    }

    /// Returns the usual name for the value in a pattern.
    fn name(&self) -> &'static str {
        if self.subject == PatternSubject::OK {
            "v"
        } else {
            "e"
        }
    }

    fn condition(&self) -> &'static str {
        match self.own.and_then(AskedBy::of) {
            _ if self.subject == PatternSubject::OK => "v if v.is_pending()",
            Some(by) => by.sample,
            None => "e if e.is_connect()",
        }
    }

    fn predicate(&self, function: &Path) -> String {
        let function = shown(&function.to_token_stream());
        format!("{0} if {function}({0})", self.name())
    }

    /// Whether the error is one that holds any other.
    fn holds_any(&self) -> bool {
        self.own.is_some_and(|error| {
            let boxed = squeezed(error).contains("Box<dyn");
            boxed || HOLD_ANY.iter().any(|known| is_called(error, known))
        })
    }

    /// Whether `path` is the declared type itself. Only names that errors have count, as a unit
    /// struct is a legal pattern too.
    fn is_own(&self, path: &Path) -> bool {
        let Some(last) = path.segments.last().map(|last| last.ident.to_string()) else {
            return false;
        };
        let is_named_so = last.ends_with("Error") || TYPES.contains(&last.as_str());
        is_named_so
            && self.own.is_some_and(|own| {
                let by_name = is_behind_modules(path) && Some(&last) == name_of(own).as_ref();
                by_name || squeezed(own) == squeezed(&path.to_token_stream())
            })
    }
}

/// Returns the pattern that the name of a type or a predicate means: `PayError`, `Self::is_fatal`.
pub(crate) fn intended_pattern(
    pattern: &Pat,
    subject: PatternSubject,
    cx: &ParseContext<'_>,
) -> Option<String> {
    let matched = Matched::of(cx, subject);
    if let Some(all) = listed(pattern).filter(|all| !all.is_empty()) {
        return Some(joined(all));
    }
    let path = path_of(pattern)?;
    if is_predicate(&path) {
        return Some(matched.predicate(&path));
    }
    (matched.is_own(&path) || is_other_type(&path)).then(|| matched.condition().to_owned())
}

impl Value<'_> {
    /// Reports each alternative that is a name which no value of the type matches, and returns
    /// whether there is one.
    pub(crate) fn is_misnamed(&self, pattern: &Pat, guarded: bool) -> bool {
        let cases = cases(pattern);
        if let Some((what, text)) = self.compared_by(&cases)
            && !guarded
        {
            self.refuse_with(&what, &[text]);
            return true;
        }
        let matched = self.matched();
        let mut found = false;
        for path in cases.iter().copied().filter_map(path_of) {
            let message = if is_predicate(&path) {
                let what = format!("`{}` is a function", shown(&path.to_token_stream()));
                let texts = self.write_all(&[matched.predicate(&path)]);
                messages::wrong_kind(self.name, &self.takes, &what, &texts)
            } else if matched.is_own(&path) || is_other_type(&path) {
                self.said_of_type(&path.to_token_stream())
            } else {
                continue;
            };
            self.cx.diag.error(&path, message);
            found = true;
        }
        found
    }

    /// Reports a list of alternatives, `[A, B]`, for a value that is no list, and returns whether
    /// it is one.
    pub(crate) fn is_list_by_mistake(&self, pattern: &Pat) -> bool {
        let matched = self.matched();
        let Some(own) = matched.own.and_then(name_of) else {
            return false;
        };
        let is_case = |case: &Pat, sure: bool| {
            let path = match case {
                Pat::TupleStruct(case) => Some(case.path.clone()),
                Pat::Struct(case) => Some(case.path.clone()),
                case => path_of(case),
            };
            path.is_some_and(|path| {
                let owner = path.segments.iter().rev().nth(1);
                sure || owner.is_none_or(|owner| owner.ident == own.as_str())
            })
        };
        // The value's type may be an alias of a tuple.
        let Some(all) = listed(pattern) else {
            return false;
        };
        let sure = matches!(pattern, Pat::Slice(_));
        let is_list = !all.is_empty() && all.iter().all(|case| is_case(case, sure));
        if is_list {
            let what = format!("`{}` is a list of them", shown(&pattern.to_token_stream()));
            self.refuse_with(&what, &[joined(all)]);
        }
        is_list
    }

    /// Reports a type in place of a pattern, `Box<dyn Error>`, and returns whether it is one.
    pub(crate) fn is_type(&self, tokens: &TokenStream) -> bool {
        let is_type = syn::parse2::<Type>(tokens.clone()).is_ok();
        if is_type {
            self.fault(self.said_of_type(tokens));
        }
        is_type
    }

    fn matched(&self) -> Matched<'_> {
        Matched::of(self.cx, self.subject())
    }

    fn said_of_type(&self, ty: &TokenStream) -> String {
        let matched = self.matched();
        let own = syn::parse2::<Path>(ty.clone()).is_ok_and(|path| matched.is_own(&path))
            || matched.own.is_some_and(|own| squeezed(own) == squeezed(ty));
        let written = shown(ty);
        let condition = self.write(matched.condition());
        let narrowed = format!("write `{condition}` with a condition of yours");
        let instead = if !own && matched.holds_any() {
            format!(
                "write `{}`",
                self.write(&format!("e if e.is::<{written}>()"))
            )
        } else if !own {
            let variant = match matched.own.and_then(name_of) {
                Some(own) => self.write(&format!("{own}::Network(_)")),
                None => self.write(self.example),
            };
            format!("write `{variant}`, the variant that holds it, or a condition as `{condition}`")
        } else {
            match matched.subject.by_default {
                Some(by_default) => format!("{narrowed}, or leave it out to {by_default}"),
                None => narrowed,
            }
        };
        messages::is_a_type(self.name, &self.takes, &written, &instead)
    }

    /// Finds a constant that is an answer of one of the error's methods: `ErrorKind::TimedOut` for
    /// an `io::Error`. Returns what is wrong and the text to write.
    fn compared_by(&self, cases: &[&Pat]) -> Option<(String, String)> {
        let error = self.matched().own?;
        let AskedBy {
            part,
            method,
            around: [before, after],
            ..
        } = AskedBy::of(error)?;
        let mut names = Vec::new();
        for case in cases {
            let path = path_of(case)?;
            let owner = path.segments.iter().rev().nth(1)?;
            if owner.ident != *part {
                return None;
            }
            names.push(shown(&path.to_token_stream()));
        }
        let compared = match names.as_slice() {
            [one] => format!("e if e.{method} == {before}{one}{after}"),
            all => format!(
                "e if matches!(e.{method}, {before}{}{after})",
                all.join(" | ")
            ),
        };
        let what = format!("`{}` is no `{}`: its `{method}` is", names[0], shown(error));
        Some((what, compared))
    }
}

/// Returns the alternatives of a pattern, without their brackets.
fn cases(pattern: &Pat) -> Vec<&Pat> {
    match pattern {
        Pat::Or(or) => or.cases.iter().flat_map(cases).collect(),
        Pat::Paren(inner) => cases(&inner.pat),
        Pat::Reference(inner) => cases(&inner.pat),
        one => vec![one],
    }
}

/// Returns the parts of `[A, B]` or `(A, B)`.
fn listed(pattern: &Pat) -> Option<&Punctuated<Pat, Token![,]>> {
    match pattern {
        Pat::Slice(list) => Some(&list.elems),
        Pat::Tuple(list) => Some(&list.elems),
        Pat::Paren(inner) => listed(&inner.pat),
        _ => None,
    }
}

fn joined(cases: &Punctuated<Pat, Token![,]>) -> String {
    let texts = cases.iter().map(|case| shown(&case.to_token_stream()));
    texts.collect::<Vec<_>>().join(" | ")
}

/// Returns the name, if an alternative is a name and nothing else.
fn path_of(case: &Pat) -> Option<Path> {
    match case {
        Pat::Path(path) if path.qself.is_none() => Some(path.path.clone()),
        Pat::Ident(name) if is_constant_name(name) => Some(name.ident.clone().into()),
        _ => None,
    }
}

/// Whether all names but the last are in small letters: `std::io::Error`.
fn is_behind_modules(path: &Path) -> bool {
    let modules = path.segments.iter().rev().skip(1);
    let is_module = |name: String| !name.starts_with(char::is_uppercase);
    modules.map(|s| s.ident.to_string()).all(is_module)
}

/// Whether the path is a type that has no value of the same name, by its spelling. `fmt::Error` has
/// one.
fn is_other_type(path: &Path) -> bool {
    let mut segments = path.segments.iter().rev().map(|s| s.ident.to_string());
    let (Some(last), Some(module)) = (segments.next(), segments.next()) else {
        return false;
    };
    let own = ["crate", "self", "super", "fmt"].contains(&module.as_str());
    let is_type = last.ends_with("Error") || TYPES.contains(&last.as_str());
    is_type && !own && is_behind_modules(path)
}

/// Whether the path is a predicate: `PayError::is_declined`.
fn is_predicate(path: &Path) -> bool {
    const BEGINS: [&str; 7] = ["can_", "has_", "is_", "must_", "needs_", "should_", "was_"];
    let last = path.segments.last().map(|last| last.ident.to_string());
    path.segments.len() > 1
        && last.is_some_and(|last| BEGINS.iter().any(|begins| last.starts_with(begins)))
}

/// Returns the last name of a type.
fn name_of(ty: &TokenStream) -> Option<String> {
    match syn::parse2::<Type>(ty.clone()).ok()? {
        Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
        _ => None,
    }
}

/// Whether a type has that name, behind any path.
fn is_called(ty: &TokenStream, name: &str) -> bool {
    let text = squeezed(ty);
    let before = text.strip_suffix(name);
    before.is_some_and(|before| before.is_empty() || before.ends_with("::"))
}

fn squeezed(tokens: &TokenStream) -> String {
    let trees = flat(tokens);
    trees
        .iter()
        .map(TokenTree::to_string)
        .collect::<String>()
        .replace(' ', "")
}

/// Splits `e: PayError if e.is_declined()` into the name and the tokens behind the type.
pub(crate) fn typed(tokens: &TokenStream) -> Option<(String, TokenStream)> {
    let trees = flat(tokens);
    let [TokenTree::Ident(name), colon, rest @ ..] = trees.as_slice() else {
        return None;
    };
    let guard = rest
        .iter()
        .position(|tree| matches!(tree, TokenTree::Ident(word) if word == "if"))
        .unwrap_or(rest.len());
    let ty: TokenStream = rest[..guard].iter().cloned().collect();
    let is_typed = is_punct(colon, ':') && syn::parse2::<Type>(ty).is_ok();
    is_typed.then(|| (name.to_string(), rest[guard..].iter().cloned().collect()))
}
