//! A name and a password in a URL: they are sent as `Authorization`. (`shown` shows none.)

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
    let made = made.map_err(ClientError::unsent)?;
    if let Some(value) = made.headers().get(AUTHORIZATION) {
        headers
            .entry(AUTHORIZATION)
            .or_insert_with(|| value.clone());
    }
    *url = made.url().clone();
    Ok(())
}
