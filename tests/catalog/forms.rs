//! The three forms of a catalog: text, serde and Mermaid.

use std::path::Path;

use resil::catalog::Catalog;
use resil::{CircuitPolicy, Stack, circuit, retry, timeout};
use serde_json::{Value, json};

/// A program of four functions and a value, in a module of its own.
mod shop {
    use super::*;

    type Out = Result<u32, resil::Error>;

    #[timeout(5s)]
    pub(super) async fn checkout() -> Out {
        price().await?;
        charge().await
    }

    #[retry(max = 2)]
    #[timeout(1s)]
    pub(super) async fn price() -> Out {
        Ok(1)
    }

    #[circuit(name = "forms.bank", failures = 1, open_for = 10s)]
    pub(super) async fn charge() -> Out {
        BANK.run(async || Ok::<_, resil::Error>(1)).await
    }

    #[timeout(1s)]
    pub(super) async fn refund() -> Out {
        Ok(1)
    }

    static BANK: Stack = Stack::new("forms.stack").circuit(CircuitPolicy::new());
}

/// The catalog without what other tests of this program have, and without the lines of this file.
fn of_the_shop() -> Catalog {
    let mut catalog = resil::catalog();
    let is_ours = |name: &str| name.contains("forms::shop") || name.starts_with("forms.");
    catalog.functions.retain(|of| is_ours(&of.function));
    catalog.calls.retain(|call| is_ours(&call.callee));
    for (n, of) in catalog.functions.iter_mut().enumerate() {
        of.line = of.line.map(|_| u32::try_from(n + 1).unwrap());
    }
    catalog
}

/// Compares with a file of this folder. `RESIL_BLESS=1` writes it anew: then read the difference.
#[track_caller]
fn check(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/catalog")
        .join(file);
    if std::env::var_os("RESIL_BLESS").is_some() {
        std::fs::write(&path, format!("{}\n", text.trim_end())).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.trim_end(), expected.trim_end(), "{file}");
}

/// One test for all forms, as the state is that of the process.
#[tokio::test(start_paused = true)]
async fn each_form_shows_the_program() {
    check("before.txt", &of_the_shop().to_string());
    shop::checkout().await.unwrap();
    resil::breaker("forms.bank").force_open();
    let catalog = of_the_shop();
    check("after.txt", &catalog.to_string());
    check("after.mmd", &catalog.to_mermaid());

    let text = serde_json::to_string_pretty(&catalog).unwrap();
    check("after.json", &text);
    let read: Catalog = serde_json::from_str(&text).unwrap();
    assert_eq!(read, catalog);
    drop(shop::refund());
}

/// All that this program has is read back as it was.
#[test]
fn every_entry_is_read_back_as_it_was() {
    let catalog = resil::catalog();
    let text = serde_json::to_string(&catalog).unwrap();
    assert_eq!(serde_json::from_str::<Catalog>(&text).unwrap(), catalog);
}

/// Names are those of the program, but a key comes from anywhere, and so may a catalog that was read.
#[test]
fn hostile_names_are_shown_and_are_no_markup() {
    let hostile = "\"]; x --> y <script>alert(1)</script> `a` #quot; %% \n \u{1b}[31m end{}()";
    let policy = json!({
        "policy": hostile, "words": hostile, "live": [],
        "settings": [{"option": "name", "value": format!("\"{hostile}\""), "origin": "attribute"}],
    });
    let function = json!({
        "function": hostile, "kind": "function", "file": hostile, "line": 1, "shared_stack": hostile,
        "has_run": true, "in_flight": 1, "policies": [policy], "decided": null,
        "worst_case": {"attempts": 1, "time_ms": 1, "time_if_asked_ms": 1, "words": hostile},
    });
    let catalog: Value = json!({
        "functions": [function],
        "calls": [{"caller": hostile, "callee": hostile}],
        "calls_left_out": false,
    });
    let catalog: Catalog = serde_json::from_value(catalog).unwrap();
    let graph = catalog.to_mermaid();
    let lines: Vec<&str> = graph.lines().collect();
    let [head, node, edge] = lines.as_slice() else {
        panic!("{graph}")
    };
    assert_eq!(*head, "flowchart LR");
    assert_eq!(*edge, "    f0 --> f0");
    let label = node
        .strip_prefix("    f0[\"")
        .and_then(|node| node.strip_suffix("\"]"));
    let label = label
        .unwrap_or_else(|| panic!("{node}"))
        .replacen("<br/>", "", 1);
    for mark in ['"', '<', '>', '[', ']', '(', ')', '{', '}', '`', '%', '&'] {
        assert!(!label.contains(mark), "{mark} in {label}");
    }
    // Each `#` begins a number, and each `;` ends one.
    for part in label.split('#').skip(1) {
        let (number, _) = part.split_once(';').expect(part);
        assert!(number.parse::<u32>().is_ok(), "{part}");
    }
    let text = catalog.to_string();
    assert!(
        text.contains("<script>") && !text.contains('\u{1b}'),
        "{text}"
    );
    assert_eq!(text.lines().count(), 6, "{text}");
}

#[test]
fn an_unknown_field_is_ignored_and_a_known_one_is_not_renamed() {
    let catalog = serde_json::to_value(resil::catalog()).unwrap();
    let names =
        |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(names(&catalog), ["calls", "calls_left_out", "functions"]);
    let mut entry = names(&catalog["functions"][0]);
    entry.sort();
    assert_eq!(
        entry,
        [
            "decided",
            "file",
            "function",
            "has_run",
            "in_flight",
            "injected",
            "kind",
            "line",
            "policies",
            "shared_stack",
            "worst_case"
        ]
    );
    let mut later = catalog.clone();
    later["functions"][0]["later"] = json!(1);
    assert!(serde_json::from_value::<Catalog>(later).is_ok());
}
