//! The files of a crate, and their code without comments, strings and tests.

use std::fs;
use std::path::{Path, PathBuf};

/// The module path and the text of every file below a folder, those of tests left out.
pub(crate) fn sources(src: &Path) -> Vec<(Vec<String>, String)> {
    let mut found = Vec::new();
    gather(src, src, &mut found);
    found
}

fn gather(src: &Path, folder: &Path, found: &mut Vec<(Vec<String>, String)>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .expect("a folder of sources")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "tests") {
                gather(src, &path, found);
            }
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(&path).expect("a source");
            let names = module_path(path.strip_prefix(src).expect("below the folder"));
            if names.last().is_none_or(|name| name != "tests") {
                found.push((names, text));
            }
        }
    }
}

fn module_path(file: &Path) -> Vec<String> {
    let mut names: Vec<String> = file
        .with_extension("")
        .iter()
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    if names
        .last()
        .is_some_and(|name| name == "mod" || name == "lib")
    {
        names.pop();
    }
    names
}

/// The text without comments, strings and test modules.
pub(crate) fn code_of(text: &str) -> String {
    let mut code = String::new();
    let mut skip_below: Option<usize> = None;
    let mut pending_test = false;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let trimmed = line.trim();
        if let Some(at) = skip_below {
            if indent == at && trimmed.starts_with('}') {
                skip_below = None;
            }
            continue;
        }
        if trimmed.starts_with("//") {
            continue;
        }
        if trimmed.starts_with("#[cfg(test)]") || trimmed.starts_with("#[cfg(any(test") {
            pending_test = true;
            continue;
        }
        if pending_test && !trimmed.starts_with("#[") {
            pending_test = false;
            if trimmed.ends_with('{') {
                skip_below = Some(indent);
            }
            // `mod tests;` and a single item of a line.
            continue;
        }
        let line = line.split(" // ").next().unwrap_or(line);
        code.push_str(&without_strings(line));
        code.push('\n');
    }
    code
}

fn without_strings(line: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if inside => {
                chars.next();
            }
            '"' => inside = !inside,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out
}
