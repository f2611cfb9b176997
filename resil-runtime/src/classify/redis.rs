//! `redis::RedisError`: by the driver's own judgement of what to retry, and by the server's codes
//! that the driver does not know.

use std::error::Error as StdError;

use ::redis::{ErrorKind, ParsingError, RedisError, RetryMethod, ServerError, ServerErrorKind};

use super::class::{Class, Classify};

impl Classify for RedisError {
    /// Classifies as the driver judges: an error that it would not retry is permanent, all else
    /// (connection, loading, cluster on the move, try again) is transient.
    ///
    /// In these cases it differs from the driver: an answer of another type than was asked for is
    /// permanent; a server that is out of memory (`OOM`), runs a script (`BUSY`), can't save
    /// (`MISCONF`), lacks replicas (`NOREPLICAS`), is in a failover (`REDIRECT`, `UNBLOCKED`) or
    /// has no place for a further client is transient. A pipeline or a transaction is permanent
    /// where one of its commands is.
    fn classify(&self) -> Class {
        match self.kind() {
            ErrorKind::Parse if is_of_another_type(self) => Class::Permanent,
            ErrorKind::Server(_) | ErrorKind::Extension => of_the_server(self),
            _ => by_method(self),
        }
    }
}

/// Returns whether the answer came whole and is not of the type that was asked for. Bytes that are
/// no answer have the same kind of error; only the text of the error tells them apart.
fn is_of_another_type(error: &RedisError) -> bool {
    let converted = error
        .source()
        .is_some_and(<dyn StdError>::is::<ParsingError>);
    let shown = error.detail().unwrap_or_default();
    converted && !shown.starts_with("Parse error at")
}

fn by_method(error: &RedisError) -> Class {
    match error.retry_method() {
        RetryMethod::NoRetry => Class::Permanent,
        _ => Class::Transient,
    }
}

/// Returns the class of all errors of the server: one, or those of the commands of a pipeline.
fn of_the_server(error: &RedisError) -> Class {
    let Some(all) = error.clone().into_server_errors() else {
        return by_method(error);
    };
    let passes = |(_, e): &(usize, ServerError)| may_pass(e);
    if !all.is_empty() && all.iter().all(passes) {
        Class::Transient
    } else {
        Class::Permanent
    }
}

fn may_pass(error: &ServerError) -> bool {
    const CODES: [&str; 6] = [
        "BUSY",
        "MISCONF",
        "NOREPLICAS",
        "OOM",
        "REDIRECT",
        "UNBLOCKED",
    ];
    match error.kind() {
        Some(ServerErrorKind::ResponseError) => error
            .details()
            .is_some_and(|said| said.starts_with("max number of clients reached")),
        Some(_) => by_method(&RedisError::from(error.clone())) == Class::Transient,
        None => CODES.contains(&error.code()),
    }
}
