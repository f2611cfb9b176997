//! Reads which file of a crate names which other one.
//!
//! Paths that begin with `crate`, `self` or `super` are followed to the file that defines the name,
//! through the re-exports (`pub use`) of the modules on the way. A module that only re-exports its
//! children therefore depends on none of them. Test modules and comments are left out.

mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

pub(crate) use text::{code_of, sources};

/// The files of one crate, each with the files that it names.
pub(crate) struct Graph {
    /// Module path of each file, `circuit::machine` for `circuit/machine.rs`.
    names: Vec<String>,
    edges: Vec<BTreeMap<usize, String>>,
}

struct Module {
    path: Vec<String>,
    code: String,
    /// Name → the path that a `use` gives it, as written.
    imports: BTreeMap<String, Vec<String>>,
}

impl Graph {
    pub(crate) fn read(src: &Path) -> Self {
        let mut modules = Vec::new();
        for (path, text) in sources(src) {
            modules.push(Module::new(path, &text));
        }
        Self::of(&modules)
    }

    fn of(modules: &[Module]) -> Self {
        let index: BTreeMap<Vec<String>, usize> = modules
            .iter()
            .enumerate()
            .map(|(i, m)| (m.path.clone(), i))
            .collect();
        let mut edges = vec![BTreeMap::new(); modules.len()];
        for (i, module) in modules.iter().enumerate() {
            let children = index.keys().filter_map(|path| {
                let (name, parent) = path.split_last()?;
                (parent == module.path).then(|| format!("{name}::"))
            });
            let heads = ["crate::", "super::", "self::"].map(String::from);
            let heads: Vec<String> = heads.into_iter().chain(children).collect();
            for path in paths(&module.code, &heads) {
                let Some(target) = resolve(modules, &index, i, &path.names, 0) else {
                    continue;
                };
                // What a module passes on it does not depend on.
                if target != i && !path.is_reexport {
                    edges[i].entry(target).or_insert(path.names.join("::"));
                }
            }
        }
        let names = modules.iter().map(|m| m.path.join("::")).collect();
        Self { names, edges }
    }

    pub(crate) fn files(&self) -> usize {
        self.names.len()
    }

    /// Each file with the files that it names.
    pub(crate) fn edges(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.edges.iter().enumerate().flat_map(move |(from, to)| {
            to.iter()
                .map(move |(to, by)| (&*self.names[from], &*self.names[*to], &**by))
        })
    }

    /// The files of a circle, with the names by which they reach each other.
    pub(crate) fn show(&self, circle: &BTreeSet<usize>) -> String {
        let arrows = circle.iter().flat_map(|&from| {
            self.edges[from]
                .iter()
                .filter(|(to, _)| circle.contains(to))
                .map(move |(to, by)| {
                    format!("  {} -> {} ({by})", self.names[from], self.names[*to])
                })
        });
        arrows.collect::<Vec<_>>().join("\n")
    }
}

impl Module {
    fn new(path: Vec<String>, text: &str) -> Self {
        let code = code_of(text);
        Self {
            imports: imports(&code),
            path,
            code,
        }
    }
}

struct Named {
    names: Vec<String>,
    is_reexport: bool,
}

/// Every path of the code that begins at a module of the crate.
fn paths(code: &str, heads: &[String]) -> Vec<Named> {
    let mut found = Vec::new();
    let mut rest = code;
    let mut before = String::new();
    while let Some(at) = start_of_path(rest, &before, heads) {
        let statement = rest[..at].rsplit([';', '}', '\n']).next().unwrap_or("");
        let is_use = statement.trim_start().starts_with("pub") && statement.contains("use ");
        let (tree, length) = path_text(&rest[at..]);
        let mut all = Vec::new();
        flatten(&tree, &mut Vec::new(), &mut all);
        found.extend(all.into_iter().map(|(names, _)| Named {
            names,
            is_reexport: is_use,
        }));
        before = rest[..at + length]
            .chars()
            .last()
            .map(String::from)
            .unwrap_or_default();
        rest = &rest[at + length..];
    }
    found
}

fn start_of_path(text: &str, before: &str, heads: &[String]) -> Option<usize> {
    heads
        .iter()
        .filter_map(|head| {
            text.match_indices(&**head).map(|(at, _)| at).find(|&at| {
                let previous = text[..at].chars().next_back();
                let previous = previous.or_else(|| before.chars().next_back());
                previous.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':' && c != '$')
            })
        })
        .min()
}

/// The text of the path, braces included.
fn path_text(text: &str) -> (String, usize) {
    let mut depth = 0_usize;
    let mut end = text.len();
    for (i, c) in text.char_indices() {
        let is_part = c.is_alphanumeric() || matches!(c, '_' | ':');
        match c {
            '{' if depth > 0 || text[..i].ends_with("::") => depth += 1,
            '}' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    end = i + 1;
                    break;
                }
            }
            _ if depth > 0 => {}
            _ if is_part => {}
            ' ' if text[i..].starts_with(" as ") => {}
            _ => {
                end = i;
                break;
            }
        }
    }
    (text[..end].to_owned(), end)
}

/// `a::{b, c as d}` → `a::b`, `a::c`, each with the name that it is given.
fn flatten(tree: &str, prefix: &mut Vec<String>, out: &mut Vec<(Vec<String>, String)>) {
    let depth = prefix.len();
    let tree = tree.trim();
    // The name that follows was cut off.
    let tree = tree.strip_suffix(" as").unwrap_or(tree);
    if let Some(open) = tree.find('{') {
        for name in tree[..open].split("::").filter(|n| !n.trim().is_empty()) {
            prefix.push(name.trim().to_owned());
        }
        let inner = tree[open + 1..].trim_end().trim_end_matches('}');
        // The brace that belongs to this group was cut; inner groups keep theirs.
        let missing = inner
            .matches('{')
            .count()
            .saturating_sub(inner.matches('}').count());
        let inner = format!("{inner}{}", "}".repeat(missing));
        let mut level = 0_usize;
        let mut start = 0;
        for (i, c) in inner.char_indices() {
            match c {
                '{' => level += 1,
                '}' => level -= 1,
                ',' if level == 0 => {
                    flatten(&inner[start..i], prefix, out);
                    start = i + 1;
                }
                _ => {}
            }
        }
        flatten(&inner[start..], prefix, out);
    } else if !tree.is_empty() {
        let (path, alias) = tree.split_once(" as ").unwrap_or((tree, ""));
        for name in path.split("::").filter(|n| !n.trim().is_empty()) {
            prefix.push(name.trim().to_owned());
        }
        let named = if alias.is_empty() {
            prefix
                .iter()
                .rev()
                .find(|n| *n != "self")
                .cloned()
                .unwrap_or_default()
        } else {
            alias.trim().to_owned()
        };
        out.push((prefix.clone(), named));
    }
    prefix.truncate(depth);
}

/// The names that `use` declarations bring in, each with its path.
fn imports(code: &str) -> BTreeMap<String, Vec<String>> {
    let mut out = BTreeMap::new();
    for statement in code.split(';') {
        let Some(at) = statement.rfind("use ") else {
            continue;
        };
        let head = statement[..at].trim_end();
        if !(head.is_empty() || head.ends_with(['}', ']', ')']) || head.ends_with("pub")) {
            continue;
        }
        let mut all = Vec::new();
        flatten(&statement[at + 4..], &mut Vec::new(), &mut all);
        out.extend(all.into_iter().map(|(path, name)| (name, path)));
    }
    out
}

/// The file that defines what `path`, written in file `from`, names.
fn resolve(
    modules: &[Module],
    index: &BTreeMap<Vec<String>, usize>,
    from: usize,
    path: &[String],
    hops: usize,
) -> Option<usize> {
    if hops > 8 {
        return None;
    }
    let mut at = modules[from].path.clone();
    let mut names = path;
    if names.first()? == "crate" {
        at.clear();
        names = &names[1..];
    } else {
        while let Some(first) = names.first() {
            match first.as_str() {
                "self" => {}
                "super" => {
                    at.pop();
                }
                _ => break,
            }
            names = &names[1..];
        }
        if names.len() == path.len() {
            // A child module, or a name of the file itself.
            let mut child = at.clone();
            child.push(names[0].clone());
            if !index.contains_key(&child) {
                return None;
            }
        }
    }
    while let Some(name) = names.first() {
        let mut child = at.clone();
        child.push(name.clone());
        if !index.contains_key(&child) {
            break;
        }
        at = child;
        names = &names[1..];
    }
    let module = *index.get(&at)?;
    match names.first() {
        Some(name) if module != from => match modules[module].imports.get(name) {
            Some(path) => resolve(modules, index, module, path, hops + 1).or(Some(module)),
            None => Some(module),
        },
        _ => Some(module),
    }
}

/// Sets of files that reach each other (strongly connected components of more than one file).
pub(crate) fn circles(graph: &Graph) -> Vec<BTreeSet<usize>> {
    let reach: Vec<BTreeSet<usize>> = (0..graph.files())
        .map(|from| {
            let mut seen = BTreeSet::new();
            let mut open = vec![from];
            while let Some(at) = open.pop() {
                for &to in graph.edges[at].keys() {
                    if seen.insert(to) {
                        open.push(to);
                    }
                }
            }
            seen
        })
        .collect();
    let mut circles: Vec<BTreeSet<usize>> = Vec::new();
    for at in 0..graph.files() {
        if !reach[at].contains(&at) || circles.iter().any(|c| c.contains(&at)) {
            continue;
        }
        circles.push(
            (0..graph.files())
                .filter(|&other| reach[at].contains(&other) && reach[other].contains(&at))
                .collect(),
        );
    }
    circles
}

#[cfg(test)]
mod tests;
