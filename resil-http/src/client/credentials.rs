//! A name and a password in a URL: they are sent as `Authorization`, and shown nowhere.

use std::borrow::Cow;

use ::http::HeaderMap;
use ::http::header::AUTHORIZATION;
use url::Url;

use super::error::ClientError;
use crate::balance::PooledClient;

/// Moves the name and the password of `url`, if it has them, into `Authorization`. One that is there stays.
pub(super) fn move_credentials(
    url: &mut Url,
    headers: &mut HeaderMap,
    http: &PooledClient,
) -> Result<(), ClientError> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(());
    }
    // reqwest does it for a request that its own builder makes.
    let made = http
        .current()
        .and_then(|http| http.get(url.clone()).build());
    let made = made.map_err(ClientError::Transport)?;
    if let Some(value) = made.headers().get(AUTHORIZATION) {
        headers
            .entry(AUTHORIZATION)
            .or_insert_with(|| value.clone());
    }
    *url = made.url().clone();
    Ok(())
}

/// Returns a URL as it may be shown: without its password.
pub(super) fn shown(url: &Url) -> Cow<'_, str> {
    if url.password().is_none() {
        return Cow::Borrowed(url.as_str());
    }
    let mut url = url.clone();
    // It fails for a URL without a host, which has no password.
    let _ = url.set_password(None);
    Cow::Owned(url.into())
}

/// Returns the host of a URL and its port, which stands there in any case: `pay:80`. No name and no password is in it.
pub(super) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Returns a text as it may be shown that should be a URL, and may be none.
pub(super) fn shown_text(text: &str) -> Cow<'_, str> {
    match Url::parse(text) {
        Ok(url) if url.password().is_some() => Cow::Owned(shown(&url).into_owned()),
        _ => Cow::Borrowed(text),
    }
}
