//! Tells sets by the names of their types, since serde hands a set over as a list.

/// Returns whether the type of that name is a set without an order, or holds one. Written in the
/// order of its iterator, two equal sets would make two keys.
///
/// The known sets are those of std, hashbrown, indexmap and dashmap. The last one is not known inside a
/// `#[serde(transparent)]` or an untagged type: it does not collect itself by `collect_seq`.
pub(super) fn is_unordered(mut name: &str) -> bool {
    // serde writes a value of these types as the value that it holds.
    const HOLDERS: [&str; 7] = ["Box", "Rc", "Arc", "Cow", "RefCell", "Mutex", "RwLock"];
    loop {
        name = name.trim_start_matches('&').trim_start_matches("mut ");
        let (path, inside) = name.split_once('<').unwrap_or((name, ""));
        // A slice, an array or a tuple of sets begins with its bracket: `[std::..::HashSet`.
        let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
        if !path.chars().all(is_path) {
            return false;
        }
        let last = path.rsplit("::").next().unwrap_or(path);
        if !HOLDERS.contains(&last) {
            return ["HashSet", "IndexSet", "DashSet"].contains(&last);
        }
        // `Cow` has a lifetime first, which newer compilers write: `Cow<'_, ..>`.
        name = inside.trim_start_matches("'_, ");
    }
}

#[cfg(test)]
mod tests {
    use std::any::type_name;
    use std::borrow::Cow;
    use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn sets_are_known_through_what_holds_them() {
        struct HashSetLike;
        type Set = HashSet<u32>;
        for name in [
            type_name::<Set>(),
            type_name::<&Set>(),
            type_name::<&mut Set>(),
            type_name::<&&Box<Set>>(),
            type_name::<Arc<Mutex<Set>>>(),
            type_name::<Cow<'static, Set>>(),
            type_name::<HashSet<Vec<Set>>>(),
        ] {
            assert!(is_unordered(name), "{name}");
        }
        for name in [
            "",
            type_name::<BTreeSet<u32>>(),
            type_name::<Vec<Set>>(),
            type_name::<VecDeque<u32>>(),
            type_name::<HashMap<u32, Set>>(),
            type_name::<Option<Set>>(),
            type_name::<(Set, u32)>(),
            type_name::<[Set; 2]>(),
            type_name::<&[Set]>(),
            type_name::<HashSetLike>(),
            type_name::<Box<dyn Fn(Set) -> Set>>(),
        ] {
            assert!(!is_unordered(name), "{name}");
        }
    }
}
