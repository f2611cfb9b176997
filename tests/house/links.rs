//! Checks that links between the documents of the repository lead to files and headings that exist.

/// The Markdown files whose links are checked.
fn documents(root: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut all = Vec::new();
    for folder in ["", "docs", "docs/book/src", "resil-macros/docs"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "md") {
                all.push(path);
            }
        }
    }
    all
}

/// What GitHub makes of a heading: lower case, dashes for spaces, other punctuation left out.
fn anchor_of(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim();
    // Of a link only its text.
    let text = text
        .split_once("](")
        .map_or(text, |(text, _)| text.trim_start_matches('['));
    let kept = text
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[test]
fn links_between_documents_lead_somewhere() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut links = 0;
    for document in documents(root) {
        let text = std::fs::read_to_string(&document).unwrap();
        for (_, rest) in text
            .match_indices("](")
            .map(|(i, m)| text[i..].split_at(m.len()))
        {
            let Some((target, _)) = rest.split_once(')') else {
                continue;
            };
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            // Elsewhere, or rustdoc's.
            if file.contains("://") || file.contains("::") || target.contains(char::is_whitespace) {
                continue;
            }
            let path = match file {
                "" => document.clone(),
                file => document.parent().unwrap().join(file),
            };
            let at = format!("{}: {target}", document.display());
            assert!(path.exists(), "{at}");
            if !anchor.is_empty() {
                let text = std::fs::read_to_string(&path).unwrap();
                let mut headings = text.lines().filter(|l| l.starts_with('#'));
                assert!(headings.any(|h| anchor_of(h) == anchor), "{at}");
            }
            links += 1;
        }
    }
    assert!(links > 10, "{links}");
}
