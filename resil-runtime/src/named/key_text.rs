//! The text of a key, on the stack. The text is made before any lock is taken. Looking up an
//! existing key allocates nothing, however long the key is.

use std::fmt::{self, Write};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::OnceLock;

/// The length of the hash in the text: `~` and 64 bits in hexadecimal.
const HASH: usize = 17;

/// The text of a key, at most [`LONGEST`](Self::LONGEST) bytes.
pub(crate) struct KeyText {
    bytes: [u8; Self::LONGEST],
    len: usize,
    /// Hashes the part of the key that does not fit; `None` as long as everything fits.
    rest: Option<<RandomState as BuildHasher>::Hasher>,
}

impl KeyText {
    /// The length of the longest text, in bytes. Longer keys are cut to it, and end with a hash of the
    /// rest. So keys of a megabyte, sent from outside, take no more memory than as many short ones.
    pub(super) const LONGEST: usize = 256;

    /// Formats `key`, and runs `run` with the text, which is too long to be moved. Formatting runs the user's `Display`,
    /// so no lock may be held.
    pub(crate) fn with<T>(key: &(impl fmt::Display + ?Sized), run: impl FnOnce(&Self) -> T) -> T {
        let mut text = Self {
            bytes: [0; Self::LONGEST],
            len: 0,
            rest: None,
        };
        // If the formatting fails, the key is what was written before.
        let _ = write!(text, "{key}");
        text.seal();
        run(&text)
    }

    pub(crate) fn as_str(&self) -> &str {
        // Only whole characters are ever written.
        str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn push(&mut self, text: &str) {
        self.bytes[self.len..self.len + text.len()].copy_from_slice(text.as_bytes());
        self.len += text.len();
    }

    /// Appends the hash of the part that was cut off.
    fn seal(&mut self) {
        let Some(rest) = &self.rest else {
            return;
        };
        let hash = rest.finish();
        let mut hex = [b'~'; HASH];
        for (i, digit) in hex[1..].iter_mut().enumerate() {
            *digit = b"0123456789abcdef"[usize::try_from(hash >> (60 - 4 * i) & 15).unwrap_or(0)];
        }
        self.push(str::from_utf8(&hex).unwrap_or_default());
    }
}

impl Write for KeyText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let (mut kept, mut cut) = (text, "");
        if self.rest.is_some() {
            (kept, cut) = ("", text);
        } else if self.len + text.len() > Self::LONGEST {
            // The cut is where the hash will begin, even if the bytes there were written before.
            let room = (Self::LONGEST - HASH).saturating_sub(self.len);
            (kept, cut) = text.split_at(whole_chars(text, room));
        }
        self.push(kept);
        if !cut.is_empty() {
            self.overflow(cut);
        }
        Ok(())
    }
}

impl KeyText {
    #[cold]
    fn overflow(&mut self, cut: &str) {
        // One seed for the process, so that one key has the same text each time.
        static HASHES: OnceLock<RandomState> = OnceLock::new();
        let limit = Self::LONGEST - HASH;
        let mut hasher = self
            .rest
            .take()
            .unwrap_or_else(|| HASHES.get_or_init(RandomState::new).build_hasher());
        if self.len > limit {
            let at = whole_chars(self.as_str(), limit);
            hasher.write(&self.bytes[at..self.len]);
            self.len = at;
        }
        hasher.write(cut.as_bytes());
        self.rest = Some(hasher);
    }
}

/// Returns how many bytes of `text`, at most `most`, end at a character boundary.
fn whole_chars(text: &str, most: usize) -> usize {
    let most = most.min(text.len());
    (0..=most)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(key: impl fmt::Display) -> String {
        KeyText::with(&key, |text| text.as_str().to_owned())
    }

    /// Written in pieces of so many characters.
    struct Pieces<'a>(&'a str, usize);

    impl fmt::Display for Pieces<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let chars: Vec<char> = self.0.chars().collect();
            chars
                .chunks(self.1)
                .try_for_each(|c| f.write_str(&c.iter().collect::<String>()))
        }
    }

    #[test]
    fn what_has_room_is_kept_as_it_is() {
        assert_eq!(text("host:80"), "host:80");
        assert_eq!(text(7_u64), "7");
        assert_eq!(text(""), "");
        assert_eq!(text("é".repeat(128)), "é".repeat(128));
    }

    #[test]
    fn long_keys_are_cut_and_told_apart() {
        for unit in ["x", "é", "\u{1f980}"] {
            let long = unit.repeat(5_000);
            let other = format!("{long}!");
            assert!(text(&long).len() <= KeyText::LONGEST);
            assert!(text(&long).starts_with(&unit.repeat(50)));
            assert_ne!(text(&long), text(&other));
            assert_eq!(text(&long), text(&long));
        }
        let [one, two] = ["a", "b"].map(|end| format!("{}{end}", "x".repeat(KeyText::LONGEST)));
        assert_ne!(text(one), text(two));
    }

    #[test]
    fn it_does_not_matter_in_which_pieces_a_key_is_written() {
        for unit in ["x", "é", "\u{1f980}a"] {
            for length in [
                10, 118, 119, 120, 127, 128, 129, 239, 240, 255, 256, 257, 600,
            ] {
                let key = unit.repeat(length);
                for pieces in [1, 2, 7, 100, 239, 240, 256, 300] {
                    assert_eq!(
                        text(Pieces(&key, pieces)),
                        text(&key),
                        "{length} by {pieces}"
                    );
                }
            }
        }
    }
}
