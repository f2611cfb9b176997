//! Reads results from JSON. A result that is one string without escapes is read without the parser,
//! which looks at each byte of it several times.

use serde::de::{DeserializeOwned, Deserializer, Visitor};
use serde_json::de::SliceRead;

/// Reads a value as `serde_json::from_slice` does; `None` if the bytes are not one.
pub(super) fn from_json<V: DeserializeOwned>(json: &[u8]) -> Option<V> {
    V::deserialize(Whole(json)).ok()
}

/// A deserializer over JSON that is one value. A type that asks it for a string may get that from
/// [`plain_text`]; all else goes to the deserializer of `serde_json`.
struct Whole<'j>(&'j [u8]);

type Parser<'j> = serde_json::Deserializer<SliceRead<'j>>;

impl<'j> Whole<'j> {
    /// Reads the value with `read`, and checks that nothing comes after it.
    fn parse<T>(
        self,
        read: impl FnOnce(&mut Parser<'j>) -> serde_json::Result<T>,
    ) -> serde_json::Result<T> {
        let mut parser = serde_json::Deserializer::from_slice(self.0);
        let value = read(&mut parser)?;
        parser.end()?;
        Ok(value)
    }
}

/// Returns the text that `json` is, if it is one string whose bytes stand for themselves.
fn plain_text(json: &[u8]) -> Option<&str> {
    let [b'"', inside @ .., b'"'] = json else {
        return None;
    };
    // Without a branch for each byte: so the compiler looks at many at once.
    let odd = |b: u8| u8::from(b == b'\\') | u8::from(b == b'"') | u8::from(b < b' ');
    if inside.iter().fold(0, |any, b| any | odd(*b)) != 0 {
        return None;
    }
    // With the quotes: what is on the heap begins on a word, and is checked word by word from there.
    let quoted = std::str::from_utf8(json).ok()?;
    quoted.get(1..quoted.len() - 1)
}

macro_rules! texts {
    ($($method:ident,)*) => {
        $(#[inline]
        fn $method<V: Visitor<'j>>(self, visitor: V) -> serde_json::Result<V::Value> {
            match plain_text(self.0) {
                Some(text) => visitor.visit_borrowed_str(text),
                None => self.parse(|json| json.$method(visitor)),
            }
        })*
    };
}

macro_rules! parsed {
    ($($method:ident($($arg:ident: $of:ty),*),)*) => {
        $(#[inline]
        fn $method<V: Visitor<'j>>(
            self,
            $($arg: $of,)*
            visitor: V,
        ) -> serde_json::Result<V::Value> {
            self.parse(|json| json.$method($($arg,)* visitor))
        })*
    };
}

impl<'j> Deserializer<'j> for Whole<'j> {
    type Error = serde_json::Error;

    texts! { deserialize_str, deserialize_string, }

    parsed! {
        deserialize_any(),
        deserialize_bool(),
        deserialize_i8(),
        deserialize_i16(),
        deserialize_i32(),
        deserialize_i64(),
        deserialize_i128(),
        deserialize_u8(),
        deserialize_u16(),
        deserialize_u32(),
        deserialize_u64(),
        deserialize_u128(),
        deserialize_f32(),
        deserialize_f64(),
        deserialize_char(),
        deserialize_bytes(),
        deserialize_byte_buf(),
        deserialize_option(),
        deserialize_unit(),
        deserialize_unit_struct(name: &'static str),
        deserialize_newtype_struct(name: &'static str),
        deserialize_seq(),
        deserialize_tuple(len: usize),
        deserialize_tuple_struct(name: &'static str, len: usize),
        deserialize_map(),
        deserialize_struct(name: &'static str, fields: &'static [&'static str]),
        deserialize_enum(name: &'static str, variants: &'static [&'static str]),
        deserialize_identifier(),
        deserialize_ignored_any(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_without_escapes_is_read_as_it_stands() {
        for text in ["", "a", "ä – 漢字 🙂", &"x".repeat(1_000)] {
            let json = serde_json::to_string(text).unwrap();
            assert_eq!(plain_text(json.as_bytes()), Some(text));
            assert_eq!(from_json(json.as_bytes()), Some(text.to_owned()));
        }
    }

    #[test]
    fn all_other_strings_are_left_to_the_parser() {
        for text in ["\\", "a\"b", "\n", "\u{1f}x", &("x".repeat(99) + "\t")] {
            let json = serde_json::to_string(text).unwrap();
            assert_eq!(plain_text(json.as_bytes()), None);
            assert_eq!(from_json(json.as_bytes()), Some(text.to_owned()));
        }
        assert_eq!(plain_text(b" \"a\""), None);
        assert_eq!(from_json(b" \"a\" "), Some("a".to_owned()));
        assert_eq!(from_json(br#""\ud83d\ude42""#), Some("🙂".to_owned()));
    }

    #[test]
    fn what_is_no_value_or_more_than_one_is_refused_as_by_the_parser() {
        let odd: [&[u8]; 10] = [
            b"",
            b"\"",
            b"\"a",
            b"a\"",
            b"\"a\" 1",
            b"\"a\"\"b\"",
            b"\"a\nb\"",
            b"\"\xff\"",
            b"\"\\\"",
            b"1",
        ];
        for json in odd {
            assert!(serde_json::from_slice::<String>(json).is_err());
            assert_eq!(from_json::<String>(json), None, "{json:?}");
        }
        assert_eq!(from_json::<u8>(b"1 2"), None);
        assert_eq!(from_json::<u8>(b"\"1\""), None);
        assert_eq!(
            from_json::<(u8, Option<String>)>(br#"[1,"a"]"#),
            Some((1, Some("a".into())))
        );
    }
}
