//! The answer of a handler: recorded whole, or only passed on.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::response::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body::{Body as _, Frame};
use http_body_util::BodyExt;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::payload::{hex, unhex};
use super::settings::Settings;

/// The answer of the first request with a key.
pub(super) enum Answer {
    /// It is recorded.
    Whole {
        status: StatusCode,
        /// The headers that are replayed.
        headers: HeaderMap,
        body: Bytes,
        /// All that the handler said, for its own request.
        first: Option<Box<Parts>>,
    },
    /// It goes to its own request alone. The key is done without a result.
    Passed(Box<Response>),
}

/// The header that says why an answer is not recorded.
const UNRECORDED: HeaderName = HeaderName::from_static("idempotency-unrecorded");

/// The header of an answer that is replayed.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

impl Answer {
    /// Takes the answer of a handler, and its body if that can be recorded.
    pub(super) async fn of(response: Response, settings: &Settings) -> Self {
        let body = response.body();
        let why = match body.size_hint().exact() {
            None => Some("streaming"),
            Some(length) if length > settings.max_answer as u64 => Some("too-large"),
            Some(_) => None,
        };
        if let Some(why) = why {
            return Self::passed(response, why);
        }
        let (parts, body) = response.into_parts();
        match body.collect().await {
            Ok(whole) if whole.trailers().is_some() => {
                Self::passed(Response::from_parts(parts, Body::new(whole)), "trailers")
            }
            Ok(whole) => Self::Whole {
                status: parts.status,
                headers: kept(&parts.headers, &settings.replayed_headers),
                body: whole.to_bytes(),
                first: Some(Box::new(parts)),
            },
            // What the client would have got: an answer that breaks off.
            Err(error) => Self::passed(
                Response::from_parts(parts, Body::new(Broken(Some(error)))),
                "broken",
            ),
        }
    }

    fn passed(mut response: Response, why: &'static str) -> Self {
        let why = HeaderValue::from_static(why);
        response.headers_mut().insert(UNRECORDED, why);
        Self::Passed(Box::new(response))
    }

    /// Returns the answer to a request. `is_replay`: the handler has not run for this request.
    pub(super) fn into_response(self, is_replay: bool) -> Response {
        match self {
            Self::Passed(response) => *response,
            Self::Whole {
                body,
                first: Some(parts),
                ..
            } if !is_replay => Response::from_parts(*parts, Body::from(body)),
            Self::Whole {
                status,
                headers,
                body,
                ..
            } => {
                let mut response = Response::new(Body::from(body));
                *response.status_mut() = status;
                *response.headers_mut() = headers;
                let yes = HeaderValue::from_static("true");
                response.headers_mut().insert(REPLAYED, yes);
                response
            }
        }
    }
}

/// Returns the headers of these names, with all their values.
fn kept(headers: &HeaderMap, names: &[HeaderName]) -> HeaderMap {
    let mut kept = HeaderMap::new();
    for name in names {
        // A name that is given twice is one.
        kept.remove(name);
        for value in headers.get_all(name) {
            kept.append(name, value.clone());
        }
    }
    kept
}

/// The body of an answer that broke off: the error, once.
struct Broken(Option<axum::Error>);

impl http_body::Body for Broken {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Poll::Ready(self.0.take().map(Err))
    }
}

/// An answer as it is recorded.
#[derive(Serialize, Deserialize)]
struct Recorded {
    status: u16,
    headers: Vec<(String, Data)>,
    body: Data,
}

/// Bytes: as they are, if they are text, and else as hex digits.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Data {
    Text(String),
    Hex(String),
}

impl Data {
    fn of(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Hex(hex(bytes)),
        }
    }

    /// Returns the bytes; `None` if the record is damaged.
    fn bytes(self) -> Option<Bytes> {
        match self {
            Self::Text(text) => Some(text.into()),
            Self::Hex(digits) => unhex(&digits).map(Bytes::from),
        }
    }
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self::Whole {
            status,
            headers,
            body,
            ..
        } = self
        else {
            return Err(S::Error::custom("the answer was only passed on"));
        };
        let headers = headers.iter();
        let recorded = Recorded {
            status: status.as_u16(),
            headers: headers
                .map(|(name, value)| (name.to_string(), Data::of(value.as_bytes())))
                .collect(),
            body: Data::of(body),
        };
        recorded.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Recorded {
            status,
            headers,
            body,
        } = Recorded::deserialize(from)?;
        let damaged =
            |what| D::Error::custom(format_args!("a damaged record of an answer: {what}"));
        let mut all = HeaderMap::new();
        for (name, value) in headers {
            let name = HeaderName::try_from(name).map_err(|_| damaged("the name of a header"))?;
            let value = value
                .bytes()
                .ok_or_else(|| damaged("the hex digits of a header"))?;
            let value = HeaderValue::from_maybe_shared(value)
                .map_err(|_| damaged("the value of a header"))?;
            all.append(name, value);
        }
        Ok(Self::Whole {
            status: StatusCode::from_u16(status).map_err(|_| damaged("its status"))?,
            headers: all,
            body: body
                .bytes()
                .ok_or_else(|| damaged("the hex digits of its body"))?,
            first: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Bytes, String> {
        let record = format!(r#"{{"status":200,"headers":[],"body":{body}}}"#);
        match serde_json::from_str(&record) {
            Ok(Answer::Whole { body, .. }) => Ok(body),
            Ok(Answer::Passed(_)) => unreachable!("none that is passed on is recorded"),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn a_body_is_text_or_hex_digits() {
        assert_eq!(read(r#"{"text":"paid"}"#), Ok(Bytes::from("paid")));
        assert_eq!(
            read(r#"{"hex":"00ff7f"}"#),
            Ok(Bytes::from_static(&[0, 255, 127]))
        );
        assert_eq!(read(r#"{"hex":""}"#), Ok(Bytes::new()));
    }

    #[test]
    fn damaged_hex_digits_are_no_answer() {
        for digits in ["f", "ff0", "+f", "-0", " f", "0x", "fg", "ä"] {
            let error = read(&format!(r#"{{"hex":"{digits}"}}"#)).expect_err(digits);
            assert!(
                error.starts_with("a damaged record of an answer: the hex digits"),
                "{error}"
            );
        }
    }
}
