//! Made-up files, with circles to find.

use super::{Graph, Module, circles};

fn graph(files: &[(&str, &str)]) -> Graph {
    let module = |&(path, text): &(&str, &str)| {
        let names = path.split("::").filter(|name| !name.is_empty());
        Module::new(names.map(String::from).collect(), text)
    };
    Graph::of(&files.iter().map(module).collect::<Vec<_>>())
}

fn found(files: &[(&str, &str)]) -> Vec<String> {
    let graph = graph(files);
    circles(&graph).iter().map(|c| graph.show(c)).collect()
}

#[test]
fn a_circle_of_two_files_is_found() {
    let files = [
        ("", "mod a; mod b;"),
        ("a", "use crate::b::B;\npub struct A(B);"),
        ("b", "pub struct B(Option<Box<super::a::A>>);"),
    ];
    let found = found(&files);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].contains("a -> b") && found[0].contains("b -> a"),
        "{found:?}"
    );
}

#[test]
fn a_circle_of_three_through_a_group_and_a_reexport_is_found() {
    let files = [
        ("", "mod a; mod b; mod c;"),
        ("a", "use crate::{b::{self, B}, c};"),
        ("b", "mod deep;\npub use deep::B;"),
        ("b::deep", "pub struct B;\nfn f() { crate::c::g(); }"),
        ("c", "pub fn g() { crate::a::h() }"),
    ];
    let found = found(&files);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("b::deep -> c"), "{found:?}");
}

#[test]
fn comments_strings_and_tests_are_no_dependencies() {
    let files = [
        ("", "mod a; mod b;"),
        ("a", "use crate::b::B;\npub struct A(B);"),
        (
            "b",
            "// crate::a::A\nconst S: &str = \"crate::a::A\";\npub struct B;\n#[cfg(test)]\nmod tests {\n    \
             use crate::a::A;\n}\n",
        ),
    ];
    assert_eq!(found(&files), Vec::<String>::new());
}
