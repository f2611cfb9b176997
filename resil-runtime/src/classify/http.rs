//! `http::StatusCode`: see [`http_status`].

use super::{Class, Classify, http_status};

impl Classify for ::http::StatusCode {
    fn classify(&self) -> Class {
        http_status(self.as_u16(), None)
    }
}
