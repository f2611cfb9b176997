//! The queries of the boards and the alerts, as the files have them.

use std::fs;
use std::path::Path;

use serde_json::Value;

/// A query, and the panel or the alert that it is of.
#[derive(Debug)]
pub(crate) struct Query {
    pub(crate) of: String,
    pub(crate) text: String,
}

fn docs(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(path)
}

/// Returns the queries of all boards, with Grafana's variables replaced as Grafana does.
pub(crate) fn boards() -> Vec<Query> {
    let mut all = Vec::new();
    for file in fs::read_dir(docs("grafana")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let board: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let mut ids = Vec::new();
        for panel in board["panels"].as_array().unwrap() {
            ids.push(panel["id"].as_u64().unwrap());
            let title = panel["title"].as_str().unwrap();
            assert!(
                !panel["description"].as_str().unwrap().is_empty(),
                "{title}"
            );
            let targets = panel["targets"].as_array().unwrap();
            assert!(!targets.is_empty(), "{title}");
            for target in targets {
                let text = target["expr"].as_str().unwrap();
                let text = text
                    .replace("$function", ".*")
                    .replace("$__rate_interval", "1m");
                assert!(!text.contains('$'), "{title}: {text}");
                let of = format!("{}: {title}", board["title"]);
                all.push(Query { of, text });
            }
        }
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(
            ids.len(),
            count,
            "each panel of {} has an id",
            path.display()
        );
    }
    all
}

/// Returns the expressions of the alerts. The file is of a plain form, so that no parser of YAML is needed:
/// one `alert:` and one `expr:` each, the latter on one line or in an indented block.
pub(crate) fn alerts() -> Vec<Query> {
    let text = fs::read_to_string(docs("prometheus/alerts.yaml")).unwrap();
    let mut all: Vec<Query> = Vec::new();
    let mut is_inside = false;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        if let Some(name) = line.trim_start().strip_prefix("- alert: ") {
            let of = name.to_owned();
            all.push(Query {
                of,
                text: String::new(),
            });
        } else if let Some(expr) = line.trim_start().strip_prefix("expr: ") {
            is_inside = expr == "|";
            if !is_inside {
                all.last_mut().unwrap().text = expr.to_owned();
            }
        } else if is_inside && indent > 8 {
            let alert = all.last_mut().unwrap();
            alert.text.push_str(line.trim());
            alert.text.push(' ');
        } else {
            is_inside = false;
        }
    }
    assert!(all.iter().all(|alert| !alert.text.is_empty()), "{all:?}");
    all
}
