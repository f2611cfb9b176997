//! Puts a path behind an origin whose URL has been read before. To read the whole URL anew costs several times as
//! much: its host alone is looked at for IDNA, and for all the ways to write an address.

use url::{Position, Url};

/// Returns the URL that `origin`, one of the web, and `rest` written together are: a path that begins with `/`, and
/// perhaps a query and a fragment. `None` where that can't be told without a look at the whole.
pub(crate) fn behind(origin: &Url, rest: &str) -> Option<Url> {
    let mut bytes = rest.bytes();
    // Two slashes would begin another authority, and a URL is read without its tabs, ends of lines, and spaces around.
    let is_path =
        bytes.next() == Some(b'/') && !matches!(rest.as_bytes().get(1), Some(b'/' | b'\\'));
    if !is_path || bytes.any(|byte| byte <= b' ') {
        return None;
    }
    Url::options().base_url(Some(origin)).parse(rest).ok()
}

/// Returns `url` with the scheme, host and port of `origin`, where that can be told without a look at the whole.
pub(crate) fn moved(url: &Url, origin: &Url) -> Option<Url> {
    // Else it has a name or a password, which stay.
    let is_plain = url[Position::AfterScheme..Position::BeforeHost].len() == "://".len();
    is_plain.then(|| behind(origin, &url[Position::BeforePath..]))?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    static ORIGINS: [&str; 5] = [
        "http://pay",
        "https://pay:8443",
        "http://10.0.0.3:8080",
        "http://[::1]:80",
        "http://me:secret@Pay.EXAMPLE:80",
    ];

    /// What means something in a URL, and what does not.
    static PARTS: [&str; 26] = [
        "/", "\\", ".", "..", "%2e", "?", "#", ":", "@", "//", "a", "Z", "%", "%zz", "%41", ";",
        "=", "&", " ", "\t", "\n", "ä", "\u{0}", "[", "|", "<",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn it_is_what_the_whole_is(
            origin in prop::sample::select(ORIGINS.as_slice()),
            parts in prop::collection::vec(prop::sample::select(PARTS.as_slice()), 0..12),
        ) {
            let rest = format!("/{}", parts.concat());
            let base = Url::parse(origin).unwrap();
            if let Some(url) = behind(&base, &rest) {
                let whole = Url::parse(&format!("{origin}{rest}"));
                prop_assert_eq!(Ok(url), whole, "{}", rest);
            }
        }

        #[test]
        fn what_is_moved_keeps_its_path(
            from in prop::sample::select(ORIGINS.as_slice()),
            to in prop::sample::select(ORIGINS.split_at(4).0),
            parts in prop::collection::vec(prop::sample::select(PARTS.as_slice()), 0..12),
        ) {
            let Ok(url) = Url::parse(&format!("{from}/{}", parts.concat())) else {
                return Ok(());
            };
            let to = Url::parse(to).unwrap();
            if let Some(moved) = moved(&url, &to) {
                let mut set = url.clone();
                set.set_scheme(to.scheme()).unwrap();
                set.set_host(to.host_str()).unwrap();
                set.set_port(to.port()).unwrap();
                prop_assert_eq!(moved, set);
            }
        }
    }

    #[test]
    fn most_paths_are_told_at_once() {
        let origin = Url::parse("http://pay").unwrap();
        for path in ["/", "/x", "/x?a=1#f", "/a/../b", "/%20"] {
            assert!(behind(&origin, path).is_some(), "{path}");
            let url = Url::parse(&format!("http://other{path}")).unwrap();
            assert!(moved(&url, &origin).is_some(), "{path}");
        }
        for path in ["", "x", "//x", "/\\x", "/a b", "/\t/x", "?a"] {
            assert_eq!(behind(&origin, path), None, "{path}");
        }
    }
}
