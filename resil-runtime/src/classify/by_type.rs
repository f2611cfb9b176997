//! Finding the class of a value whose type is not known where it is asked for.
//!
//! Generated code knows the type of an error and [probes](super::probe) it. A policy that is run as a value
//! is generic over the type, and looks it up.

use std::any::Any;
use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use super::chain::find;
use super::class::Class;
use super::downcast::class_of_value as of;
use super::registry::registered_value;
use crate::error::Error;

/// Returns the class of an error of any type, if it has a known one.
///
/// It is the class that an attribute finds, but for a written `impl Classify`, which has to be
/// [registered](super::register()), and for `anyhow::Error` and `eyre::Report`, which are known with the
/// features of their names.
pub(crate) fn of_value<E: 'static>(error: &E) -> Option<Class> {
    let error: &dyn Any = error;
    registered_value(error)
        .or_else(|| known(error))
        .or_else(|| find(wrapped(error)?))
}

/// Returns the class of an error whose type implements [`Classify`] here.
fn known(error: &dyn Any) -> Option<Class> {
    let class = of::<Error>(error).or_else(|| of::<io::Error>(error));
    #[cfg(feature = "edge")]
    let class = class.or_else(|| of::<crate::edge::Failed>(error));
    #[cfg(feature = "http")]
    let class = class.or_else(|| of::<::http::StatusCode>(error));
    #[cfg(feature = "reqwest")]
    let class = class.or_else(|| of::<::reqwest::Error>(error));
    #[cfg(feature = "tonic")]
    let class = class.or_else(|| of::<::tonic::Status>(error));
    #[cfg(feature = "tokio-postgres")]
    let class = class.or_else(|| of::<::tokio_postgres::Error>(error));
    #[cfg(feature = "redis")]
    let class = class.or_else(|| of::<::redis::RedisError>(error));
    class
}

/// Returns the error that a box or a report holds.
fn wrapped(error: &dyn Any) -> Option<&(dyn StdError + 'static)> {
    let inside = held::<Box<dyn StdError + Send + Sync>>(error, |e| &**e)
        .or_else(|| held::<Box<dyn StdError>>(error, |e| &**e))
        .or_else(|| held::<Box<dyn StdError + Send>>(error, |e| &**e))
        .or_else(|| held::<Arc<dyn StdError + Send + Sync>>(error, |e| &**e));
    #[cfg(feature = "anyhow")]
    let inside = inside.or_else(|| held::<::anyhow::Error>(error, AsRef::as_ref));
    #[cfg(feature = "eyre")]
    let inside = inside.or_else(|| held::<::eyre::Report>(error, AsRef::as_ref));
    inside
}

fn held<'a, T: 'static>(
    error: &'a dyn Any,
    inside: impl FnOnce(&'a T) -> &'a (dyn StdError + 'static),
) -> Option<&'a (dyn StdError + 'static)> {
    error.downcast_ref().map(inside)
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;
    use crate::classify::{Classify, register};

    #[derive(Debug)]
    struct Declined;
    impl fmt::Display for Declined {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("declined")
        }
    }
    impl StdError for Declined {}
    impl Classify for Declined {
        fn classify(&self) -> Class {
            Class::Permanent
        }
    }

    #[test]
    fn the_type_of_a_value_decides_and_then_what_it_holds() {
        let open = || Error::CircuitOpen {
            name: "by_type",
            retry_in: None,
        };
        assert_eq!(of_value(&open()), Some(Class::Neutral));
        let reset = io::Error::from(io::ErrorKind::ConnectionReset);
        assert_eq!(of_value(&reset), Some(Class::Transient));
        assert_eq!(of_value(&io::Error::other(open())), Some(Class::Neutral));
        let shared: Box<dyn StdError + Send + Sync> = Box::new(open());
        assert_eq!(of_value(&shared), Some(Class::Neutral));
        let local: Box<dyn StdError> = Box::new(open());
        assert_eq!(of_value(&local), Some(Class::Neutral));
        assert_eq!(of_value(&"a text"), None);
    }

    #[test]
    fn a_written_class_is_found_once_it_is_registered() {
        assert_eq!(of_value(&Declined), None);
        register::<Declined>();
        assert_eq!(of_value(&Declined), Some(Class::Permanent));
    }
}
