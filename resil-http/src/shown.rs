//! URLs as they may be shown: in errors, and by `Debug`.

use std::borrow::Cow;

use url::Url;

/// Returns a URL as it may be shown: without its password.
pub(crate) fn shown(url: &Url) -> Cow<'_, str> {
    if url.password().is_none() {
        return Cow::Borrowed(url.as_str());
    }
    let mut url = url.clone();
    // It fails for a URL without a host, which has no password.
    let _ = url.set_password(None);
    Cow::Owned(url.into())
}

/// Returns the host of a URL and its port, which stands there in any case: `pay:80`. No name and no password is in it.
pub(crate) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Returns a text as it may be shown that should be a URL, and may be none.
pub(crate) fn shown_text(text: &str) -> Cow<'_, str> {
    if let Ok(url) = Url::parse(text)
        && url.password().is_some()
    {
        return Cow::Owned(shown(&url).into_owned());
    }
    // One that can't be read may have a password all the same.
    let begin = text.find("://").map_or(0, |at| at + "://".len());
    let end = text[begin..]
        .find(['/', '?', '#'])
        .map_or(text.len(), |at| begin + at);
    let at = text[begin..end].rfind('@').map(|at| begin + at);
    let colon = at.and_then(|at| text[begin..at].find(':').map(|colon| begin + colon));
    match (colon, at) {
        (Some(colon), Some(at)) => Cow::Owned(format!("{}{}", &text[..colon], &text[at..])),
        _ => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_shown_of_what_is_a_url_and_of_what_is_none() {
        for (text, seen) in [
            ("http://me:secret@pay/x?a=1", "http://me@pay/x?a=1"),
            ("http://me:secret@pay:99999", "http://me@pay:99999"),
            ("http://me:sec@ret@pay:99999/x", "http://me@pay:99999/x"),
            ("me:secret@pay", "me@pay"),
            ("me:secret@pay:80/x", "me@pay:80/x"),
            ("://me:secret@", "://me@"),
            ("http://me@pay:99999", "http://me@pay:99999"),
            ("http://pay:99999/x:y@z", "http://pay:99999/x:y@z"),
            ("pay:8080", "pay:8080"),
            ("", ""),
        ] {
            assert_eq!(shown_text(text), seen);
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
