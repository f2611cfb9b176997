//! Reads the header `Idempotency-Key`.

use http::HeaderMap;

use crate::names::IDEMPOTENCY_KEY;

/// The longest key, as Stripe has it.
const LONGEST: usize = 255;

/// What a request says of its key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// It has no such header.
    Missing,
    /// It has one that is no key, or several.
    Malformed,
    /// It has this key.
    Key(String),
}

/// Reads the key of a request. A string in quotes (RFC 9651, section 3.3.3: what the draft asks for) and the same
/// text without quotes (what Stripe's clients send) are one key, unless only quotes are allowed.
pub(super) fn asked(headers: &HeaderMap, needs_quotes: bool) -> Asked {
    let mut all = headers.get_all(&IDEMPOTENCY_KEY).iter();
    let Some(value) = all.next() else {
        return Asked::Missing;
    };
    // Not even twice the same: a proxy may have joined the requests of two clients.
    if all.next().is_some() {
        return Asked::Malformed;
    }
    let text = value.as_bytes().trim_ascii();
    let key = match text.strip_prefix(b"\"") {
        Some(rest) => quoted(rest),
        None if needs_quotes => None,
        None => bare(text),
    };
    match key {
        Some(key) if (1..=LONGEST).contains(&key.len()) => Asked::Key(key),
        _ => Asked::Malformed,
    }
}

/// Reads the rest of a string behind its first quote.
fn quoted(text: &[u8]) -> Option<String> {
    let mut key = String::new();
    let mut rest = text.iter();
    loop {
        match *rest.next()? {
            b'"' => return rest.next().is_none().then_some(key),
            b'\\' => match *rest.next()? {
                escaped @ (b'"' | b'\\') => key.push(char::from(escaped)),
                _ => return None,
            },
            byte @ b' '..=b'~' => key.push(char::from(byte)),
            _ => return None,
        }
    }
}

/// Reads a key without quotes. It has no space and no comma, with which proxies join two headers, and nothing
/// that would have to be escaped.
fn bare(text: &[u8]) -> Option<String> {
    let is_plain =
        |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b'\\' | b';');
    if !text.iter().all(is_plain) {
        return None;
    }
    String::from_utf8(text.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn of(values: &[&[u8]], needs_quotes: bool) -> Asked {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(&IDEMPOTENCY_KEY, HeaderValue::from_bytes(value).unwrap());
        }
        asked(&headers, needs_quotes)
    }

    #[test]
    fn a_string_in_quotes_and_a_bare_one_are_one_key() {
        let key = |key: &str| Asked::Key(key.to_owned());
        let uuid = "8e03978e-40d5-43dd-bc93-6894a57f9324";
        assert_eq!(of(&[format!("\"{uuid}\"").as_bytes()], true), key(uuid));
        assert_eq!(of(&[uuid.as_bytes()], false), key(uuid));
        assert_eq!(of(&[uuid.as_bytes()], true), Asked::Malformed);
        assert_eq!(of(&[br#"  "a b, c;d"  "#], true), key("a b, c;d"));
        assert_eq!(of(&[br#""a\"b\\c""#], true), key(r#"a"b\c"#));
        assert_eq!(of(&[&[b'k'; LONGEST]], false), key(&"k".repeat(LONGEST)));
    }

    #[test]
    fn what_is_no_key_is_malformed() {
        for value in [
            &b""[..],
            b"  ",
            b"\"\"",
            b"\"a",
            b"a\"",
            b"\"a\"b",
            b"\"a\"; b=1",
            b"\"a\", \"b\"",
            br#""a\b""#,
            b"\"a\\",
            b"\"a\tb\"",
            b"\"\xc3\xa4\"",
            b"\xc3\xa4",
            b"a b",
            b"a,b",
            b"a;b",
            b"a\\b",
            &[b'k'; LONGEST + 1],
        ] {
            assert_eq!(of(&[value], false), Asked::Malformed, "{value:?}");
        }
        assert_eq!(of(&[b"a", b"a"], false), Asked::Malformed, "twice");
        assert_eq!(of(&[], false), Asked::Missing);
    }

    /// Whatever the header says, it is a key or none; and a key in quotes is the same key. 100,000 headers of random
    /// bytes, most of them those that mean something.
    #[test]
    fn any_header_is_a_key_or_none() {
        const MEANT: &[u8] = b"\"\"\\\\,; ab\t~\x80\xe9\xff";
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = move |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % below as u64).unwrap()
        };
        let mut keys = 0;
        for _ in 0..100_000 {
            let value: Vec<u8> = (0..random(12))
                .map(|_| MEANT[random(MEANT.len())])
                .collect();
            let Asked::Key(key) = of(&[&value], false) else {
                continue;
            };
            keys += 1;
            assert!((1..=LONGEST).contains(&key.len()));
            assert!(key.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            let escaped = key.replace('\\', r"\\").replace('"', r#"\""#);
            let quoted = format!("\"{escaped}\"");
            assert_eq!(of(&[quoted.as_bytes()], true), Asked::Key(key));
        }
        assert!(keys > 1_000, "{keys}");
    }
}
