//! Checks that every test that `docs/coverage.md` names exists.

#[test]
fn coverage_names_tests_that_exist() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = std::fs::read_to_string(root.join("docs/coverage.md")).unwrap();
    let named = |text: &str, name: &str| {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        text.match_indices(name).any(|(i, _)| {
            let (before, after) = (&text[..i], &text[i + name.len()..]);
            !before.ends_with(word) && !after.starts_with(word)
        })
    };
    let faults = root.join("resil-macros/src/policy/tests/faults.txt");
    let faults = std::fs::read_to_string(faults).unwrap();
    let mut tests = 0;
    for quoted in table.split('`').skip(1).step_by(2) {
        if let Some(line) = quoted.strip_prefix("faults: ") {
            assert!(
                line == "line" || faults.lines().any(|l| l == line),
                "{line}"
            );
        }
        if !quoted.contains(".rs") {
            continue;
        }
        let (file, test) = quoted.split_once("::").unwrap_or((quoted, ""));
        let text = std::fs::read_to_string(root.join(file));
        let text = text.unwrap_or_else(|e| panic!("{file}: {e}"));
        assert!(test.is_empty() || named(&text, test), "{quoted}");
        tests += 1;
    }
    assert!(tests > 100, "{tests}");
}
