//! `Serialize` and `Deserialize` of policies and stacks.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::given::Given;
use super::{read, show, stack, timeout};
use crate::bulkhead::BulkheadPolicy;
use crate::circuit::CircuitPolicy;
#[cfg(feature = "hedge")]
use crate::hedge::HedgePolicy;
#[cfg(feature = "idempotent")]
use crate::idempotency::IdempotentPolicy;
use crate::rate_limit::RateLimitPolicy;
use crate::retry::RetryPolicy;
use crate::stack::{Layer, Stack};
use crate::timeout::TimeoutPolicy;

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Given;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a setting: a string, a number, `true`, a list or options")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Given, E> {
        Ok(Given::Flag(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Given, E> {
        Ok(Given::Number(value.to_string()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Given, E> {
        Ok(Given::Number(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Given, E> {
        Ok(Given::Number(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Given, E> {
        Ok(Given::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Given, E> {
        // With its point: `5.0` is no whole number.
        Ok(Given::Number(format!("{value:?}")))
    }

    fn visit_str<E>(self, value: &str) -> Result<Given, E> {
        Ok(Given::text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Given, A::Error> {
        let mut all = Vec::new();
        while let Some(value) = seq.next_element()? {
            all.push(value);
        }
        Ok(Given::List(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Given, A::Error> {
        let mut all = Vec::new();
        while let Some(entry) = map.next_entry()? {
            all.push(entry);
        }
        Ok(Given::Table(all))
    }
}

impl Serialize for Given {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(text) => match (text.parse::<u64>(), text.parse::<f64>()) {
                (Ok(number), _) => serializer.serialize_u64(number),
                (Err(_), Ok(number)) => serializer.serialize_f64(number),
                (Err(_), Err(_)) => serializer.serialize_str(text),
            },
            Self::List(all) => serializer.collect_seq(all),
            Self::Table(options) => {
                let mut map = serializer.serialize_map(Some(options.len()))?;
                for (name, value) in options {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

macro_rules! policies {
    ($($(#[$cfg:meta])* $policy:ident, $attribute:literal;)*) => {$(
        #[doc = concat!(
            "The options of `#[", $attribute, "]` by name, as the attribute writes them: ",
            "a duration is a string (`\"250ms\"`), a bare word is `true`."
        )]
        ///
        /// # Errors
        ///
        /// What the attribute refuses is refused in its words, all faults together; so are patterns,
        /// expressions and names, which only an attribute can have.
        $(#[$cfg])*
        impl<'de> Deserialize<'de> for $policy {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let given = Given::deserialize(deserializer)?;
                match read::policy::<Self>(&given) {
                    Ok((policy, _)) => Ok(policy),
                    Err(faults) => Err(D::Error::custom(faults.join("\n"))),
                }
            }
        }

        /// The settings in force, defaults too, in the form in which they are read.
        $(#[$cfg])*
        impl Serialize for $policy {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                read::written(self).serialize(serializer)
            }
        }
    )*};
}

policies! {
    RetryPolicy, "retry";
    CircuitPolicy, "circuit";
    BulkheadPolicy, "bulkhead";
    RateLimitPolicy, "rate_limit";
    #[cfg(feature = "hedge")]
    HedgePolicy, "hedge";
    #[cfg(feature = "idempotent")]
    IdempotentPolicy, "idempotent";
}

/// A duration, as `#[timeout]` writes it: `"1.5s"`.
impl<'de> Deserialize<'de> for TimeoutPolicy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = Given::deserialize(deserializer)?;
        timeout::read(&given).map_err(D::Error::custom)
    }
}

/// A duration, as `#[timeout]` writes it: `"1.5s"`.
impl Serialize for TimeoutPolicy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        show::time(self.limit()).serialize(serializer)
    }
}

/// A policy with its options, `{ retry = { max = 3 } }`, or its name alone, `"retry"`.
impl<'de> Deserialize<'de> for Layer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = Given::deserialize(deserializer)?;
        match stack::layer(&given) {
            Ok((layer, _)) => Ok(layer),
            Err((_, faults)) => Err(D::Error::custom(faults.join("\n"))),
        }
    }
}

/// The policy with the settings in force, in the form in which it is read.
impl Serialize for Layer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        stack::written_layer(self).serialize(serializer)
    }
}

/// A `name`, and `layers` in written order, the outermost first.
///
/// ```
/// use resil_runtime::Stack;
///
/// let pay: Stack = serde_json::from_str(
///     r#"{
///         "name": "pay",
///         "layers": [
///             { "circuit": { "failure_rate": "50%", "window": "60s" } },
///             { "timeout": "5s" },
///             { "retry": { "max": 4, "base": "50ms" } },
///             { "timeout": "800ms" }
///         ]
///     }"#,
/// )?;
/// assert_eq!((pay.name(), pay.layers().len()), ("pay", 4));
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// The name, and the state under it, are kept as long as the process, as those of
/// [`try_new`](Stack::try_new) are; of a stack that is refused nothing is kept. Each different list of
/// `delays` is kept too, up to 1000 of them.
///
/// # Errors
///
/// All faults of all layers together, each with the number of the layer and its policy, in the words of the
/// attributes.
impl<'de> Deserialize<'de> for Stack {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = Given::deserialize(deserializer)?;
        stack::stack(&given).map_err(D::Error::custom)
    }
}

/// The name and the layers with the settings in force, in the form in which a stack is read.
impl Serialize for Stack {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        stack::written(self).serialize(serializer)
    }
}
