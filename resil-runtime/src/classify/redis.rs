//! `redis::RedisError`: by the driver's own judgement of what is worth another try.

use ::redis::RetryMethod;

use super::{Class, Classify};

impl Classify for ::redis::RedisError {
    /// What the driver would not retry is permanent, all else (connection, loading, cluster on the
    /// move, try again) is transient.
    fn classify(&self) -> Class {
        match self.retry_method() {
            RetryMethod::NoRetry => Class::Permanent,
            _ => Class::Transient,
        }
    }
}
