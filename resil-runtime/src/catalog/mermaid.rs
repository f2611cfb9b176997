//! The catalog as a graph in the language of Mermaid.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::entry::{Catalog, CatalogEntry, CatalogKind};
use super::live::LiveState;
use crate::circuit::CircuitState;

impl Catalog {
    /// Returns who calls whom as a graph for [Mermaid](https://mermaid.js.org), which GitHub, GitLab and
    /// rustdoc's readers draw: a node for each function and each value, with its policies outermost first,
    /// and an arrow for each call that was seen. A value has round corners. A node with an open circuit is
    /// marked, and so is one that was not called yet.
    ///
    /// Names come from the program and may be anything: each character that Mermaid or HTML could take for
    /// their own is written as its number, so that a node shows its name and nothing else.
    ///
    /// ```text
    /// flowchart LR
    ///     f0["app::checkout<br/>timeout"]
    ///     f1["app::charge<br/>circuit pay, retry"]
    ///     f0 --> f1
    /// ```
    pub fn to_mermaid(&self) -> String {
        let mut graph = String::from("flowchart LR\n");
        let mut ids = BTreeMap::new();
        let (mut open, mut unused) = (Vec::new(), Vec::new());
        for (n, entry) in self.functions.iter().enumerate() {
            ids.insert(&*entry.function, n);
            let (from, to) = match entry.kind {
                CatalogKind::Function => ("[", "]"),
                CatalogKind::Stack | CatalogKind::Policy => ("(", ")"),
            };
            // Writing to a string does not fail.
            let _ = writeln!(graph, "    f{n}{from}\"{}\"{to}", label(entry));
            if has_open_circuit(entry) {
                open.push(n);
            } else if !entry.has_run {
                unused.push(n);
            }
        }
        for call in &self.calls {
            if let (Some(caller), Some(callee)) = (ids.get(&*call.caller), ids.get(&*call.callee)) {
                let _ = writeln!(graph, "    f{caller} --> f{callee}");
            }
        }
        mark(&mut graph, &open, "open", "stroke:#c00,stroke-width:3px");
        mark(&mut graph, &unused, "unused", "stroke-dasharray:4");
        graph
    }
}

/// Gives nodes a class with that style.
fn mark(graph: &mut String, nodes: &[usize], class: &str, style: &str) {
    if nodes.is_empty() {
        return;
    }
    let nodes: Vec<String> = nodes.iter().map(|n| format!("f{n}")).collect();
    let _ = writeln!(graph, "    classDef {class} {style}");
    let _ = writeln!(graph, "    class {} {class}", nodes.join(","));
}

fn label(entry: &CatalogEntry) -> String {
    let policies = entry.policies.iter().map(|policy| {
        let named = policy
            .settings
            .iter()
            .find(|setting| setting.option == "name");
        // As the attribute writes it: a literal.
        let name = named.map(|name| name.value.trim_matches('"'));
        match name {
            Some(name) => format!("{} {}", policy.policy, name),
            None => policy.policy.clone(),
        }
    });
    let policies: Vec<String> = policies.collect();
    let name = escaped(&entry.function);
    if policies.is_empty() {
        return name;
    }
    format!("{name}<br/>{}", escaped(&policies.join(", ")))
}

fn has_open_circuit(entry: &CatalogEntry) -> bool {
    let mut live = entry.policies.iter().flat_map(|policy| &policy.live);
    live.any(|live| match live {
        LiveState::Circuit(circuit) => {
            matches!(circuit.state, CircuitState::Open | CircuitState::ForcedOpen)
        }
        _ => false,
    })
}

/// Writes each character that could end a label, or be taken for markup, as its number: `#60;`.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let is_plain = c.is_alphanumeric() || matches!(c, ' ' | '_' | ':' | '.' | ',' | '-' | '/');
        if is_plain {
            out.push(c);
        } else {
            let _ = write!(out, "#{};", u32::from(c));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_is_markup() {
        assert_eq!(escaped("app::charge:12"), "app::charge:12");
        assert_eq!(escaped("<App as Pay>::x"), "#60;App as Pay#62;::x");
        assert_eq!(escaped("\"]<script>"), "#34;#93;#60;script#62;");
        assert_eq!(escaped("a#quot;\n%%b`"), "a#35;quot#59;#10;#37;#37;b#96;");
        assert_eq!(escaped("größe"), "größe");
    }
}
