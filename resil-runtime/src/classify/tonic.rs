//! `tonic::Status`: by its code (<https://grpc.io/docs/guides/status-codes/>) and the server's
//! push-back (gRPC A6, `grpc-retry-pushback-ms`).

use std::time::Duration;

use ::tonic::Code;

use super::{Class, Classify};

impl Classify for ::tonic::Status {
    /// Unavailable, deadline exceeded, aborted, internal and unknown are transient, resource
    /// exhausted is throttled, cancelled is neutral, all others are permanent. A push-back is
    /// throttled, for as long as it says; a negative or unreadable one asks for no further attempt,
    /// which is a wait longer than any `cap`.
    fn classify(&self) -> Class {
        if let Some(pushback) = self.metadata().get("grpc-retry-pushback-ms") {
            let asked = pushback
                .to_str()
                .ok()
                .and_then(|text| text.parse::<u64>().ok());
            let retry_after = Some(asked.map_or(Duration::MAX, Duration::from_millis));
            return Class::Throttled { retry_after };
        }
        match self.code() {
            Code::Unavailable
            | Code::DeadlineExceeded
            | Code::Aborted
            | Code::Internal
            | Code::Unknown => Class::Transient,
            Code::ResourceExhausted => Class::Throttled { retry_after: None },
            Code::Cancelled => Class::Neutral,
            _ => Class::Permanent,
        }
    }
}
