//! The token that lets a client change things.

use std::fmt;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A token, kept as its hash: all hashes are of one length, so that a comparison tells nothing of the
/// token's length either.
#[derive(Clone)]
pub(crate) struct Token([u8; 32]);

impl Token {
    /// Takes a token; `None` if it is empty.
    pub(crate) fn new(token: &str) -> Option<Self> {
        (!token.is_empty()).then(|| Self(hash(token.as_bytes())))
    }

    /// Returns whether a request bears this token, in `Authorization: Bearer ..`. A cookie or a part of
    /// the URL would not do: another site could make a browser send these.
    pub(crate) fn is_borne_by(&self, headers: &HeaderMap) -> bool {
        let mut all = headers.get_all(AUTHORIZATION).iter();
        let (Some(value), None) = (all.next(), all.next()) else {
            return false;
        };
        let bytes = value.as_bytes();
        let Some((scheme, token)) = bytes.split_at_checked("Bearer ".len()) else {
            return false;
        };
        scheme.eq_ignore_ascii_case(b"Bearer ") && hash(token).ct_eq(&self.0).into()
    }
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn bears(values: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(
                AUTHORIZATION,
                HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            );
        }
        Token::new("s3cret ü").unwrap().is_borne_by(&headers)
    }

    #[test]
    fn the_whole_token_once_and_nothing_else() {
        assert!(bears(&["Bearer s3cret ü"]));
        assert!(bears(&["bearer s3cret ü"]));
        for wrong in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer s3cret",
            "Bearer s3cret ü ",
            "Bearer  s3cret ü",
            "Bearer S3CRET ü",
            "Basic s3cret ü",
            "s3cret ü",
            "Bearer s3cret üx",
        ] {
            assert!(!bears(&[wrong]), "{wrong}");
        }
        assert!(!bears(&[]));
        assert!(!bears(&["Bearer s3cret ü", "Bearer s3cret ü"]));
    }

    #[test]
    fn an_empty_token_is_none() {
        assert!(Token::new("").is_none());
        assert_eq!(format!("{:?}", Token::new("s3cret")), "Some(Token(..))");
    }
}
