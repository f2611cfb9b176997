//! The parsers never panic, on any tokens.

use std::str::FromStr;

use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};

use super::{faults_of_tokens, stacks};
use crate::policy::{OPTIONS, POLICIES};

const LITERALS: [&str; 36] = [
    "0",
    "1",
    "5",
    "101",
    "4294967296",
    "5s",
    "0s",
    "1m30s",
    "30s1m",
    "1m30",
    "5sec",
    "1e3s",
    "1e400",
    "1e400s",
    "0xfd",
    "0b1s",
    "0o7",
    "1.",
    "1.5s",
    "0.1ns",
    "99999999999999999999999999999999999999999d",
    "5u64",
    "1_0_ms",
    "1__m3_s",
    "5µs",
    "5ünï",
    "\"pay\"",
    "\"\"",
    "\"5 s\"",
    "\"ü\"",
    "\"x\"suffix",
    "b\"x\"",
    "'c'",
    "c\"x\"",
    "b'x'",
    "r#\"raw\"#",
];

const WORDS: [&str; 36] = [
    "if",
    "let",
    "const",
    "crate",
    "self",
    "Self",
    "move",
    "mut",
    "ref",
    "as",
    "true",
    "false",
    "_",
    "unlimited",
    "full",
    "none",
    "off",
    "outer",
    "indeterminate",
    "capacity",
    "cost",
    "refill",
    "attempt",
    "max_retries",
    "delayMs",
    "threshold",
    "timeout",
    "T",
    "N",
    "request",
    "limit",
    "MAX",
    "Foo",
    "e",
    "é",
    "async",
];

/// xorshift64*: each run is the same, so that a failure can be reproduced.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 33).expect("31 bits") % limit.max(1)
    }

    /// Writes the layers of the stack `text` line by line, and spoils about one in `spoilt` of them.
    pub(crate) fn layers(&mut self, text: &str, spoilt: usize) -> String {
        let mut source = String::new();
        for layer in text.split(" ;; ") {
            let (name, args) = layer.split_once('(').unwrap_or((layer, ")"));
            let args = args.strip_suffix(')').unwrap_or(args);
            let args = if self.below(spoilt) == 0 {
                self.spoilt(layer).to_string()
            } else {
                args.to_owned()
            };
            source.extend([name, "(", &args, ")\n"]);
        }
        source
    }

    pub(crate) fn one_of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    pub(crate) fn tree(&mut self, depth: usize) -> TokenTree {
        match self.below(10) {
            0..3 => Ident::new(self.one_of(&WORDS), Span::call_site()).into(),
            3 => {
                let spec = self.one_of(OPTIONS);
                let name = match spec.options {
                    [] => "duration",
                    options => options[self.below(options.len())].name,
                };
                Ident::new(name, Span::call_site()).into()
            }
            4 | 5 => self.literal().into(),
            6..9 if depth < 6 => self.group(depth),
            _ => {
                let spacing = self.one_of(&[Spacing::Alone, Spacing::Joint]);
                let marks: Vec<char> = "=,=,=,|<>:.%-&!?*+;@#'$".chars().collect();
                Punct::new(self.one_of(&marks), spacing).into()
            }
        }
    }

    fn literal(&mut self) -> Literal {
        match self.below(12) {
            0 => Literal::i32_unsuffixed(-5),
            1 => Literal::f64_suffixed(-0.5),
            2 => Literal::string("a\n\u{202e}b"),
            _ => {
                let text = self.one_of(&LITERALS);
                Literal::from_str(text).unwrap_or_else(|_| Literal::u8_suffixed(7))
            }
        }
    }

    fn group(&mut self, depth: usize) -> TokenTree {
        let delimiters = [
            Delimiter::Parenthesis,
            Delimiter::Brace,
            Delimiter::Bracket,
            Delimiter::None,
        ];
        let delimiter = self.one_of(&delimiters);
        let length = self.below(5);
        Group::new(delimiter, self.stream(length, depth + 1)).into()
    }

    pub(crate) fn stream(&mut self, length: usize, depth: usize) -> TokenStream {
        (0..length).map(|_| self.tree(depth)).collect()
    }

    /// Returns a meaningful attribute with some tokens removed, doubled or swapped.
    pub(crate) fn spoilt(&mut self, text: &str) -> TokenStream {
        let mut trees: Vec<TokenTree> = match text.split_once('(') {
            Some((_, args)) => match args
                .strip_suffix(')')
                .unwrap_or(args)
                .parse::<TokenStream>()
            {
                Ok(tokens) => tokens.into_iter().collect(),
                Err(_) => Vec::new(),
            },
            None => Vec::new(),
        };
        for _ in 0..=self.below(3) {
            let at = self.below(trees.len());
            match self.below(5) {
                0 if !trees.is_empty() => drop(trees.remove(at)),
                1 if !trees.is_empty() => trees.insert(at, trees[at].clone()),
                2 if !trees.is_empty() => {
                    let other = self.below(trees.len());
                    trees.swap(at, other);
                }
                3 if !trees.is_empty() => {
                    let inner = trees[at].clone().into();
                    trees[at] = Group::new(Delimiter::None, inner).into();
                }
                _ => trees.insert(at, self.tree(3)),
            }
        }
        trees.into_iter().collect()
    }
}

#[test]
fn random_tokens_never_panic() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for _ in 0..15_000 {
        let stack = (0..=random.below(3)).map(|_| {
            let policy = random.one_of(POLICIES).name.to_owned();
            let length = random.below(12);
            (policy, random.stream(length, 0))
        });
        faults_of_tokens(stack.collect());
    }
}

#[test]
fn spoilt_attributes_never_panic() {
    let mut random = Random(0xD1B5_4A32_D192_ED03);
    let texts = stacks().iter().flat_map(|stack| stack.split(" ;; "));
    let texts: Vec<&str> = texts.collect();
    for _ in 0..15_000 {
        let text = random.one_of(&texts);
        let policy = text.split('(').next().unwrap_or("retry").to_owned();
        let args = random.spoilt(text);
        faults_of_tokens(vec![(policy, args)]);
    }
}

/// 128 levels deep, on a stack of 8 MiB as rustc's thread for macros has. A test's own thread has a
/// quarter of that, and an unoptimised syn needs more.
#[test]
fn deep_nesting_does_not_overflow() {
    let run = std::thread::Builder::new().stack_size(8 << 20).spawn(|| {
        for delimiter in [Delimiter::None, Delimiter::Parenthesis, Delimiter::Brace] {
            nest(delimiter);
        }
    });
    run.expect("a thread").join().expect("no panic");
}

fn nest(delimiter: Delimiter) {
    let mut tokens: TokenStream = "max = 5".parse().expect("tokens");
    for _ in 0..128 {
        tokens = TokenTree::from(Group::new(delimiter, tokens)).into();
    }
    for policy in POLICIES {
        for name in ["", "key =", "base =", "on", "budget ="] {
            let mut args: TokenStream = name.parse().expect("tokens");
            args.extend(tokens.clone());
            faults_of_tokens(vec![(policy.name.to_owned(), args)]);
        }
    }
}
