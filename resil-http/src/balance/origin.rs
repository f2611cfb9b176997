//! Puts a path behind an origin whose URL has been read before. To read the whole URL anew costs several times as
//! much: its host alone is looked at for IDNA, and for all the ways to write an address.

use url::{Position, Url};

/// What a URL of the web begins with: a scheme, perhaps a name and a password, a host and a port.
#[derive(Debug)]
pub(crate) struct Origin {
    /// Has a path that others are written over.
    ///
    /// A copy has room for as much as it is long. With less, it would grow as the path is written; to let memory grow,
    /// the allocator of glibc takes the lock of its arena each time, for which other threads wait.
    url: Url,
}

/// The path that others are written over. For a longer one memory has to grow, as it would for all others.
const ROOM: &str =
    "/-------------------------------------------------------------------------------";

impl Origin {
    /// Returns what `url`, one of the web, begins with.
    pub(crate) fn of(mut url: Url) -> Self {
        url.set_query(None);
        url.set_fragment(None);
        url.set_path(ROOM);
        Self { url }
    }

    /// Returns the URL that this and `rest` written together are: a path that begins with `/`, and perhaps a query and
    /// a fragment. `None` where that can't be told without a look at the whole.
    pub(crate) fn behind(&self, rest: &str) -> Option<Url> {
        let mut bytes = rest.bytes();
        // Two slashes would begin another authority, and a URL is read without its tabs, ends of lines, and spaces
        // around.
        let is_path =
            bytes.next() == Some(b'/') && !matches!(rest.as_bytes().get(1), Some(b'/' | b'\\'));
        if !is_path || bytes.any(|byte| byte <= b' ') {
            return None;
        }
        let (rest, fragment) = split(rest, '#');
        let (path, query) = split(rest, '?');
        let mut url = self.url.clone();
        url.set_path(path);
        if query.is_some() {
            url.set_query(query);
        }
        if fragment.is_some() {
            url.set_fragment(fragment);
        }
        Some(url)
    }

    /// Puts scheme, host and port in the place of those of `url`.
    pub(crate) fn rewrite(&self, url: &mut Url) {
        if let Some(moved) = self.moved(url) {
            *url = moved;
            return;
        }
        // Each of these fails for a URL without a host only, and for a scheme that is not of the web.
        let scheme = url.set_scheme(self.url.scheme());
        debug_assert!(scheme.is_ok(), "{url} is of the web");
        let host = url.set_host(self.url.host_str());
        debug_assert!(host.is_ok(), "{url} has a host");
        let port = url.set_port(self.url.port_or_known_default());
        debug_assert!(port.is_ok(), "{url} has a port");
    }

    /// Returns `url` with this scheme, host and port, where that can be told without a look at the whole.
    fn moved(&self, url: &Url) -> Option<Url> {
        // Else it has a name or a password, which stay.
        let is_plain = url[Position::AfterScheme..Position::BeforeHost].len() == "://".len();
        is_plain.then(|| self.behind(&url[Position::BeforePath..]))?
    }
}

/// Returns what is before the first `mark`, and what is behind it.
fn split(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, behind)) => (before, Some(behind)),
        None => (text, None),
    }
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
            let base = Origin::of(Url::parse(origin).unwrap());
            if let Some(url) = base.behind(&rest) {
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
            if let Some(moved) = Origin::of(to.clone()).moved(&url) {
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
        let origin = Origin::of(Url::parse("http://pay").unwrap());
        for path in ["/", "/x", "/x?a=1#f", "/a/../b", "/%20"] {
            assert!(origin.behind(path).is_some(), "{path}");
            let url = Url::parse(&format!("http://other{path}")).unwrap();
            assert!(origin.moved(&url).is_some(), "{path}");
        }
        for path in ["", "x", "//x", "/\\x", "/a b", "/\t/x", "?a"] {
            assert_eq!(origin.behind(path), None, "{path}");
        }
    }

    #[test]
    fn a_url_is_written_where_there_is_room_for_it() {
        let origin = Origin::of(Url::parse("http://pay").unwrap());
        let room = String::from(origin.url.clone()).capacity();
        for rest in ["/", "/orders/7?a=1&b=2#f", &ROOM[..ROOM.len() - 4]] {
            let url = origin.behind(rest).unwrap();
            assert_eq!(url.as_str(), format!("http://pay{rest}"));
            assert_eq!(String::from(url).capacity(), room, "{rest}");
        }
        let long = format!("/{}", "x".repeat(300));
        let url = origin.behind(&long).unwrap();
        assert_eq!(url.as_str(), format!("http://pay{long}"));
    }
}
