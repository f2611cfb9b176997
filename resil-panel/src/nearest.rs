//! The name that was meant.

/// Names further away than this share of the longer one are not what was meant.
const FARTHEST: usize = 2;

/// Returns the name among `names` that is nearest to `name`, if one is near.
pub(crate) fn nearest<'n>(name: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let far = |other: &str| distance(&name.to_lowercase(), &other.to_lowercase());
    names
        .into_iter()
        // A last part may have been meant by itself: `charge` for `shop::pay::charge`.
        .map(|n| (far(n).min(last_part(n).map_or(usize::MAX, far)), n))
        .filter(|(far, n)| {
            far * FARTHEST
                <= name
                    .chars()
                    .count()
                    .max(last_part(n).unwrap_or(n).chars().count())
        })
        .min_by_key(|(far, _)| *far)
        .map(|(_, n)| n)
}

fn last_part(name: &str) -> Option<&str> {
    name.rsplit_once("::").map(|(_, last)| last)
}

/// Returns the number of characters to insert, delete or replace between two texts (Levenshtein). Text
/// past 256 characters is not looked at: names end at 128, and keys at 256.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(256).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(256).enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_strangers_left() {
        let names = ["shop::pay::charge", "stock", "mail"];
        for (name, expected) in [
            ("shop::pay::chrage", Some("shop::pay::charge")),
            ("charge", Some("shop::pay::charge")),
            ("Charg", Some("shop::pay::charge")),
            ("stok", Some("stock")),
            ("STOCK", Some("stock")),
            ("weather", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, names), expected, "{name}");
        }
        assert_eq!(nearest("stock", []), None);
    }

    #[test]
    fn distances_are_those_of_levenshtein() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("über", "uber"), 1);
        assert_eq!(distance(&"x".repeat(9_999), &"y".repeat(9_999)), 256);
    }
}
