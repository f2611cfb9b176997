//! What stands on the function stays on the function: docs, `must_use`, `deprecated`, `inline`,
//! `allow` and `expect`; inside the body an inner attribute.
#![deny(
    warnings,
    missing_docs,
    unused_must_use,
    unused_qualifications,
    unfulfilled_lint_expectations
)]
use resil::{Error, circuit, idempotent, retry, timeout};

/// A client of the weather service.
pub struct Weather;

impl Weather {
    /// The temperature at a place.
    ///
    /// # Errors
    ///
    /// When the sky is not to be seen.
    #[must_use = "a forecast costs a cent"]
    #[idempotent(key = place)]
    #[inline]
    #[circuit]
    #[doc(alias = "forecast")]
    #[timeout(9s)]
    #[allow(unused_variables)]
    #[retry]
    #[expect(non_snake_case, reason = "the unit is part of the name")]
    #[timeout(1s)]
    pub async fn temperature_in_C(&self, place: &str) -> Result<i8, Error> {
        #![allow(unused_mut)]
        let mut unused = place;
        Ok(-4)
    }

    /// What was before.
    ///
    /// # Errors
    ///
    /// Always.
    #[deprecated(note = "ask for the temperature")]
    #[retry(max = 1)]
    #[cold]
    pub async fn heat(&self) -> Result<i8, String> {
        // clippy itself does not find it under an attribute.
        #[cfg_attr(not(clippy), expect(clippy::needless_return, reason = "as in the old one"))]
        return Err("gone".to_owned());
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    assert_eq!(Weather.temperature_in_C("Oslo").await, Ok(-4));
    #[expect(deprecated)]
    let heat = Weather.heat().await;
    assert_eq!(heat, Err("gone".to_owned()));
    #[expect(unused_must_use)]
    Weather.temperature_in_C("Bergen");
}
