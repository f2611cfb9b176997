//! Reads the body of a request, and hashes what has to be equal when its key comes again.

use std::error::Error;
use std::future::ready;
use std::iter::successors;

use axum::body::Body;
use axum::extract::OriginalUri;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use http_body::Body as _;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use sha2::{Digest, Sha256};

use super::settings::Settings;

/// Why a request is refused before its key is looked up: the status, a word for programs, and a sentence for people.
pub(super) type Refused = (StatusCode, &'static str, &'static str);

const TOO_LARGE: Refused = (
    StatusCode::PAYLOAD_TOO_LARGE,
    "body_too_large",
    "The body of a request with an idempotency key is too large.",
);

const UNREADABLE: Refused = (
    StatusCode::BAD_REQUEST,
    "body_unreadable",
    "The body of the request ended before it was whole.",
);

/// Reads the whole body, in no more than `max` bytes, and its trailers, if it has some.
pub(super) async fn read(body: Body, max: usize) -> Result<(Bytes, Option<HeaderMap>), Refused> {
    // One that says that it is too large is not read at all.
    if body.size_hint().lower() > max as u64 {
        return Err(TOO_LARGE);
    }
    match Limited::new(body, max).collect().await {
        Ok(whole) => {
            let trailers = whole.trailers().cloned();
            Ok((whole.to_bytes(), trailers))
        }
        Err(error) if is_too_large(&*error) => Err(TOO_LARGE),
        Err(_) => Err(UNREADABLE),
    }
}

/// Returns whether a body was longer than this layer, or one around, allows.
fn is_too_large(error: &(dyn Error + 'static)) -> bool {
    let mut causes = successors(Some(error), |&error| error.source());
    causes.any(<dyn Error>::is::<LengthLimitError>)
}

/// Returns the body of a request as the handler gets it.
pub(super) fn whole(body: Bytes, trailers: Option<HeaderMap>) -> Body {
    match trailers {
        None => Body::from(body),
        Some(trailers) => Body::new(Full::from(body).with_trailers(ready(Some(Ok(trailers))))),
    }
}

/// Returns the SHA-256 over method, path with query, the chosen headers, and the body, as hex digits.
pub(super) fn fingerprint(parts: &Parts, body: &[u8], settings: &Settings) -> String {
    let mut hash = Hash(Sha256::new());
    hash.part(parts.method.as_str().as_bytes());
    // A router inside of another one sees the rest of the path alone.
    let uri = parts.extensions.get::<OriginalUri>();
    let uri = uri.map_or(&parts.uri, |OriginalUri(uri)| uri);
    let path = uri.path_and_query();
    hash.part(path.map_or("/", |path| path.as_str()).as_bytes());
    for name in &settings.payload_headers {
        let values = parts.headers.get_all(name);
        hash.count(values.iter().count());
        values.iter().for_each(|value| hash.part(value.as_bytes()));
    }
    hash.part(body);
    hex(&hash.0.finalize())
}

/// A hash of parts, of which each says its length: two different lists never have the same bytes.
struct Hash(Sha256);

impl Hash {
    fn count(&mut self, count: usize) {
        self.0.update((count as u64).to_le_bytes());
    }

    fn part(&mut self, part: &[u8]) {
        self.count(part.len());
        self.0.update(part);
    }
}

/// Returns bytes as hex digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

/// Reads hex digits, two for each byte; `None` if they are anything else.
pub(super) fn unhex(digits: &str) -> Option<Vec<u8>> {
    let mut pairs = digits.as_bytes().chunks_exact(2);
    let digit = |digit: u8| {
        char::from(digit)
            .to_digit(16)
            .and_then(|n| u8::try_from(n).ok())
    };
    let bytes = pairs
        .by_ref()
        .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect();
    if pairs.remainder().is_empty() {
        bytes
    } else {
        None
    }
}
