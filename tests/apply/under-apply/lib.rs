//! Reads tests of resil's attributes, and puts the attributes of each function into a shared stack: the
//! same functions run under `#[resil::apply]`, and none is written twice.

use std::path::{Path, PathBuf};

use proc_macro::{Delimiter, Group, TokenStream, TokenTree};

/// Includes the modules of the files whose paths are given, with `#[resil::apply(STACK_n)]` in the place of
/// resil's attributes. The stacks are in a module `stacks`, and `STACKS` is the number of functions that have
/// one.
///
/// # Panics
///
/// A file that can't be read, or is no Rust, is a panic.
#[proc_macro]
pub fn under_apply(files: TokenStream) -> TokenStream {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where"));
    let mut rewriting = Rewriting::default();
    let mut out = TokenStream::new();
    for file in files {
        let TokenTree::Literal(file) = file else {
            continue;
        };
        let path = root.join(file.to_string().trim_matches('"'));
        let module = path.file_stem().filter(|name| *name != "mod");
        let module =
            module.unwrap_or_else(|| path.parent().and_then(Path::file_name).expect("a folder"));
        let module = module.to_string_lossy().into_owned();
        out.extend(rewriting.module(&module, &path));
    }
    let stacks = &rewriting.stacks;
    let definitions: Vec<String> = (0..stacks.len())
        .map(|n| format!("pub(crate) STACK_{n} = {};", stacks[n]))
        .collect();
    let definitions = format!(
        "mod stacks {{ ::resil::stack! {{ {} }} }} static STACKS: usize = {};",
        definitions.join("\n"),
        rewriting.functions
    );
    out.extend(tokens(&definitions));
    out
}

#[derive(Default)]
struct Rewriting {
    /// The attributes of each stack.
    stacks: Vec<String>,
    /// The number of functions that have one.
    functions: usize,
}

impl Rewriting {
    /// Returns `mod name { .. }` with what is in the file.
    fn module(&mut self, name: &str, path: &Path) -> TokenStream {
        let text =
            std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let folder = path.parent().expect("a folder");
        let content = self.rewritten(tokens(&text), folder);
        let mut out = tokens(&format!("mod {name}"));
        // Read again when it has changed.
        let read = format!(
            "const _: &str = ::core::include_str!(r#\"{}\"#);",
            path.display()
        );
        let content = content.into_iter().chain(tokens(&read)).collect();
        out.extend([TokenTree::Group(Group::new(Delimiter::Brace, content))]);
        out
    }

    fn rewritten(&mut self, content: TokenStream, folder: &Path) -> TokenStream {
        let trees: Vec<TokenTree> = content.into_iter().collect();
        let mut out = TokenStream::new();
        let mut at = 0;
        while at < trees.len() {
            let mut run = String::new();
            while let Some(attribute) = resils(&trees[at..]) {
                run.push_str(&attribute);
                at += 2;
            }
            if !run.is_empty() {
                out.extend(self.apply(run));
                // What is not in the first run stays: a function has one `#[apply]`.
                while let [hash, TokenTree::Group(group), ..] = &trees[at..]
                    && is(hash, '#')
                {
                    out.extend([hash.clone(), TokenTree::Group(group.clone())]);
                    at += 2;
                }
                continue;
            }
            at += match &trees[at..] {
                [
                    TokenTree::Ident(word),
                    TokenTree::Ident(name),
                    semicolon,
                    ..,
                ] if word.to_string() == "mod" && is(semicolon, ';') => {
                    let name = name.to_string();
                    out.extend(self.module(&name, &folder.join(format!("{name}.rs"))));
                    3
                }
                [TokenTree::Group(group), ..] => {
                    let inner = self.rewritten(group.stream(), folder);
                    out.extend([TokenTree::Group(Group::new(group.delimiter(), inner))]);
                    1
                }
                [tree, ..] => {
                    out.extend([tree.clone()]);
                    1
                }
                [] => 0,
            };
        }
        out
    }

    fn apply(&mut self, attributes: String) -> TokenStream {
        self.functions += 1;
        let same = self.stacks.iter().position(|stack| *stack == attributes);
        let n = same.unwrap_or_else(|| {
            self.stacks.push(attributes);
            self.stacks.len() - 1
        });
        tokens(&format!("#[::resil::apply(crate::stacks::STACK_{n})]"))
    }
}

/// Returns the attribute at the beginning, if it is one of resil's.
fn resils(trees: &[TokenTree]) -> Option<String> {
    const NAMES: [&str; 8] = [
        "bulkhead",
        "circuit",
        "fallback",
        "hedge",
        "idempotent",
        "rate_limit",
        "retry",
        "timeout",
    ];
    let [hash, TokenTree::Group(group), ..] = trees else {
        return None;
    };
    if !is(hash, '#') || group.delimiter() != Delimiter::Bracket {
        return None;
    }
    let content: Vec<TokenTree> = group.stream().into_iter().collect();
    let mut path = content.iter().rev();
    let last = path.find(|tree| !matches!(tree, TokenTree::Group(_)));
    let name = last?.to_string();
    let text = group.to_string();
    // An attribute in a `macro_rules!` has the macro's variables.
    (NAMES.contains(&name.as_str()) && !text.contains('$')).then(|| format!("#{text}"))
}

fn is(tree: &TokenTree, mark: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == mark)
}

fn tokens(text: &str) -> TokenStream {
    text.parse().unwrap_or_else(|e| panic!("{e}: {text}"))
}
