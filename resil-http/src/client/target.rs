//! Where a request goes: the base URL of the client, and the path of the request.

use std::sync::OnceLock;

use url::{ParseError, Url};

use super::error::ClientError;
use super::refused::BuildError;
use crate::balance::Origin;
use crate::shown::{shown, shown_text};

/// Where the requests of a client go.
#[derive(Debug)]
pub(super) struct Target {
    base: Option<Base>,
    /// Where the first request went that had a whole URL: most others go there too.
    origin: OnceLock<Written>,
}

/// A base URL, and what it begins with.
#[derive(Debug)]
struct Base {
    url: Url,
    origin: Origin,
}

/// A scheme with an authority, as it was written and as it was read.
#[derive(Debug)]
struct Written {
    text: Box<str>,
    origin: Origin,
}

impl Target {
    pub(super) fn new(base: Option<Url>) -> Self {
        Self {
            base: base.map(Base::new),
            origin: OnceLock::new(),
        }
    }

    pub(super) fn base(&self) -> Option<&Url> {
        self.base.as_ref().map(|base| &base.url)
    }

    /// Returns the URL of a request, to `path`, which is a whole URL if there is no base.
    ///
    /// # Errors
    ///
    /// The path can't be part of a URL, or is a whole one where there is a base.
    pub(super) fn url(&self, path: &str) -> Result<Url, ClientError> {
        if let Some(base) = &self.base {
            return base.with(path);
        }
        if let Some(origin) = self.origin.get() {
            return origin.url(path).map_or_else(|| whole_url(path), Ok);
        }
        let url = whole_url(path)?;
        if let Some(origin) = Written::of(path) {
            // Another first request may have been quicker.
            let _ = self.origin.set(origin);
        }
        Ok(url)
    }
}

impl Written {
    /// Returns the origin of a whole URL of the web.
    fn of(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        if !matches!(scheme, "http" | "https") {
            return None;
        }
        let authority = rest.split(['/', '\\', '?', '#']).next()?;
        // A parser leaves spaces out at the end of what it is given, and refuses them within a whole URL.
        if authority.bytes().any(|byte| byte <= b' ') {
            return None;
        }
        let text = &url[..scheme.len() + "://".len() + authority.len()];
        let url = Url::parse(text).ok()?;
        Some(Self {
            text: text.into(),
            origin: Origin::of(url),
        })
    }

    /// Returns a whole URL of this origin; `None` if it is of another, or if that can't be told at once.
    fn url(&self, whole: &str) -> Option<Url> {
        self.origin.behind(whole.strip_prefix(&*self.text)?)
    }
}

/// Reads a base URL.
///
/// # Errors
///
/// Names what a base URL can't have.
pub(super) fn base_url(text: &str) -> Result<Url, BuildError> {
    let refused = |reason: &str| BuildError::BaseUrl {
        url: shown_text(text),
        reason: reason.to_owned(),
    };
    let url = Url::parse(text).map_err(|error| refused(&error.to_string()))?;
    match url.scheme() {
        "http" | "https" => {}
        _ => return Err(refused("its scheme is neither `http` nor `https`")),
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refused("it has a query or a fragment"));
    }
    Ok(url)
}

impl Base {
    fn new(url: Url) -> Self {
        Self {
            origin: Origin::of(url.clone()),
            url,
        }
    }

    /// Returns the URL of `path` below the base.
    ///
    /// It never leads to another host: whatever the path is, it is appended.
    ///
    /// # Errors
    ///
    /// The path can't be part of a URL, or is a whole one.
    fn with(&self, path: &str) -> Result<Url, ClientError> {
        let (base, refused) = (&self.url, ClientError::request);
        let whole = path.contains(':').then(|| Url::parse(path).ok()).flatten();
        if let Some(whole) = whole.filter(Url::has_host) {
            return Err(refused(format!(
                "`{}` is a whole URL, and the client has the base URL `{}`: write the path alone",
                shown(&whole),
                shown(base)
            )));
        }
        let rest = path.strip_prefix('/').unwrap_or(path);
        let below = |base: &str| format!("{}/{rest}", base.trim_end_matches('/'));
        let url = match self.origin.behind(&below(base.path())) {
            Some(url) => url,
            None => Url::parse(&below(base.as_str()))
                .map_err(|error| refused(format!("the path can't be part of a URL: {error}")))?,
        };
        // `..` is resolved by now.
        let rest = url.path().strip_prefix(base.path().trim_end_matches('/'));
        if !rest.is_some_and(|rest| rest.starts_with('/')) {
            return Err(refused(format!(
                "the path leads out of the base URL `{}`",
                shown(base)
            )));
        }
        Ok(url)
    }
}

/// Returns the whole URL that `text` is.
///
/// # Errors
///
/// It is none, or not one of the web.
fn whole_url(text: &str) -> Result<Url, ClientError> {
    let refused = ClientError::request;
    let url = Url::parse(text).map_err(|error| {
        // A text without a scheme is a path, or the end of one.
        let what = match error {
            ParseError::RelativeUrlWithoutBase => "a path".into(),
            _ => format!("`{}`", shown_text(text)),
        };
        refused(format!(
            "{what} is no URL: {error}. Write a whole one, or give the client a `base_url`"
        ))
    })?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        _ => Err(refused(format!(
            "the scheme of `{}` is neither `http` nor `https`",
            shown_text(text)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_appended_to_the_base() {
        for (base, path, whole) in [
            ("http://pay:8080", "/x", "http://pay:8080/x"),
            ("http://pay:8080/", "x?a=1#f", "http://pay:8080/x?a=1#f"),
            ("http://pay/v1", "/x", "http://pay/v1/x"),
            ("http://pay/v1/", "", "http://pay/v1/"),
            ("http://pay", "//evil/x", "http://pay//evil/x"),
            ("http://pay", "@evil/x", "http://pay/@evil/x"),
            ("http://pay", ":99/x", "http://pay/:99/x"),
            ("http://pay/v1", "?a=1", "http://pay/v1/?a=1"),
            ("http://pay", "a:b", "http://pay/a:b"),
        ] {
            let base = base_url(base).unwrap();
            let url = Base::new(base.clone()).with(path).unwrap();
            assert_eq!(url.as_str(), whole);
            assert_eq!(url.host(), base.host());
        }
    }

    #[test]
    fn the_requests_of_one_origin_and_of_others_go_where_they_say() {
        let target = Target::new(None);
        for url in [
            "http://Pay:80",
            "http://Pay:80/x?a=1#f",
            "http://Pay:8080/x",
            "http://Pay:80@evil/x",
            "http://Pay:80//evil/x",
            "http://Pay:80\\x",
            "http://Pay:80?a=1",
            "http://Pay:80/a/../../b\n",
            "https://Pay:80/x",
            " http://Pay:80/x ",
        ] {
            for _ in 0..2 {
                assert_eq!(target.url(url).unwrap(), Url::parse(url).unwrap(), "{url}");
            }
        }
        let origin = target.origin.get().unwrap();
        assert_eq!(
            (
                &*origin.text,
                origin.url("http://Pay:80/").unwrap().as_str()
            ),
            ("http://Pay:80", "http://pay/")
        );
        assert!(target.url("/x").is_err() && target.url("http://Pay:80x/").is_err());

        let other = Target::new(None);
        assert!(other.url("ftp://pay/x").is_err() && other.url("/x").is_err());
        for unclear in ["http:/pay?x=://", "http:///pay/x", " http://pay"] {
            assert_eq!(other.url(unclear).unwrap().host_str(), Some("pay"));
            assert!(other.origin.get().is_none(), "{unclear}");
        }
    }

    #[test]
    fn an_origin_has_no_spaces_behind_it() {
        for first in ["http://pay ", "http://pay\u{1}", "http://pay\t"] {
            let target = Target::new(None);
            let _ = target.url(first);
            assert!(target.url("http://pay /x").is_err(), "{first:?}");
            assert_eq!(target.url("http://pay/x").unwrap().as_str(), "http://pay/x");
            assert!(
                target
                    .origin
                    .get()
                    .is_some_and(|of| &*of.text == "http://pay")
            );
        }
    }

    #[test]
    fn a_whole_url_does_not_go_around_the_base() {
        let base = Base::new(base_url("http://pay").unwrap());
        let error = base.with("http://evil/x").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the request can't be sent: `http://evil/...` is a whole URL, and the client has the base URL \
             `http://pay/`: write the path alone"
        );
    }

    #[test]
    fn a_path_does_not_lead_out_of_the_base() {
        let base = Base::new(base_url("http://pay/v1").unwrap());
        for path in [
            "../admin",
            "/x/../../admin",
            "%2e%2e/admin",
            "..\\admin",
            "../v1x",
            "..",
        ] {
            let error = base.with(path).unwrap_err();
            assert!(
                error
                    .to_string()
                    .ends_with("the path leads out of the base URL `http://pay/...`")
            );
        }
        let url = base.with("/x/../y").unwrap();
        assert_eq!(url.as_str(), "http://pay/v1/y");
    }

    #[test]
    fn without_a_base_a_whole_url_is_needed() {
        assert_eq!(
            whole_url("https://pay/x").unwrap().as_str(),
            "https://pay/x"
        );
        let error = whole_url("/x").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the request can't be sent: a path is no URL: relative URL without a base. Write a whole one, or \
             give the client a `base_url`"
        );
        let error = whole_url("http://me:secret@pay:99999/x").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the request can't be sent: `http://...@pay:99999/...` is no URL: invalid port number. Write a whole \
             one, or give the client a `base_url`"
        );
        assert!(whole_url("ftp://pay/x").is_err());
    }

    #[test]
    fn what_is_no_base_is_refused_with_a_reason() {
        for (base, seen, reason) in [
            (
                "pay:8080",
                "pay:8080",
                "its scheme is neither `http` nor `https`",
            ),
            ("/v1", "/...", "relative URL without a base"),
            (
                "http://pay?a=1",
                "http://pay?...",
                "it has a query or a fragment",
            ),
            ("http://", "http://", "empty host"),
        ] {
            let error = base_url(base).unwrap_err();
            let text = error.to_string();
            assert_eq!(
                text,
                format!(
                    "`{seen}` is no base URL: {reason}\nhelp: write one as `http://pay:8080/v1`"
                )
            );
        }
    }
}
