//! Finds the known name that a mistyped one most likely means.

/// Returns the candidate that a mistyped `name` most likely means, if one is near enough.
///
/// A third of the longer name may differ, as in rustc's own suggestions. A swap of two neighbours,
/// the usual slip of fingers, counts once.
pub fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let folded = name.to_lowercase();
    let (distance, best) = candidates
        .into_iter()
        .map(|candidate| (distance(&folded, &candidate.to_lowercase()), candidate))
        .min_by_key(|&(distance, _)| distance)?;
    let longer = name.chars().count().max(best.chars().count());
    (distance <= (longer / 3).max(1) && distance < longer).then_some(best)
}

/// Returns Levenshtein's distance with swaps of neighbours (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before = vec![0; b.len() + 1];
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let differs = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (above[j - 1] + differs)
                .min(above[j] + 1)
                .min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_finds_slips_and_leaves_strangers() {
        let names = ["max", "base", "factor", "exponential", "open_for"];
        for (slip, meant) in [
            ("mxa", Some("max")),
            ("maxx", Some("max")),
            ("bse", Some("base")),
            ("exponentail", Some("exponential")),
            ("Exponential", Some("exponential")),
            ("openfor", Some("open_for")),
            ("zzz", None),
            ("", None),
            ("window", None),
        ] {
            assert_eq!(nearest(slip, names), meant, "{slip}");
        }
        assert_eq!(nearest("x", []), None);
    }
}
