//! URLs as they may be shown, in errors and by `Debug`: with their host, and without what may be secret.

use url::Url;

/// Stands for what is left out.
const LEFT_OUT: &str = "...";

/// Returns a URL as it may be shown: its scheme, host and port. `...` stands for a name with a password, and for a path
/// with a query.
pub(crate) fn shown(url: &Url) -> String {
    let has_name = !url.username().is_empty() || url.password().is_some();
    let name = if has_name { "...@" } else { "" };
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}"));
    let is_root =
        matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    let rest = if is_root { "/" } else { "/..." };
    let scheme = url.scheme();
    format!("{scheme}://{name}{host}{}{rest}", port.unwrap_or_default())
}

/// Returns the host of a URL and its port, which stands there in any case: `pay:80`. No name and no password is in it.
pub(crate) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Returns a text as it may be shown that should be a URL, and may be none: what certainly is its scheme, its host and
/// its port, as they are written, and `...` for each part beside them.
pub(crate) fn shown_text(text: &str) -> String {
    // A parser of URLs leaves these out.
    let text = text.trim_matches(|c| c <= ' ');
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => (format!("{scheme}://"), rest),
        _ => (String::new(), text),
    };
    let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
    let (authority, behind) = rest.split_at(end);
    // A password with a slash in it ends the authority too soon: then nobody knows which part is the host.
    if behind.contains('@') {
        return scheme + LEFT_OUT;
    }
    let (name, at) = match authority.rsplit_once('@') {
        Some((_, at)) => ("...@", at),
        None => ("", authority),
    };
    let (host, port) = host_and_port(at);
    let host = if is_host(host) { host } else { LEFT_OUT };
    let port = match port {
        // What is no port may be a password, behind a name that was taken for the host.
        Some(port) if !is_port(port) => ":...".to_owned(),
        Some(port) => format!(":{port}"),
        None => String::new(),
    };
    let behind = match behind.chars().next() {
        Some(first) if behind.len() > 1 => format!("{first}{LEFT_OUT}"),
        _ => behind.to_owned(),
    };
    format!("{scheme}{name}{host}{port}{behind}")
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// Splits the port off, which stands behind the first colon that is not within the brackets of IPv6.
fn host_and_port(text: &str) -> (&str, Option<&str>) {
    let begin = match text.find(']') {
        Some(end) if text.starts_with('[') => end,
        _ => 0,
    };
    match text[begin..].find(':') {
        Some(colon) => {
            let (host, port) = text.split_at(begin + colon);
            (host, Some(&port[1..]))
        }
        None => (text, None),
    }
}

/// Returns whether a text looks like a name, or an address.
fn is_host(text: &str) -> bool {
    let inside = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match inside {
        Some(address) => address
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || b":.".contains(&byte)),
        None => text
            .chars()
            .all(|c| c.is_alphanumeric() || "-._".contains(c)),
    }
}

fn is_port(text: &str) -> bool {
    text.len() <= 5 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_is_shown_of_what_is_a_url_and_of_what_is_none() {
        for (text, seen) in [
            ("http://me:secret@pay/x?a=1", "http://...@pay/..."),
            ("http://secret@pay", "http://...@pay"),
            ("http://me:secret@pay:99999", "http://...@pay:99999"),
            ("http://me:sec@ret@pay:99999/x", "http://...@pay:99999/..."),
            ("http://me:se/cret@pay/x", "http://..."),
            ("http://me:se\\cret@pay/x", "http://..."),
            ("http://pay?mail=secret@pay", "http://..."),
            ("http://me:secret", "http://me:..."),
            ("http://me:12345678", "http://me:..."),
            ("http://me:secret%40pay", "http://me:..."),
            ("http://me%3Asecret%40pay", "http://..."),
            ("http://pay secret/", "http://.../"),
            ("http://[me:secret", "http://...:..."),
            ("http://[::1]:99999/", "http://[::1]:99999/"),
            ("http://[::1", "http://...:..."),
            ("http:/me:secret@pay", "..."),
            ("me:secret@pay", "...@pay"),
            ("me:secret@pay:80/x", "...@pay:80/..."),
            ("://me:secret@", "..."),
            ("mailto:secret", "mailto:..."),
            ("/v1/secret", "/..."),
            ("?secret", "?..."),
            ("http://pay:99999/x:y", "http://pay:99999/..."),
            ("http://pay:99999?secret", "http://pay:99999?..."),
            ("pay:8080", "pay:8080"),
            ("ftp://pay", "ftp://pay"),
            ("http://", "http://"),
            ("", ""),
        ] {
            assert_eq!(shown_text(text), seen, "{text}");
        }
    }

    #[test]
    fn a_url_is_shown_as_far_as_its_port() {
        for (url, seen) in [
            ("http://pay", "http://pay/"),
            ("http://pay:8080/?a=1", "http://pay:8080/..."),
            ("https://me:secret@[::1]:443/v1", "https://...@[::1]/..."),
            ("http://secret@pay/@x", "http://...@pay/..."),
        ] {
            assert_eq!(shown(&Url::parse(url).unwrap()), seen);
        }
    }

    #[test]
    fn an_authority_has_its_port_and_no_name() {
        for (url, seen) in [
            ("http://me:secret@pay/x?a=1", "pay:80"),
            ("https://[::1]/", "[::1]:443"),
            ("http://pay:8080", "pay:8080"),
        ] {
            assert_eq!(authority(&Url::parse(url).unwrap()), seen);
        }
    }
}
